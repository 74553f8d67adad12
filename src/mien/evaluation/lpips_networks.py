"""The networks of `mien.evaluation.lpips`; layers are counted as in PyTorch's AlexNet and VGG-16."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_SHIFT = (-0.030, -0.088, -0.188)
_SCALE = (0.458, 0.448, 0.450)
"""Mean and spread of ImageNet's pictures in [-1, 1], rounded as LPIPS has them."""


class _Judge(nn.Module):
    taps: tuple[int, ...]
    """Layers behind which it is looked at."""

    def __init__(self, layers: Sequence[nn.Module], channels: Sequence[int]) -> None:
        super().__init__()
        self.features = nn.Sequential(*layers)
        self.heads = nn.ModuleList(nn.Conv2d(count, 1, 1, bias=False) for count in channels)

    def forward(self, images: Tensor) -> list[Tensor]:
        """(B, H, W, 3) uint8 RGB → for each tap (B, C, h, w), of length 1 over the channels."""
        shift, scale = (torch.tensor(each).view(1, 3, 1, 1) for each in (_SHIFT, _SCALE))
        values = (images.permute(0, 3, 1, 2).float() / 127.5 - 1 - shift) / scale
        found = []
        for index, layer in enumerate(self.features):
            values = layer(values)
            if index in self.taps:
                found.append(values / (values.square().sum(dim=1, keepdim=True).sqrt() + 1e-10))
        return found

    def distance(self, one: Sequence[Tensor], other: Sequence[Tensor]) -> Tensor:
        """(B,)"""
        layers = (head((a - b).square()).mean(dim=(1, 2, 3)) for head, a, b in zip(self.heads, one, other, strict=True))
        return torch.stack(list(layers)).sum(dim=0)


class AlexJudge(_Judge):
    taps = (1, 4, 7, 9, 11)

    def __init__(self) -> None:
        layers = [
            *_layer(3, 64, 11, stride=4, padding=2),
            nn.MaxPool2d(3, stride=2),
            *_layer(64, 192, 5, padding=2),
            nn.MaxPool2d(3, stride=2),
            *_layer(192, 384, 3, padding=1),
            *_layer(384, 256, 3, padding=1),
            *_layer(256, 256, 3, padding=1),
        ]
        super().__init__(layers, (64, 192, 384, 256, 256))


class VggJudge(_Judge):
    taps = (3, 8, 15, 22, 29)

    def __init__(self) -> None:
        layers: list[nn.Module] = []
        before = 3
        for channels, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
            if layers:
                layers.append(nn.MaxPool2d(2))
            for _ in range(count):
                layers += _layer(before, channels, 3, padding=1)
                before = channels
        super().__init__(layers, (64, 128, 256, 512, 512))


def _layer(before: int, channels: int, side: int, *, stride: int = 1, padding: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(before, channels, side, stride, padding), nn.ReLU()
