from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.motion.features.official import wave

from mien.motion.features.ctc import Decoder
from mien.types import Phoneme

SYMBOLS = [None, "a", "m", "t", "iː"]
A, M, T, LONG = range(1, 5)


def certain(*symbols: int, leaning: dict[int, int] | None = None) -> np.ndarray:
    """Log-probabilities of one symbol per row; in rows of blank, another one may be likelier than the rest."""
    values = np.full((len(symbols), len(SYMBOLS)), -9.0, np.float32)
    values[np.arange(len(symbols)), symbols] = -0.01
    for row, symbol in (leaning or {}).items():
        values[row, symbol] = -5.0
    return values


def loud(rows: int, *quiet: slice) -> np.ndarray:
    sound = wave(rows * 0.02)
    for part in quiet:
        sound[part.start * 320 + 40 : part.stop * 320 + 40] *= 1e-4
    return sound


def phonemes_of(rows: np.ndarray, samples: np.ndarray, pieces: int = 1) -> list[Phoneme]:
    decoder = Decoder(SYMBOLS)
    for some, sound in zip(np.array_split(rows, pieces), np.array_split(samples, pieces), strict=True):
        decoder.hear(sound)
        decoder.push(some)
    return decoder.phonemes()


def spans(phonemes: list[Phoneme]) -> list[tuple[str, int, int]]:
    """In rows, rounded."""
    return [(each.ipa, round((each.start_s - 0.0025) * 50), round((each.end_s - 0.0025) * 50)) for each in phonemes]


def test_sounds_share_the_rows_between_them_by_what_is_likelier() -> None:
    heard = [A, 0, 0, 0, 0, 0, LONG]
    even = spans(phonemes_of(certain(*heard), loud(7)))
    assert even[0] == ("a", 0, 3)
    lean = {1: A, 2: LONG, 3: LONG, 4: LONG, 5: LONG}
    assert spans(phonemes_of(certain(*heard, leaning=lean), loud(7)))[0] == ("a", 0, 2)
    lean = {1: A, 2: A, 3: A, 4: A, 5: LONG}
    assert spans(phonemes_of(certain(*heard, leaning=lean), loud(7)))[0] == ("a", 0, 5)


def test_one_sound_in_many_rows_is_one_and_blank_parts_equal_ones() -> None:
    names = [each.ipa for each in phonemes_of(certain(A, A, A, 0, A, M, M), loud(7))]
    assert names == ["a", "a", "m"]


def test_quiet_between_sounds_is_a_pause_where_it_is_quiet() -> None:
    heard = [A] * 10 + [0] * 30 + [M] * 10
    phonemes = phonemes_of(certain(*heard), loud(50, slice(14, 38)))
    assert spans(phonemes) == [("a", 0, 14), ("", 14, 38), ("m", 38, 50)]


def test_a_short_silence_belongs_to_the_sounds() -> None:
    heard = [A] * 10 + [0] * 6 + [M] * 10
    assert [each.ipa for each in phonemes_of(certain(*heard), loud(26, slice(10, 16)))] == ["a", "m"]


def test_noise_in_which_nothing_is_heard_is_a_pause() -> None:
    heard = [A] * 5 + [0] * 60 + [M] * 5
    phonemes = phonemes_of(certain(*heard), loud(70))
    assert [each.ipa for each in phonemes] == ["a", "", "m"]
    assert phonemes[1].end_s - phonemes[1].start_s > 0.8


def test_stops_begin_at_their_burst() -> None:
    heard = [A] * 5 + [0] * 6 + [T] + [0] * 2 + [LONG] * 5
    stop = phonemes_of(certain(*heard, leaning=dict.fromkeys(range(5, 11), T)), loud(19))[1]
    assert stop.ipa == "t"
    assert stop.start_s == pytest.approx(0.0025 + 5 * 0.02 + 0.045)
    early = phonemes_of(certain(T, T, 0, LONG), loud(4))[0]
    assert (early.ipa, early.start_s) == ("t", 0.0)


def test_without_any_sound_all_is_a_pause() -> None:
    assert phonemes_of(certain(0, 0, 0), loud(3)) == [Phoneme("", 0.0, 0.06)]
    assert phonemes_of(np.zeros((0, 5), np.float32), np.zeros(100, np.float32)) == [Phoneme("", 0.0, 100 / 16000)]
    assert phonemes_of(np.zeros((0, 5), np.float32), np.zeros(0, np.float32)) == []


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=120), st.integers(0, 2**31), st.integers(0, 319))
def test_any_hearing_covers_the_recording_in_order(heard: list[int], seed: int, rest: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(len(heard), 5)).astype(np.float32)
    rows[np.arange(len(heard)), heard] += 4
    sound = np.concatenate([loud(len(heard)), np.zeros(80 + rest, np.float32)])
    begin, end = sorted(rng.integers(0, len(sound), 2))
    sound[begin:end] = 0
    phonemes = phonemes_of(rows, sound)
    assert phonemes_of(rows, sound, pieces=1 + seed % 7) == phonemes
    assert phonemes[0].start_s == 0.0
    assert phonemes[-1].end_s == pytest.approx(len(sound) / 16000)
    for one, other in pairwise(phonemes):
        assert one.end_s == other.start_s
    assert all(each.end_s > each.start_s for each in phonemes)
