"""The first frame of a real clip, moved by its tracked landmarks, looks like the clip."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.upper_bound import upper_bound

from mien.weights import WeightStore

CLIPS = Path(__file__).parents[4] / "shared" / "media" / "video"


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not CLIPS.is_dir(), reason="../shared/media is not there")
def test_the_upper_bound_of_a_real_clip(store: WeightStore) -> None:
    bound = upper_bound(CLIPS / "may.mp4", store, frames=50)
    assert bound.psnr_face > 26
    assert bound.psnr_face > bound.still_psnr_face + 5
    assert bound.lmd_mouth < 2
