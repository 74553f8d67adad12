"""The network that draws a mouth: what of the film is around it and what the mouth shall be in, the mouth out.

A plain U-Net of 3 × 3 convolutions on 64², 32² and 16², with three things that spare it depth, because it draws one person only: a linear
map from the mouth's coefficients to a coarse picture, from which it starts; a picture of its own at each size, learnt with the rest; and
a scale and an offset for each channel that follow the coefficients (FiLM, arXiv:1709.07871).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.engines.unet.crop import SIZE

WIDTHS = 24, 48, 96
"""Channels on 64², 32² and 16²."""
HIDDEN = 64
HALF = SIZE // 2


class MouthUnet(nn.Module):
    """See above.

    Args:
        features: numbers that say what the mouth shall be.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        fine, middle, coarse = WIDTHS
        self.linear = nn.Linear(features, 3 * HALF * HALF)
        self.take = nn.Conv2d(15, fine, 3, padding=1)
        self.fine_in = nn.Conv2d(fine, fine, 3, padding=1)
        self.down = nn.Conv2d(fine, middle, 3, 2, padding=1)
        self.middle_in = nn.Conv2d(middle, middle, 3, padding=1)
        self.deep = nn.Conv2d(middle, coarse, 3, 2, padding=1)
        self.first = nn.Conv2d(coarse, coarse, 3, padding=1)
        self.second = nn.Conv2d(coarse, coarse, 3, padding=1)
        self.up = nn.Conv2d(coarse, middle, 3, padding=1)
        self.middle_out = nn.Conv2d(middle, middle, 3, padding=1)
        self.top = nn.Conv2d(middle, fine, 3, padding=1)
        self.fine_out = nn.Conv2d(fine, fine, 3, padding=1)
        self.give = nn.Conv2d(fine, 12, 3, padding=1)
        self.own_fine = nn.Parameter(torch.zeros(fine, HALF, HALF))
        self.own_middle = nn.Parameter(torch.zeros(middle, HALF // 2, HALF // 2))
        self.own_coarse = nn.Parameter(torch.zeros(coarse, HALF // 4, HALF // 4))
        self.hear = nn.Linear(features, HIDDEN)
        self.film = nn.Linear(HIDDEN, 2 * sum(self.filmed()))
        with torch.no_grad():
            for values in (*self.give.parameters(), *self.film.parameters()):
                values.zero_()

    @staticmethod
    def filmed() -> tuple[int, ...]:
        """Channels of the layers that follow the coefficients: deep, first, second, middle_out, fine_out."""
        fine, middle, coarse = WIDTHS
        return coarse, coarse, coarse, middle, fine

    def forward(self, rim: Tensor, features: Tensor) -> Tensor:
        """Args:
            rim: (N, 3, SIZE, SIZE), the film less ½, 0 where it is drawn over.
            features: (N, F).

        Returns:
            (N, 3, SIZE, SIZE), RGB less ½, not limited.
        """
        basic = self.linear(features).reshape(-1, 3, HALF, HALF)
        changes = self.film(functional.relu(self.hear(features)))[..., None, None]
        scales, offsets = changes.chunk(2, dim=1)
        scales, offsets = scales.split(self.filmed(), dim=1), offsets.split(self.filmed(), dim=1)

        def follow(x: Tensor, layer: int) -> Tensor:
            return functional.relu(x * (1 + scales[layer]) + offsets[layer])

        fine = functional.relu(self.take(torch.cat([functional.pixel_unshuffle(rim, 2), basic], dim=1)))
        fine = functional.relu(self.fine_in(fine))
        middle = functional.relu(self.down(fine))
        middle = functional.relu(self.middle_in(middle))
        coarse = follow(self.deep(middle) + self.own_coarse, 0)
        coarse = coarse + follow(self.first(coarse), 1)
        coarse = coarse + follow(self.second(coarse), 2)
        middle = middle + functional.interpolate(self.up(coarse), scale_factor=2) + self.own_middle
        middle = follow(self.middle_out(functional.relu(middle)), 3)
        fine = fine + functional.interpolate(self.top(middle), scale_factor=2) + self.own_fine
        fine = follow(self.fine_out(functional.relu(fine)), 4)
        return functional.pixel_shuffle(self.give(fine), 2) + functional.interpolate(basic, scale_factor=2)
