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
from mien.motion.visemes import CLOSURE, GAP, JAW, ROUND, STRETCH, targets

MOVED = (JAW, GAP, ROUND, STRETCH)
"""Channels that are averaged over time …"""
CHANNELS = (*MOVED, CLOSURE)
"""… and the one that is not: how likely p, b or m is."""
_SHUT = ("P", "B", "M")

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

    def kernel(self, spread: float | None = None) -> Tensor:
        """(past + 1,), its sum is 1; of another spread, if one is given."""
        at = torch.arange(-self.back, self.ahead + 1, dtype=torch.float32)
        kernel = torch.exp(-0.5 * (at / (spread or self.spread)) ** 2)
        return kernel / kernel.sum()


EVIDENCE = {"near": Window(2.0, 8, 0), "far": Window(2.0, 8, 4)}
"""Over the log-likelihoods …"""
MOVEMENT = {"near": Window(4.0, 12, 0), "far": Window(5.0, 15, 8)}
"""… and over the mouths …"""
_CONTACT_SPREAD = 0.8
"""… but for contacts, which are short."""

assert all(EVIDENCE[name].ahead + MOVEMENT[name].ahead == FRAMES_PER_STEP * late for name, late in AHEAD.items())


def mouths() -> NDArray[np.float32]:
    """(len(CHANNELS) + 1, SOUNDS): what each sound does with `MOVED`, times how much it insists on it; whether it is p, b or m; the insisting."""
    rows = np.zeros((len(CHANNELS) + 1, SOUNDS), np.float32)
    rows[-1] = _SILENCE_WEIGHT
    for sound, name in enumerate(mixtures().names):
        rows[len(MOVED), sound] = name in _SHUT
        parts = targets(IPA.get(name.lower(), ""))
        if parts:
            rows[-1, sound] = np.mean([part.viseme.weights[GAP] for part in parts])
            moved = [sum(part.share * part.viseme.values[channel] for part in parts) for channel in MOVED]
            rows[: len(MOVED), sound] = rows[-1, sound] * np.array(moved)
    return rows


class Reading(nn.Module):
    """Cues → some of the mouth's channels.

    Args:
        mean, spread: of what it reads for `MOVED`, (len(MOVED),) each, so that what it gives for them has mean 0 and spread 1.
    """

    def __init__(self, mean: NDArray[np.float32] | float = 0.0, spread: NDArray[np.float32] | float = 1.0) -> None:
        super().__init__()
        self.table = torch.from_numpy(mouths()[:, :, None])
        self.mean = torch.zeros(len(CHANNELS))
        self.spread = torch.ones(len(CHANNELS))
        self.mean[: len(MOVED)] = torch.as_tensor(np.asarray(mean, np.float32))
        self.spread[: len(MOVED)] = torch.as_tensor(np.asarray(spread, np.float32))

    def forward(self, cues: Tensor) -> dict[Ahead, Tensor]:
        """(B, T, CUES), T even → (B, T / 2, len(CHANNELS)) for each lookahead; row n answers for step `n - AHEAD[name]`."""
        behind = cues[:, :, SOUNDS : 2 * SOUNDS].transpose(1, 2) / BEHIND
        result: dict[Ahead, Tensor] = {}
        for name in AHEAD:
            likely = torch.softmax(_over(behind, evidence_kernels(name)), dim=1)
            weighed = nn.functional.conv1d(likely, self.table)
            mean = _over(weighed, movement_kernels(name))[:, :, ::FRAMES_PER_STEP]
            moved = mean[:, : len(MOVED)] / mean[:, -1:]
            mouth = torch.cat([moved, mean[:, len(MOVED) : -1]], dim=1).transpose(1, 2)
            result[cast(Ahead, name)] = (mouth - self.mean) / self.spread
        return result


def evidence_kernels(name: str) -> Tensor:
    """(SOUNDS, 1, frames)."""
    return EVIDENCE[name].kernel().repeat(SOUNDS, 1, 1)


def movement_kernels(name: str) -> Tensor:
    """(len(CHANNELS) + 1, 1, frames)."""
    kernels = MOVEMENT[name].kernel().repeat(len(CHANNELS) + 1, 1, 1)
    kernels[len(MOVED)] = MOVEMENT[name].kernel(_CONTACT_SPREAD)
    return kernels


def _over(x: Tensor, kernels: Tensor) -> Tensor:
    """(B, C, N) → the same, each column a mean over it and those before."""
    return nn.functional.conv1d(nn.functional.pad(x, (kernels.shape[2] - 1, 0)), kernels, groups=x.shape[1])
