from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.motion.visemes import FV, GAP, JAW, ROUND, STRETCH, TONGUE, targets
from mien.settings import load
from mien.speech import Speaker

TEXTS = {
    "en-us": "The quick brown fox jumps over the lazy dog. Measure, judge, church, this, button, little bottle, rhythm, car, bird, fire.",
    "cmn": "今天天气非常好，我们一起去公园玩吧。爸爸妈妈不买苹果，女人吃饭、日本、老师、知识、私人、儿子、月亮、远、熊、黑、绿。",
    "yue": "今日天氣好好，我哋去飲茶，食飯，香港人，靚女。",
    "ru": "Съешь же ещё этих мягких французских булок, да выпей чаю. Дядя Петя любит вьюгу, щётка, жизнь, люди, пять.",
    "pl": "Pchnąć w tę łódź jeża lub ośm skrzyń fig. Chrząszcz brzmi w trzcinie. Ciąża, mięso, piękny, dźwięk.",
    "ga": "D'fhuascail Íosa, Úrmhac na hÓighe Beannaithe, pór Éava agus Ádhaimh. Tá an aimsir go breá, fuacht, uisce beatha.",
    "hi": "आज मौसम बहुत अच्छा है, हम पार्क में खेलने जाते हैं। घर, झंडा, ढोल, ठंडा, फल, भाई, छाता, लड़का।",
    "ar": "صباح الخير، كيف حالك اليوم؟ الطقس جميل جدا. ضابط، ظلام، قلب، عين، غريب، خبز، ثلاثة.",
    "ja": "きょうは てんきが とても いいです。がっこうへ いきます。りんご、ふじさん、しゃしん、にゃあ。",
    "ko": "안녕하세요, 오늘 날씨가 아주 좋습니다. 학교에 갑니다. 빵, 쌀, 꽃, 의사, 왜.",
    "vi": "Hôm nay thời tiết rất đẹp, chúng ta đi công viên chơi nhé. Nguyễn, trường, được, người, khuya.",
    "th": "สวัสดี วันนี้อากาศดีมาก เราไปสวนสาธารณะกัน",
    "de": "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. Ich, ach, Pfund, Käse, Genie.",
    "fr": "Portez ce vieux whisky au juge blond qui fume. Un bon vin blanc, œuf, peur, nuit, montagne.",
    "es": "El veloz murciélago hindú comía feliz cardillo y kiwi. La cigüeña, perro, año, llave, lobo.",
    "pt-br": "Luís argüia à Júlia que brações, fé, chá, óxido, pôr, zângão. Manhã, filho, dia, põe.",
    "da": "Høj bly gom vandt fræk sexquiz på wc. Rødgrød med fløde, gade, bog.",
    "sv": "Flygande bäckasiner söka hwila på mjuka tuvor. Sjuksköterska, kött, hjärta.",
    "cs": "Příliš žluťoučký kůň úpěl ďábelské ódy. Řeka, tři, vlk, prst.",
    "tr": "Pijamalı hasta yağız şoföre çabucak güvendi. Kâğıt, ırmak, dağ.",
    "eu": "Gaur eguraldi ona egiten du. Txakur, tsunami, ttipi.",
    "si": "අද කාලගුණය හොඳයි",
    "am": "ዛሬ አየሩ ጥሩ ነው",
    "lt": "Šiandien geras oras. Žmogus, ačiū.",
}


def only(ipa: str) -> np.ndarray:
    (part,) = targets(ipa)
    return part.viseme.values


@given(st.text(max_size=8))
def test_any_string_has_targets_within_the_documented_units(ipa: str) -> None:
    parts = targets(ipa)
    assert bool(parts) == bool(ipa.strip())
    for part in parts:
        values = part.viseme.values
        assert np.isfinite(values).all()
        assert (values >= 0).all()
        assert values[GAP] <= 0.25
        assert values[JAW] <= 0.25
        assert (values[2:] <= 1).all()
        assert (part.viseme.weights > 0).all()
    if parts:
        assert sum(part.share for part in parts) == pytest.approx(1.0)


@pytest.mark.parametrize("ipa", ["p", "b", "m", "ph", "pʰ", "bʲ", "m̥"])
def test_bilabials_close_the_lips(ipa: str) -> None:
    (part,) = targets(ipa)
    assert part.viseme.lips == 1
    assert part.viseme.values[GAP] == 0


