from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.motion.visemes import FV, GAP, JAW, ROUND, STRETCH, TONGUE, targets


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
    assert only("ˈɑ").tolist() == only("ɑ").tolist()
    assert only("ɑ̃").tolist() == only("ɑ").tolist()
    assert only("é").tolist() == only("e").tolist()
