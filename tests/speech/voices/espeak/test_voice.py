from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mien.errors import NotFoundError
from mien.settings import Settings
from mien.speech.voices.espeak.voice import EspeakVoice
from mien.types import Phoneme, Samples, SpeechChunk


def say(espeak: EspeakVoice, text: str, voice: str = "", rate: float = 1.0, pitch: float = 1.0) -> list[SpeechChunk]:
    return list(espeak.synthesize(text, voice=voice, rate=rate, pitch=pitch))


def sounds(chunk: SpeechChunk) -> list[str]:
    return [phoneme.ipa for phoneme in chunk.phonemes or () if phoneme.ipa]


def level_db(chunk: SpeechChunk, start_s: float, end_s: float) -> float:
    part: Samples = chunk.samples[max(0, int(start_s * chunk.sample_rate)) : int(end_s * chunk.sample_rate)]
    return float(20 * np.log10(np.sqrt(np.mean(part**2)) + 1e-6))


def assert_covered(phonemes: tuple[Phoneme, ...] | None, seconds: float) -> None:
    assert phonemes
    assert phonemes[0].start_s == 0
    assert phonemes[-1].end_s == pytest.approx(seconds)
    for phoneme, following in itertools.pairwise(phonemes):
        assert phoneme.start_s < phoneme.end_s == following.start_s


def test_hello_is_spoken_with_its_sounds_and_words(espeak: EspeakVoice) -> None:
    [chunk] = say(espeak, "Hello, my friend.", "en-us")
    assert sounds(chunk) == ["h", "ə", "l", "oʊ", "m", "aɪ", "f", "ɹ", "ɛ", "n", "d"]
    assert [word.text for word in chunk.words] == ["Hello", "my", "friend"]
    assert chunk.samples.dtype == np.float32
    assert 0.1 < np.abs(chunk.samples).max() <= 1


def test_stress_is_told_apart_from_the_sound(espeak: EspeakVoice) -> None:
    [chunk] = say(espeak, "Information.", "en-us")
    assert [phoneme.stress for phoneme in chunk.phonemes or () if phoneme.stress] == [1, 2]


@pytest.mark.parametrize("text", ["Papa, a pop tap kept.", "你好，爸爸陪婆婆跑步。", "Пётр копал."])
def test_times_agree_with_the_sound(espeak: EspeakVoice, text: str) -> None:
    [chunk] = say(espeak, text)
    assert_covered(chunk.phonemes, len(chunk.samples) / chunk.sample_rate)
    speech_db = level_db(chunk, 0, 100)
    for phoneme in chunk.phonemes or ():
        middle = (phoneme.start_s + phoneme.end_s) / 2
        if not phoneme.ipa and phoneme.end_s - phoneme.start_s > 0.1:
            assert level_db(chunk, middle, phoneme.end_s) < speech_db - 40  # a pause is silent
        if phoneme.ipa.startswith("a") and phoneme.stress == 2:
            assert level_db(chunk, middle - 0.02, middle + 0.02) > speech_db - 6  # an open vowel is loud


def test_voiceless_stops_start_at_their_burst(espeak: EspeakVoice) -> None:
    [chunk] = say(espeak, "A paper cap, a paper cup.", "en-us")
    stops = [phoneme.start_s for phoneme in chunk.phonemes or () if phoneme.ipa == "p"]
    assert len(stops) == 6
    for start in stops:
        assert level_db(chunk, start - 0.03, start - 0.005) < level_db(chunk, start, start + 0.03) - 20


def test_chinese_is_spoken_by_mandarin_without_being_asked(espeak: EspeakVoice) -> None:
    assert sounds(say(espeak, "你好")[0]) == sounds(say(espeak, "你好", "cmn")[0]) == ["n", "i", "χ", "ɑu"]
    assert [word.text for word in say(espeak, "你好吗？")[0].words] == ["你好", "吗"]


def test_no_tones_stress_marks_or_language_switches_are_left_in_the_ipa(espeak: EspeakVoice) -> None:
    for text, voice in [
        ("今天的天气怎么样 OK", "cmn"),
        ("Xin chào các bạn", "vi"),
        ("Le weekend", "fr"),
        ("Hej du", "sv"),
    ]:
        for chunk in say(espeak, text, voice):
            assert not set("".join(sounds(chunk))) & set("0123456789ˈˌ'_()|#˥˩")


def test_each_language_of_a_sentence_has_its_own_voice(espeak: EspeakVoice) -> None:
    first, english, last = say(espeak, "我用 Python 写代码。")
    assert "θ" in sounds(english)
    assert [word.text for word in english.words] == ["Python"]
    assert [word.text for chunk in (first, last) for word in chunk.words] == ["我", "用", "写", "代码"]
    for chunk in (first, english):  # no pause where only the language changes
        assert chunk.phonemes
        assert chunk.phonemes[-1].ipa


