from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.media import resample
from mien.motion import MOUTH_CHANNELS, mouth_from_phonemes
from mien.motion.coarticulation import BURST_S, HOLD_S, PAUSE_S, PhonemeMouth
from mien.motion.source import ROW_WIDTH
from mien.motion.visemes import CLOSURE, FV, GAP, JAW, ROUND, SPEECH
from mien.settings import load
from mien.speech import Speaker
from mien.types import SAMPLE_RATE, Phoneme
from motion.strategies import cut, speech


def spoken(*sounds: tuple[str, float], stress: int = 2, start_s: float = 0.3) -> list[Phoneme]:
    result = []
    for ipa, seconds in sounds:
        result.append(Phoneme(ipa, start_s, start_s + seconds, stress))
        start_s += seconds
    return result


def track(phonemes: list[Phoneme], after_s: float = 0.4) -> np.ndarray:
    return mouth_from_phonemes(phonemes, phonemes[-1].end_s + after_s).values


def at(values: np.ndarray, seconds: float) -> np.ndarray:
    return values[round(seconds * 100)]


@settings(deadline=None, max_examples=40)
@given(speech())
def test_values_stay_within_the_documented_units(made) -> None:
    samples, phonemes = made
    values = mouth_from_phonemes(phonemes, len(samples) / SAMPLE_RATE).values
    assert values.dtype == np.float32
    assert values.shape[1] == len(MOUTH_CHANNELS)
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (values <= [0.25, 0.25, 1, 1, 1, 1, 1, 1]).all()
    assert (values[[0, -1], GAP] == 0).all()
    assert (values[values[:, CLOSURE] == 1, GAP] == 0).all()


@settings(deadline=None, max_examples=40)
@given(speech())
def test_every_p_b_m_holds_the_lips_shut_for_40_ms(made) -> None:
    samples, phonemes = made
    values = mouth_from_phonemes(phonemes, len(samples) / SAMPLE_RATE).values
    for phoneme in phonemes:
        if phoneme.ipa in ("p", "ph", "b", "m"):
            begin = phoneme.start_s - (BURST_S + 0.02 if phoneme.ipa[0] == "p" else 0.02)
            near = values[max(0, round(begin * 100)) : round((max(phoneme.end_s, begin + 0.1) + 0.05) * 100), GAP] == 0
            longest = max((len(run) for run in "".join("x" if shut else " " for shut in near).split()), default=0)
            assert longest * 10 >= 40


@settings(deadline=None, max_examples=40)
@given(speech(), st.lists(st.integers(0, 100_000), max_size=8))
def test_pieces_give_the_same_rows_as_one(made, cuts: list[int]) -> None:
    samples, phonemes = made
    whole = mouth_from_phonemes(phonemes, len(samples) / SAMPLE_RATE).values
    mouth = PhonemeMouth()
    rows = [np.zeros((0, ROW_WIDTH), np.float32)]
    for piece, sounds in cut(samples, phonemes, cuts):
        mouth.push(piece, sounds)
        rows.append(mouth.take(sys.maxsize))
    mouth.finish()
    rows.append(mouth.take(sys.maxsize))
    assert np.array_equal(np.concatenate(rows)[:, : len(MOUTH_CHANNELS)], whole)


def test_a_voiceless_stop_is_closed_before_its_burst_and_a_voiced_one_after_its_event() -> None:
    p = track(spoken(("ɑː", 0.25), ("p", 0.06), ("ɑː", 0.25)))
    assert (p[51:55, GAP] == 0).all()
    assert at(p, 0.55 + 0.05)[GAP] > 0.02
    b = track(spoken(("ɑː", 0.25), ("b", 0.06), ("ɑː", 0.25)))
    assert at(b, 0.55 - 0.04)[GAP] > 0.02
    assert (b[55:60, GAP] == 0).all()
    assert HOLD_S >= 0.04


def test_f_brings_the_lip_to_the_teeth_and_leaves_a_slit() -> None:
    values = track(spoken(("ɑː", 0.2), ("f", 0.1), ("ɑː", 0.2)))
    middle = at(values, 0.55)
    assert middle[FV] > 0.95
    assert 0 < middle[GAP] < 0.02


def test_rounding_is_prepared_during_the_consonants_before() -> None:
    rounded = track(spoken(("s", 0.1), ("t", 0.08), ("uː", 0.2)))
    spread = track(spoken(("s", 0.1), ("t", 0.08), ("iː", 0.2)))
    assert at(rounded, 0.42)[ROUND] > 0.3
    assert at(spread, 0.42)[ROUND] < 0.05


def test_an_open_vowel_between_two_lip_contacts_is_seen() -> None:
    values = track(spoken(("m", 0.08), ("ɑ", 0.1), ("m", 0.08), ("ɑ", 0.1)))
    assert values[38:48, GAP].max() > 0.05