@pytest.mark.parametrize("ipa", ["f", "v", "fʲ"])
def test_labiodentals_bite_the_lip(ipa: str) -> None:
    (part,) = targets(ipa)
    assert part.viseme.lips == 2
    assert part.viseme.values[FV] == 1


@pytest.mark.parametrize("language", TEXTS)
def test_every_sound_that_espeak_makes_has_a_viseme_of_its_own_kind(language: str) -> None:
    unknown, unreadable = targets("Ж")[0].viseme, targets("^")[0].viseme
    with Speaker(load(), f"espeak:{language}") as speaker:
        sounds = {sound.ipa for chunk in speaker.speak(TEXTS[language]) for sound in chunk.phonemes or () if sound.ipa}
    assert len(sounds) >= 8
    for ipa in sounds:
        for part in targets(ipa):
            assert part.viseme is not unknown, ipa
            assert part.viseme is not unreadable or set(ipa) & set("əɘ\u0329"), ipa


def test_what_modifies_a_sound_may_come_alone() -> None:
    assert only("ʲ").tolist() == only("j").tolist()
    assert only("ⁿ").tolist() == only("n").tolist()
    assert only("ʷ").tolist() == only("w").tolist()


@pytest.mark.parametrize(("name", "ipa"), [("tS", "tʃ"), ("N", "ŋ"), ("ε", "ɛ"), ("?a", "ʔa"), ("enɡ", "eŋ")])
def test_names_that_are_no_ipa(name: str, ipa: str) -> None:
    assert [part.viseme.values.tolist() for part in targets(name)] == [
        part.viseme.values.tolist() for part in targets(ipa)
    ]


def test_vowels_are_ordered_as_phonetics_orders_them() -> None:
    gaps = [only(v)[GAP] for v in "iɪeɛæ"]
    assert gaps == sorted(gaps)
    assert only("ɑ")[GAP] > only("ʌ")[GAP] > only("ə")[GAP] > only("u")[GAP]
    assert only("u")[ROUND] > only("o")[ROUND] > only("ɔ")[ROUND] > only("ɑ")[ROUND] == 0
    assert only("i")[STRETCH] > only("e")[STRETCH] > only("ɛ")[STRETCH] > only("a")[STRETCH] == 0
    for vowel in "aɑæɛeioɔuyʌ":
        assert 0.45 <= only(vowel)[JAW] / only(vowel)[GAP] <= 0.95


def test_visemes_are_visibly_distinct() -> None:
    distinct = ["m", "f", "θ", "s", "ʃ", "w", "ɑ", "i", "u", "ɔ"]
    scale = np.array([0.1, 0.1, 1, 1, 1, 1, 1, 1])
    for index, one in enumerate(distinct):
        for other in distinct[index + 1 :]:
            assert np.linalg.norm((only(one) - only(other)) / scale) > 0.13, (one, other)


def test_the_tongue_shows_in_th_and_l() -> None:
    assert only("θ")[TONGUE] > 0.8
    assert only("l")[TONGUE] > 0.8
    assert only("k")[TONGUE] == 0


@pytest.mark.parametrize(
    ("ipa", "parts"),
    [("aɪ", 2), ("aɪə", 3), ("ɑːɹ", 2), ("tʃ", 2), ("tɕh", 2), ("ts.h", 2), ("onɡ", 2), ("iɛ", 2), ("ɔ̃", 1), ("ɜ˞", 2)],
)
def test_compound_sounds_are_split(ipa: str, parts: int) -> None:
    assert len(targets(ipa)) == parts


def test_the_glide_of_a_diphthong_is_its_shorter_part() -> None:
    falling, rising = targets("aɪ"), targets("iɛ")
    assert falling[0].share > falling[1].share
    assert rising[0].share < rising[1].share


def test_modifiers_change_the_base() -> None:
    assert only("kʷ")[ROUND] > only("k")[ROUND]
    assert only("ɯᵝ")[ROUND] > only("ɯ")[ROUND]
    assert only("tʲ")[STRETCH] > only("t")[STRETCH]
    assert only("ˈɑ").tolist() == only("ɑ").tolist()
    assert only("ɑ̃").tolist() == only("ɑ").tolist()
    assert only("é").tolist() == only("e").tolist()
