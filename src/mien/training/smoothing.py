"""Smoothing of a face's track between the moments where the face is lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.face import savitzky_golay

BLOCK = 512
"""Frames that are worked on at once: their landmarks are 6 MB as float64."""

_WINDOW = 5
"""Frames. Lips are quick: with 7 their place is off by most of a pixel where they open and close, and mouths cut out by it are drawn 0.7 dB worse."""


def runs(seen: NDArray[np.bool_], cuts: NDArray[np.int64]) -> list[slice]:
    """The stretches of consecutive frames with a face, in one scene; `cuts` are the frames that begin another one."""
    begins = np.zeros(len(seen) + 1, bool)
    begins[cuts] = True
    found, start = [], None
    for frame, here in enumerate([*seen.tolist(), False]):
        if start is not None and (not here or begins[frame]):
            found.append(slice(start, frame))
            start = None
        if here and start is None:
            start = frame
    return found


def smooth(
    track: NDArray[np.float32], seen: NDArray[np.bool_], cuts: NDArray[np.int64], target: NDArray[np.float32]
) -> None:
    """Writes the smoothed landmarks of the frames with a face into `target`, NaN into the others; both may lie on the disk.

    Args:
        track: (N, 478, 3).
        seen: bool (N,).
        cuts: see `runs`.
        target: (N, 478, 3).
    """
    for start in range(0, len(seen), BLOCK):
        target[start : start + BLOCK] = np.nan
    for run in runs(seen, cuts):
        for start in range(run.start, run.stop, BLOCK):
            stop = min(start + BLOCK, run.stop)
            first, last = max(start - _WINDOW, run.start), min(stop + _WINDOW, run.stop)
            part = savitzky_golay(track[first:last], _WINDOW)
            target[start:stop] = part[start - first : stop - first]
