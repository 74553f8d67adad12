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
        own = _squares(wanted, self._points)
        nearest = np.argpartition(own, min(_CANDIDATES, len(self._points) - 1), axis=1)[:, :_CANDIDATES]
        examples = self._candidates(nearest[0], known)
        costs = own[0, examples]
        if known:
            costs = costs + self._joins(np.array(known), examples)[0]
        first, origin = examples, np.arange(len(examples))
        for n in range(1, len(wanted)):
            known = sorted({*known, *(int(self._successors[one]) for one in known)})
            following = self._candidates(nearest[n], known)
            joined = costs[:, None] + self._joins(examples, following)
            way = joined.argmin(axis=0)
            costs = own[n, following] + joined[way, np.arange(len(way))]
            examples, origin = following, origin[way]
        self._current = int(first[origin[costs.argmin()]])
        return self._current

    def _candidates(self, nearest: NDArray[np.int64], known: list[int]) -> NDArray[np.int64]:
        """The nearest examples, what is known, and what follows that; ascending."""
        among = np.zeros(len(self._points), np.bool_)
        among[nearest] = True
        among[known] = True
        among[self._successors[known]] = True
        return np.flatnonzero(among)

    def _joins(self, before: NDArray[np.int64], now: NDArray[np.int64]) -> FloatArray:
        """(len(before), len(now))."""
        costs = _JOIN * _squares(self._points[self._successors[before]], self._points[now])
        costs[before[:, None] == now[None]] = 0.0
        return costs


def _squares(some: FloatArray, others: FloatArray) -> FloatArray:
    """Squared distances (n, m) of points (n, D) and (m, D)."""
    lengths = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)
    return np.maximum(lengths - 2.0 * (some @ others.T), 0.0)
