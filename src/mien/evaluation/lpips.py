"""LPIPS: how different two pictures are to the eye, as a network that was taught by people's judgements sees it.

The user brings its weights. The network is AlexNet or VGG-16 without its classifier (PyTorch's own file, such as alexnet-owt-7be5be79.pth),
with a head for each of five layers (alex.pth or vgg.pth of the `lpips` package, version 0.1); or one file with both.

Source: Zhang, Isola, Efros, Shechtman, Wang, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric" (2018).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import UsageError, WeightsError
from mien.motion.features.encoder import require_torch
from mien.types import Image

if TYPE_CHECKING:
    from torch import Tensor

MIN_SIDE = 64
"""Pixels: of less the last layers see nothing."""

_LAYER = re.compile(r"(?:features|net\.slice\d)\.(\d+)\.(weight|bias)")
_HEAD = re.compile(r"lins?\.?(\d)\.model\.1\.weight")


class Lpips:
    """A judge of pictures.

    Args:
        files: one or two files of weights, see above.

    Raises:
        WeightsError: a file is missing, damaged, or something is in none of them.
        MissingDependency: PyTorch is not installed.
    """

    network: str
    """ "alex" or "vgg": figures of different ones cannot be compared."""

    def __init__(self, files: Sequence[Path]) -> None:
        require_torch("Judging pictures with LPIPS")
        from mien.evaluation.lpips_networks import AlexJudge, VggJudge
        from mien.motion.features.checkpoint import fill, read_tensors

        tensors: dict[str, Tensor] = {}
        for path in files:
            tensors |= _renamed(read_tensors(path))
        named = " and ".join(map(str, files))
        first = tensors.get("features.0.weight")
        if first is None or not any(name.startswith("heads.") for name in tensors):
            missing = "picture network (AlexNet or VGG-16)" if first is None else "heads of LPIPS"
            raise WeightsError(
                f"There is no {missing} in {named}.",
                hint="Give two files: PyTorch's alexnet-owt-7be5be79.pth or vgg16-397923af.pth, and alex.pth or vgg.pth of lpips.",
            )
        self.network, make = ("alex", AlexJudge) if first.shape[-1] == 11 else ("vgg", VggJudge)
        self._judge: AlexJudge | VggJudge = fill(make, tensors, files[-1])

    def seen(self, image: Image) -> list[Tensor]:
        """What the network sees in a picture of at least `MIN_SIDE` pixels a side: one tensor (1, C, h, w) for each layer.

        Raises:
            UsageError: the picture is smaller.
        """
        import torch

        if min(image.shape[:2]) < MIN_SIDE:
            raise UsageError(
                f"A picture of {image.shape[1]} × {image.shape[0]} is too small for LPIPS.",
                hint=f"It needs {MIN_SIDE} pixels a side.",
            )
        with torch.inference_mode():
            return self._judge(torch.from_numpy(image)[None])

    def distance(self, one: Sequence[Tensor], other: Sequence[Tensor]) -> float:
        """Between what was seen in two pictures of the same size; 0: none."""
        import torch

        with torch.inference_mode():
            return float(self._judge.distance(one, other))


def _renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """With the names of our networks: PyTorch's `features.N`, lpips' `net.sliceK.N`, `linK.model.1` and `lins.K.model.1`."""
    found = {}
    for name, value in tensors.items():
        if layer := _LAYER.fullmatch(name):
            found[f"features.{layer[1]}.{layer[2]}"] = value
        elif head := _HEAD.fullmatch(name):
            found[f"heads.{head[1]}.weight"] = value
    return found
