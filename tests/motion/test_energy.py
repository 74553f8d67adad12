from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.motion.articulation import MOUTH_CHANNELS
from mien.motion.energy import EnergyMouth, as_heard
from mien.motion.source import ACCENT, CONTACT, Rows
from mien.motion.visemes import CLOSURE, FV, GAP, JAW, SPEECH
from mien.types import SAMPLE_RATE, Samples


def rows_of(samples: Samples, cuts: tuple[int, ...] = ()) -> Rows:
    mouth = EnergyMouth()
    pieces = []
    for piece in np.split(samples, sorted(min(cut, len(samples)) for cut in cuts)):
        mouth.push(piece, ())
        pieces.append(mouth.take(7))
    mouth.finish()
    pieces.append(mouth.take(sys.maxsize))
    return np.concatenate(pieces)


def syllables(seconds: float, level: float = 0.3) -> Samples:
    """A buzz that comes and goes four times a second, between silences of half a second."""
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    envelope = np.maximum(0.0, np.sin(2 * np.pi * 4 * times)) * (np.floor(times) % 2 == 0)
    return (level * envelope * np.sign(np.sin(2 * np.pi * 140 * times))).astype(np.float32)


def noise(seconds: float, level: float) -> Samples:
    return (np.random.default_rng(1).standard_normal(round(seconds * SAMPLE_RATE)) * level).astype(np.float32)


def test_it_opens_with_the_syllables_and_in_time():
    samples = np.concatenate([np.zeros(8000, np.float32), syllables(0.5)])
    gap = rows_of(samples)[:, GAP]
    # The sine's two humps of an eighth of a second have their tops at 0.5625 s and 0.8125 s.
    peaks = [int(np.argmax(gap[50:68])) + 50, int(np.argmax(gap[70:95])) + 70]
    assert np.allclose(peaks, [56, 81], atol=3)
    assert gap[68:70].max() < 0.5 * gap.max()
    assert gap.max() > 0.09


@pytest.mark.parametrize("level", [0.01, 0.1, 0.9])
def test_it_opens_as_wide_for_the_quiet_as_for_the_loud_after_a_while(level: float):
    gap = rows_of(syllables(7.0, level))[:, GAP]
    assert gap[600:700].max() > 0.08


@pytest.mark.parametrize("samples", [np.zeros(32_000, np.float32), noise(3, 1e-4), noise(3, 0.1)], ids=str)
def test_silence_and_steady_noise_leave_it_shut(samples: Samples):
    assert rows_of(samples)[:, JAW].max() < 0.05 * 0.25


def test_it_is_shut_before_and_after_speech_and_between():
    rows = rows_of(np.concatenate([np.zeros(16_000, np.float32), syllables(3.0), np.zeros(16_000, np.float32)]))
    for quiet in (rows[:90], rows[255:295], rows[-40:]):
        assert not quiet[:, [JAW, GAP, SPEECH]].any()


def test_it_ends_shut_and_covers_the_sound():
    samples = syllables(0.9)
    rows = rows_of(samples)
    assert len(rows) >= 90
    assert not rows[-1].any()


def test_it_invents_no_sounds():
    rows = rows_of(syllables(3.0))
    assert not rows[:, [CLOSURE, FV, CONTACT]].any()
    assert 2 <= np.count_nonzero(rows[:, ACCENT]) <= 8  # syllables


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 30_000), max_size=6).map(tuple))
def test_cutting_the_sound_changes_nothing(cuts: tuple[int, ...]):
    samples = syllables(1.7) + noise(1.7, 0.003)
    np.testing.assert_array_equal(rows_of(samples, cuts), rows_of(samples))


def test_rows_are_given_as_soon_as_it_promises_and_never_change_with_what_follows():
    samples = syllables(2.0)
    mouth = EnergyMouth()
    mouth.push(samples[:16_000], ())
    early = mouth.take(sys.maxsize)
    assert len(early) >= 100 - EnergyMouth.lookahead_s * 100
    np.testing.assert_array_equal(early, rows_of(samples)[: len(early)])


def test_no_sound_at_all():
    assert not rows_of(np.zeros(0, np.float32)).any()


def test_what_the_network_would_hear_is_calmer_and_knows_no_closures():
    rows = rows_of(np.concatenate([syllables(2.0), np.zeros(16_000, np.float32)]))[:, : len(MOUTH_CHANNELS)]
    heard = np.array([as_heard(row) for row in rows])
    assert not heard[-1].any(), "a mouth at rest stays at rest"
    assert not heard[:, CLOSURE].any()
    assert np.corrcoef(heard[:, GAP], rows[:, GAP])[0, 1] > 0.9
    assert 0.3 < heard[:, GAP].std() / rows[:, GAP].std() < 0.7
    assert heard.max(axis=0)[JAW] < 0.05
