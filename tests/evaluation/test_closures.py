from __future__ import annotations

import numpy as np
import pytest

from mien.evaluation.closures import Expected, measure, of_phonemes, of_track, runs
from mien.evaluation.lips import Curve, Lips
from mien.motion.visemes import CLOSURE, SPEECH
from mien.types import Phoneme

SHUT = np.array([[1.0, 1.08], [2.5, 2.57], [4.0, 4.1], [7.3, 7.4]])
OTHERS = np.array([[1.5, 1.6], [3.0, 3.1], [5.0, 5.1], [6.0, 6.1], [8.2, 8.3]])
EXPECTED = Expected("phonemes", SHUT, OTHERS)


def lips_with(gap: Curve, fps: float = 25.0) -> Lips:
    return Lips(fps, gap, gap, gap, np.ones(len(gap)), np.isfinite(gap))


def opening(shut: np.ndarray, seconds: float = 10.0, fps: float = 25.0, lag_s: float = 0.0) -> Curve:
    """Open by 0.1 IOD but for some spans."""
    times = np.arange(round(seconds * fps)) / fps - lag_s
    gap = np.full(len(times), 0.1)
    for start, end in shut:
        gap[(times >= start - 0.01) & (times <= end + 0.01)] = 0.0
    return gap


def test_lips_that_meet_where_they_should():
    found = measure(lips_with(opening(SHUT)), EXPECTED, 0.0, 10.0)
    assert found is not None
    assert (found.reference, found.count, found.others) == ("phonemes", 4, 5)
    assert (found.recall.value, found.false_alarms.value, found.auc.value) == (1.0, 0.0, 1.0)
    assert found.recall.chance is not None
    assert found.recall.chance < 0.5


def test_lips_that_meet_elsewhere():
    found = measure(lips_with(opening(OTHERS)), EXPECTED, 0.0, 10.0)
    assert found is not None
    assert (found.recall.value, found.false_alarms.value, found.auc.value) == (0.0, 1.0, 0.0)


def test_lips_that_never_meet_tell_nothing_apart():
    found = measure(lips_with(np.full(250, 0.1)), EXPECTED, 0.0, 10.0)
    assert found is not None
    assert (found.recall.value, found.false_alarms.value, found.auc.value) == (0.0, 0.0, 0.5)


def test_they_may_be_late_as_much_as_the_rest():
    lips = lips_with(opening(SHUT, lag_s=-0.12))
    right, wrong = (measure(lips, EXPECTED, lag, 10.0) for lag in (-120.0, 120.0))
    assert right is not None
    assert wrong is not None
    assert (right.recall.value, wrong.recall.value) == (1.0, 0.0)


def test_closures_while_the_face_is_lost_do_not_count():
    gap = opening(SHUT)
    gap[:75] = np.nan
    found = measure(lips_with(gap), EXPECTED, 0.0, 10.0)
    assert found is not None
    assert (found.count, found.others) == (2, 3)


def test_speech_without_any():
    assert measure(lips_with(opening(SHUT)), Expected("phonemes", SHUT[:0], OTHERS), 0.0, 10.0) is None


def test_only_p_b_m_shut_the_lips_and_p_before_its_burst():
    sounds = [
        (".", 0.0),
        ("m", 0.2),
        ("a", 0.3),
        ("t", 0.5),
        ("a", 0.6),
        ("p", 0.8),
        ("i", 0.9),
        ("s", 1.1),
        ("f", 1.2),
    ]
    spoken = [Phoneme("" if ipa == "." else ipa, start, start + 0.1) for ipa, start in sounds]
    expected = of_phonemes(spoken, "text")
    np.testing.assert_allclose(expected.shut, [[0.2, 0.3], [0.755, 0.8]])
    np.testing.assert_allclose(expected.parted, [[0.455, 0.6], [1.1, 1.2]])


def test_neighbours_of_a_closure_may_look_closed():
    expected = of_phonemes([Phoneme("m", 0.2, 0.3), Phoneme("s", 0.3, 0.4), Phoneme("s", 0.6, 0.7)], "text")
    np.testing.assert_allclose(expected.parted, [[0.6, 0.7]])


def test_a_drivers_own_closures():
    rows = np.zeros((200, 8))
    rows[20:180, SPEECH] = 1.0
    rows[60:70, CLOSURE] = 0.9
    expected = of_track(rows)
    assert expected.reference == "network"
    np.testing.assert_allclose(expected.shut, [[0.6, 0.7]])
    assert expected.parted[:, 0].min() >= 0.2 + 0.08
    assert not ((expected.parted.mean(axis=1) > 0.48) & (expected.parted.mean(axis=1) < 0.82)).any()


def test_runs():
    assert runs(np.array([True, False, True, True])).tolist() == [[0, 1], [2, 4]]
    assert runs(np.zeros(3, bool)).tolist() == []


@pytest.mark.parametrize("fps", [12.0, 60.0])
def test_frame_rates(fps: float):
    found = measure(lips_with(opening(SHUT, fps=fps), fps), EXPECTED, 0.0, 10.0)
    assert found is not None
    assert found.recall.value == 1.0
    assert found.false_alarms.value == 0.0
