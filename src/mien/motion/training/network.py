"""The network in torch, as it learns; `mien.motion.training.export` brings it to ONNX."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from mien.motion.ear import CUES
from mien.motion.network import AHEAD, FRAMES_PER_STEP, OUTPUTS, Ahead

CHANNELS = 64
DILATIONS = (1, 2, 4, 8, 1, 2, 4, 8)
"""Of the layers; with them the network hears 1.2 s back."""

STEM_KERNEL = 5
KERNEL = 3


class Layer(nn.Module):
    """(B, C, N) → the same, causal: a dilated convolution and a mix of the channels, added to what came in."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.past = (KERNEL - 1) * dilation
        self.conv = nn.Conv1d(channels, channels, KERNEL, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm1d(channels)
        self.mix = nn.Conv1d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm(self.conv(nn.functional.pad(x, (self.past, 0)))))
        return x + self.mix(y)


class MouthNetwork(nn.Module):
    """Hears cues and answers for several lookaheads at once.

    The mouth channels are given in units of their standard deviation; `speech` and the phone classes as logits.
    """

    def __init__(self, channels: int = CHANNELS, dilations: tuple[int, ...] = DILATIONS) -> None:
        super().__init__()
        self.stem = nn.Conv1d(CUES, channels, STEM_KERNEL, stride=FRAMES_PER_STEP)
        self.layers = nn.ModuleList([Layer(channels, dilation) for dilation in dilations])
        self.heads = nn.ModuleDict({name: nn.Conv1d(channels, OUTPUTS, 1) for name in AHEAD})

    def forward(self, cues: Tensor) -> dict[Ahead, Tensor]:
        """(B, T, CUES), T even → (B, T / 2, OUTPUTS) for each lookahead; row n answers for step `n - AHEAD[name]`."""
        x = nn.functional.pad(cues.transpose(1, 2), (STEM_KERNEL - FRAMES_PER_STEP, 0))
        x = torch.relu(self.stem(x))  # (B, C, N)
        for layer in self.layers:
            x = layer(x)
        x = torch.relu(x)
        return {cast(Ahead, name): head(x).transpose(1, 2) for name, head in self.heads.items()}