def test_a_variant_speaks_every_language(espeak: EspeakVoice) -> None:
    plain, varied = say(espeak, "Hi 你好", "en-us"), say(espeak, "Hi 你好", "en-us+f3")
    assert [sounds(chunk) for chunk in plain] == [sounds(chunk) for chunk in varied]
    for one, other in zip(plain, varied, strict=True):
        assert not np.array_equal(one.samples, other.samples)


def test_a_named_voice_is_never_the_one_before(espeak: EspeakVoice) -> None:
    german = sounds(say(espeak, "Ich", "de")[0])
    say(espeak, "Hello", "en-us")
    with pytest.raises(NotFoundError):
        say(espeak, "Ich", "de-nowhere")
    assert sounds(say(espeak, "Ich", "de")[0]) == german != sounds(say(espeak, "Ich", "en-us")[0])


def test_the_same_request_gives_the_same_samples_whatever_was_said_before(espeak: EspeakVoice) -> None:
    with_history = [
        say(espeak, text)[0].samples for text in ("Number one.", "你好", "She sells sea shells.", "Number one.")
    ]
    fresh = EspeakVoice(Settings())
    try:
        assert np.array_equal(with_history[0], say(fresh, "Number one.")[0].samples)
    finally:
        fresh.close()
    assert np.array_equal(with_history[0], with_history[3])


def test_a_sentence_ends_in_a_pause_that_follows_the_rate(espeak: EspeakVoice) -> None:
    for rate, pause in [(1.0, 0.3), (2.0, 0.15), (0.5, 0.6)]:
        [chunk] = say(espeak, "Hello.", rate=rate)
        assert chunk.phonemes
        last = chunk.phonemes[-1]
        assert not last.ipa
        assert last.end_s - last.start_s == pytest.approx(pause, abs=0.02)


def fundamental_hz(chunk: SpeechChunk) -> float:
    """The median over voiced frames of 40 ms, by autocorrelation."""
    width, found = int(0.04 * chunk.sample_rate), []
    for start in range(0, len(chunk.samples) - width, width // 2):
        frame = chunk.samples[start : start + width]
        if np.sqrt(np.mean(frame**2)) > 0.05:
            correlation = np.correlate(frame, frame, "full")[width - 1 :]
            low, high = chunk.sample_rate // 400, chunk.sample_rate // 50
            found.append(chunk.sample_rate / (low + int(np.argmax(correlation[low:high]))))
    return float(np.median(found))


def test_pitch_is_a_factor_on_the_voice(espeak: EspeakVoice) -> None:
    low, normal, high = (fundamental_hz(say(espeak, "Mama mama mama.", pitch=pitch)[0]) for pitch in (0.75, 1, 1.4))
    assert low / normal == pytest.approx(0.75, abs=0.08)
    assert high / normal == pytest.approx(1.4, abs=0.08)


def test_a_crash_known_from_low_pitch_cannot_be_reached(espeak: EspeakVoice) -> None:
    list(espeak.synthesize("好。", voice="cmn", rate=1, pitch=1))
    pid = espeak.pid
    for pitch in (0.5, 0.7, 1.0, 2.0):
        assert say(espeak, "羞潜欠案召牙冷蚕穴躯鳖。", "cmn+rob", pitch=pitch)
    assert espeak.pid == pid


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    text=st.text(min_size=1, max_size=60), rate=st.floats(0.5, 2), voice=st.sampled_from(["", "en-us", "cmn", "fr+f2"])
)
def test_any_text_gives_well_formed_speech(espeak: EspeakVoice, text: str, rate: float, voice: str) -> None:
    from mien.speech.text import clean

    for chunk in say(espeak, clean(text), voice, rate):
        seconds = len(chunk.samples) / chunk.sample_rate
        assert_covered(chunk.phonemes, seconds)
        ends = [0.0, *(word.end_s for word in chunk.words)]
        for word, before in zip(chunk.words, ends, strict=False):
            assert word.text == word.text.strip() != ""
            assert before <= word.start_s <= word.end_s <= seconds + 1e-9


def test_voices_can_be_listed(espeak: EspeakVoice) -> None:
    infos = {info.name: info for info in espeak.voices()}
    assert infos["cmn"].language == "cmn"
    assert infos["+f3"].gender == "female"
    assert len(infos) > 230


def test_every_voice_that_is_listed_speaks(espeak: EspeakVoice) -> None:
    names = [info.name for info in espeak.voices() if not info.name.startswith("+")]
    assert len(names) > 130
    assert [name for name in names if not say(espeak, "Hello 12", name)] == []