def test_stress_and_time_open_the_mouth() -> None:
    word = (("d", 0.07), ("ɑ", 0.12), ("d", 0.07))
    stressed, unstressed = (track(spoken(*word, stress=s))[:, [JAW, GAP]].max(axis=0) for s in (2, 0))
    assert (stressed > 1.15 * unstressed).all()
    hasty = track(spoken(("d", 0.03), ("ɑ", 0.05), ("d", 0.03)))[:, GAP].max()
    assert hasty < 0.8 * stressed[1]


@pytest.mark.parametrize(("pause_s", "shut"), [(0.08, False), (0.14, False), (0.25, True), (1.0, True)])
def test_the_mouth_closes_in_pauses_but_not_between_words(pause_s: float, shut: bool) -> None:
    assert pause_s < PAUSE_S or shut
    values = track(spoken(("ɑː", 0.2), ("", pause_s), ("ɑː", 0.2)))
    inside = values[50 : 50 + round(pause_s * 100)]
    assert (inside[:, GAP].min() < 1e-3) == shut
    assert (inside[:, SPEECH].min() < 1e-3) == shut


def test_silence_is_exactly_at_rest() -> None:
    assert not mouth_from_phonemes([], 2.0).values.any()
    assert not mouth_from_phonemes([Phoneme("", 0.0, 2.0)], 2.0).values.any()


def test_movement_is_as_fast_as_lips_are() -> None:
    """Real lips stay under 3 IOD/s (98th percentile of two tracked speakers: 1.5 and 2.7)."""
    values = track(spoken(*[(sound, 0.08) for sound in "mɑpɑbisutɑfɑmɑ"]))
    assert np.abs(np.diff(values[:, GAP])).max() * 100 < 4.0
    assert np.abs(np.diff(values[:, JAW])).max() * 100 < 1.5


def shut_rows(sound: np.ndarray, phonemes: list[Phoneme], pieces: int = 1) -> np.ndarray:
    mouth = PhonemeMouth()
    for index, piece in enumerate(np.array_split(sound, pieces)):
        first = sum(len(one) for one in np.array_split(sound, pieces)[:index]) / SAMPLE_RATE
        last = first + len(piece) / SAMPLE_RATE
        mine = [one for one in phonemes if first <= one.start_s < last]
        mouth.push(piece, [Phoneme(one.ipa, one.start_s - first, one.end_s - first, one.stress) for one in mine])
    mouth.finish()
    return np.flatnonzero(mouth.take(sys.maxsize)[:, GAP] == 0)


@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_lips_part_with_the_burst_where_a_voiced_stop_is_dated_at_it(pieces: int) -> None:
    phonemes = [Phoneme("a", 0.3, 0.5), Phoneme("b", 0.534, 0.6), Phoneme("a", 0.6, 0.9)]
    sound = (0.2 * np.sin(np.arange(SAMPLE_RATE) * 0.1)).astype(np.float32)
    murmured = shut_rows(sound, phonemes, pieces)
    assert (murmured[(murmured > 40) & (murmured < 80)] >= 53).all()
    sound[round(0.5 * SAMPLE_RATE) : round(0.534 * SAMPLE_RATE)] = 0.0
    burst = shut_rows(sound, phonemes, pieces)
    assert set(burst[(burst > 40) & (burst < 80)]) >= {50, 51, 52, 53}
    assert burst[(burst > 40) & (burst < 80)].max() <= 54


def test_espeaks_b_is_shut_in_the_silence_before_its_burst() -> None:
    with Speaker(load(), "espeak:en-us") as speaker:
        (chunk,) = speaker.speak("Good dogs bite his big blue football.")
    sound = resample(chunk.samples, chunk.sample_rate, SAMPLE_RATE)
    shut = set(shut_rows(sound, list(chunk.phonemes or ())))
    checked = 0
    for phoneme in chunk.phonemes or ():
        begin = round(phoneme.start_s * SAMPLE_RATE)
        if phoneme.ipa == "b" and begin and np.abs(sound[begin - 320 : begin - 80]).max() < 1e-3:
            checked += 1
            assert round(phoneme.start_s * 100) - 2 in shut
            assert round(phoneme.start_s * 100) + 2 not in shut
    assert checked >= 2


def test_a_stop_that_is_dated_behind_the_end_of_the_sound() -> None:
    assert len(shut_rows(np.zeros(1600, np.float32), [Phoneme("b", 0.09, 0.2)]))
    assert mouth_from_phonemes([Phoneme("a", 0.0, 0.4), Phoneme("b", 0.5, 0.6)], 0.2).values[:, GAP].max() > 0.05
