from __future__ import annotations

import numpy as np

from mien.training.smoothing import BLOCK, runs, smooth

NOTHING = np.zeros(0, np.int64)


def test_stretches_end_where_the_face_is_lost_and_at_cuts():
    seen = np.array([0, 1, 1, 1, 0, 1, 1, 1, 1, 0], bool)
    assert runs(seen, NOTHING) == [slice(1, 4), slice(5, 9)]
    assert runs(seen, np.array([0, 7])) == [slice(1, 4), slice(5, 7), slice(7, 9)]
    assert runs(np.zeros(3, bool), NOTHING) == []


def test_long_tracks_are_smoothed_as_if_at_once():
    rng = np.random.default_rng(0)
    track = rng.standard_normal((2 * BLOCK + 37, 2, 3)).astype(np.float32)
    seen = np.ones(len(track), bool)
    whole, blocks = np.empty_like(track), np.empty_like(track)
    smooth(track, seen, NOTHING, blocks)
    from mien.face import savitzky_golay

    whole = savitzky_golay(track, 5)
    np.testing.assert_allclose(blocks, whole, atol=1e-5)


def test_nothing_is_smeared_over_a_cut_or_a_loss():
    track = np.zeros((60, 1, 3), np.float32)
    track[30:] = 100
    seen = np.ones(60, bool)
    seen[45] = False
    target = np.empty_like(track)
    smooth(track, seen, np.array([30]), target)
    assert np.abs(target[:30]).max() < 1e-4
    assert np.isnan(target[45]).all()
    np.testing.assert_allclose(target[46:], 100, atol=1e-3)
