"""Which of the real mouths is shown: on the way through the library that is like what is wanted and like real speech."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

LOOKAHEAD_FRAMES = 3
"""So many later frames have a say."""

_JOIN = 0.7
"""Weight of what two successive mouths differ by against what each differs from the wanted one."""
_CANDIDATES = 24
"""Examples nearest to what is wanted that are looked at for each frame."""


class Choice:
    """Viterbi's algorithm over the examples of a library, from the one that is shown over the next few frames.

    Each example is a point. Showing one costs its squared distance from what is wanted; going from one to the next costs the squared distance
    from the first one's real successor to the second: real successions are free, and so is staying.

    Args:
        points: float32 (M, D), of the examples.
        successors: (M,), the number of each example's next frame in the video; its own where that is not in the library.
    """

    def __init__(self, points: FloatArray, successors: NDArray[np.int32]) -> None:
        self._points = points
        self._successors = successors
        self._current: int | None = None

    def next(self, wanted: FloatArray) -> int:
        """The example for the next frame.

        Args:
            wanted: (n, D), points of that frame and of those after it, as far as they are known; n ≥ 1.
        """
        known = [] if self._current is None else [self._current]
        examples, costs = self._candidates(wanted[0], known)
        if known:
            costs = costs + self._joins(np.array(known), examples)[0]
        first, origin = examples, np.arange(len(examples))
        for point in wanted[1:]:
            known = sorted({*known, *(int(self._successors[one]) for one in known)})
            following, own = self._candidates(point, known)
            joined = costs[:, None] + self._joins(examples, following)
            way = joined.argmin(axis=0)
            costs = own + joined[way, np.arange(len(way))]
            examples, origin = following, origin[way]
        self._current = int(first[origin[costs.argmin()]])
        return self._current

    def _candidates(self, point: FloatArray, known: list[int]) -> tuple[NDArray[np.int64], FloatArray]:
        """The nearest examples and those that follow what is known, with their costs."""
        own = ((self._points - point) ** 2).sum(axis=1)
        nearest = np.argpartition(own, min(_CANDIDATES, len(own) - 1))[:_CANDIDATES]
        following = [int(self._successors[one]) for one in known]
        examples = np.unique(np.concatenate([nearest, np.array([*known, *following], np.int64)]))
        return examples, own[examples]

    def _joins(self, before: NDArray[np.int64], now: NDArray[np.int64]) -> FloatArray:
        """(len(before), len(now))."""
        apart = self._points[self._successors[before]][:, None] - self._points[now][None]
        costs = _JOIN * (apart**2).sum(axis=2)
        costs[before[:, None] == now[None]] = 0.0
        return costs
