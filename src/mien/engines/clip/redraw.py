"""Lays the person's mouths into frames of their video, whether mouths were taken from them or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mien.avatars import AvatarPackage, Reel
from mien.engines.clip.choice import LOOKAHEAD_FRAMES
from mien.engines.clip.library import load
from mien.engines.clip.mouth import Mouth
from mien.engines.clip.patch import FloatArray
from mien.engines.clip.train import places
from mien.training import FPS, Dataset
from mien.types import Image


def redraw(
    package: AvatarPackage, dataset: Dataset, frames: slice, coefficients: FloatArray, closures: FloatArray
) -> Iterator[Image]:
    """See `mien.types.Redraw`. As in a session the next frames have a say in which mouth is chosen."""
    avatar = load(package)
    dataset.check_origin(package.manifest.name, avatar.calibration)
    seen = dataset.seen[frames]
    if not seen.any():
        yield from dataset.frames(frames.start, frames.stop)
        return
    reel = Reel(dataset.frames(frames.start, frames.stop), len(seen), dataset.size, FPS)
    heads = places(dataset, avatar.patch, (frames.start + _nearest(seen)).tolist())
    mouth = Mouth(replace(avatar, film=reel, places=heads))
    for index, row in enumerate(seen):
        drawn = mouth.draw(coefficients[index : index + 1 + LOOKAHEAD_FRAMES], float(closures[index]))
        yield drawn if row else reel[index]


def _nearest(seen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(n,), for each frame the number of the one nearest to it in which the face is seen."""
    known = np.flatnonzero(seen)
    return known[np.abs(np.arange(len(seen))[:, None] - known).argmin(axis=1)]
