"""What the likenesses say by themselves, without anything learnt: each sound's mouth, weighed by how likely it is.

It is right less often than the network for voices that the network knows, and more often where the two differ most from what was learnt:
the mean of both follows the lips of strangers better than either (benchmarks/README.md, "Lips from sound").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mien.motion.ear import BEHIND, SOUNDS, mixtures
from mien.motion.network import AHEAD, FRAMES_PER_STEP, Ahead
from mien.motion.training.arpabet import IPA
from mien.motion.visemes import GAP, JAW, ROUND, STRETCH, targets

CHANNELS = (JAW, GAP, ROUND, STRETCH)
"""Of the mouth, which it knows of. Contacts are too short for it."""

_SILENCE_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Window:
    """A Gaussian mean over frames, cut off.

    Args:
        spread: standard deviation, frames.
        back, ahead: frames before and after the middle one.
    """

    spread: float
    back: int
    ahead: int

    @property
    def past(self) -> int:
        """Frames before the newest one."""
        return self.back + self.ahead

    def kernel(self) -> Tensor:
        """(past + 1,), its sum is 1."""
        at = torch.arange(-self.back, self.ahead + 1, dtype=torch.float32)
        kernel = torch.exp(-0.5 * (at / self.spread) ** 2)
        return kernel / kernel.sum()


EVIDENCE = {"near": Window(2.0, 8, 0), "far": Window(2.0, 8, 4)}
"""Over the log-likelihoods …"""
MOVEMENT = {"near": Window(4.0, 12, 0), "far": Window(5.0, 15, 8)}
"""… and over the mouths."""

assert all(EVIDENCE[name].ahead + MOVEMENT[name].ahead == FRAMES_PER_STEP * late for name, late in AHEAD.items())


def mouths() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Of the sounds: their channels (SOUNDS, len(CHANNELS)) and how much they insist on them (SOUNDS,)."""
    values = np.zeros((SOUNDS, len(CHANNELS)), np.float32)
    weights = np.full(SOUNDS, _SILENCE_WEIGHT, np.float32)
    for row, name in enumerate(mixtures().names):
        parts = targets(IPA.get(name.lower(), ""))
        if parts:
            values[row] = [sum(part.share * part.viseme.values[channel] for part in parts) for channel in CHANNELS]
            weights[row] = np.mean([part.viseme.weights[GAP] for part in parts])
    return values, weights


class Reading(nn.Module):
    """Cues → some of the mouth's channels.

    Args:
        mean, spread: of what it reads, (len(CHANNELS),) each, so that what it gives has mean 0 and spread 1.
    """

    def __init__(self, mean: NDArray[np.float32] | float = 0.0, spread: NDArray[np.float32] | float = 1.0) -> None:
        super().__init__()
        values, weights = mouths()
        self.table = torch.from_numpy(
            np.concatenate([values * weights[:, None], weights[:, None]], axis=1).T[:, :, None]
        )
        """(len(CHANNELS) + 1, SOUNDS, 1): the mouths times their weights, and the weights."""
        self.mean = torch.as_tensor(np.broadcast_to(np.float32(mean), len(CHANNELS)).copy())
        self.spread = torch.as_tensor(np.broadcast_to(np.float32(spread), len(CHANNELS)).copy())

    def forward(self, cues: Tensor) -> dict[Ahead, Tensor]:
        """(B, T, CUES), T even → (B, T / 2, len(CHANNELS)) for each lookahead; row n answers for step `n - AHEAD[name]`."""
        behind = cues[:, :, SOUNDS : 2 * SOUNDS].transpose(1, 2) / BEHIND
        result: dict[Ahead, Tensor] = {}
        for name in AHEAD:
            likely = torch.softmax(_over(behind, EVIDENCE[name]), dim=1)
            weighed = nn.functional.conv1d(likely, self.table)
            mean = _over(weighed, MOVEMENT[name])[:, :, ::FRAMES_PER_STEP]
            mouth = (mean[:, :-1] / mean[:, -1:]).transpose(1, 2)
            result[cast(Ahead, name)] = (mouth - self.mean) / self.spread
        return result


def _over(x: Tensor, window: Window) -> Tensor:
    """(B, C, N) → the same; column n is the mean around n - window.ahead."""
    kernel = window.kernel().expand(x.shape[1], 1, -1)
    return nn.functional.conv1d(nn.functional.pad(x, (window.past, 0)), kernel, groups=x.shape[1])
