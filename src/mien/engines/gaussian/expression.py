"""What each frame's face does: tracked landmarks tell it roughly, the picture exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.engines.gaussian.adam import Adam

Floats = NDArray[np.float32]

_PULL = 0.03
"""So much they go back to what was tracked, each time they are moved."""


class Expressions:
    """The coefficients of N frames, which move with the gradients of a loss.

    Args:
        tracked: (N, K).
    """

    def __init__(self, tracked: Floats) -> None:
        self.values = tracked.copy()
        self.first, self.second = np.zeros_like(tracked), np.zeros_like(tracked)
        self._tracked = tracked

    def move(self, frames: NDArray[np.int64], slopes: Floats, visits: int, rate: float) -> None:
        """Moves some of them.

        Args:
            frames: (B,), which; each once.
            slopes: (B, K), the loss's gradients.
            visits: how often they were moved before.
            rate: how far one step goes.
        """
        values = self.values[frames]
        adam = Adam(slopes.shape, np.ones(len(frames), np.float32), np.ones(slopes.shape[1], np.float32))
        adam.first, adam.second = self.first[frames], self.second[frames]
        adam.step(values, slopes, visits, rate)
        self.first[frames], self.second[frames] = adam.first, adam.second
        self.values[frames] = values + np.float32(_PULL) * (self._tracked[frames] - values)
