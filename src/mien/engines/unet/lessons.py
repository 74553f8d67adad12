"""What is learnt from: crops of the video's frames, in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.engines.unet.crop import SIZE, Crop, cut
from mien.engines.unet.data import Heads, Scope
from mien.face.topology import LIPS_OUTER
from mien.training import Dataset

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

_MOST = 2000
"""Frames that are learnt from, 50 kB each; of a longer video, pieces spread over it."""
_PIECE = 10
"""Frames of a piece."""
_JUDGED = 24
_MOUTH = 4.0
"""How much more a pixel of the mouth counts than one of the chin."""
_AROUND = 1.25
"""Size of what counts as mouth, by the outer lips."""
_UNKNOWN = 0.3
"""What is drawn by more than this is not shown to the network."""


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """M frames, the learnt ones first.

    Args:
        numbers: (M,), of the frames in the dataset; the learnt ones rise, and then those that the learning is judged by.
        learnt: (L,) 0 … L - 1, indices of those that are learnt from.
        judged: indices of the others.
        crops: uint8 RGB (M, SIZE, SIZE, 3).
        weights: uint8 (M, SIZE, SIZE), 16 times what each pixel counts.
        expression: (M, K).
        crop, scope: of the person.
        heads: of all frames of the dataset.
        scenes: (M,), the number of the scene that each belongs to.
    """

    numbers: Numbers
    learnt: Numbers
    judged: Numbers
    crops: NDArray[np.uint8]
    weights: NDArray[np.uint8]
    expression: Floats
    crop: Crop
    scope: Scope
    heads: Heads
    scenes: Numbers

    @classmethod
    def cut(cls, dataset: Dataset, watched: Callable[[int], None]) -> Lessons:
        """Decodes a dataset's video once; `watched` is told every frame's number."""
        person, split = dataset.person, dataset.split
        heads = Heads(person.rotation, person.scale, person.shift)
        learnt = _pieces(np.flatnonzero(dataset.seen[split.train]) + split.train.start)
        judged = np.flatnonzero(dataset.seen[split.validate]) + split.validate.start
        if not len(judged):
            learnt, judged = learnt[:-_JUDGED], learnt[-_JUDGED:]
        judged = judged[np.linspace(0, len(judged) - 1, min(_JUDGED, len(judged))).astype(int)]
        numbers = np.concatenate([learnt, judged])
        crop = Crop.of(person.mean, person.basis, person.expression[learnt])
        scope = Scope.of(person.expression[learnt], heads.of(learnt))
        crops = np.empty((len(numbers), SIZE, SIZE, 3), np.uint8)
        place = {int(number): index for index, number in enumerate(numbers)}
        for number, image in enumerate(dataset.frames(0, int(numbers.max()) + 1)):
            watched(number)
            if number in place:
                crops[place[number]] = cut(image, heads.place(crop, number))
        expression = person.expression[numbers]
        weights = np.stack([_weights(crop, person.mean, person.basis, row) for row in expression])
        scenes = np.searchsorted(dataset.cuts, numbers, side="right")
        count = len(learnt)
        return cls(
            numbers,
            np.arange(count),
            np.arange(count, len(numbers)),
            crops,
            weights,
            expression,
            crop,
            scope,
            heads,
            scenes,
        )

    @property
    def known(self) -> NDArray[np.bool_]:
        """(SIZE, SIZE), the pixels of the film that the network sees."""
        return self.crop.drawn < _UNKNOWN

    def features(self, indices: Numbers, rims: Numbers, noise: Floats | float = 0.0) -> Floats:
        """What the network is told: the mouths of some frames in the heads of others.

        Args:
            indices: (n,), frames whose mouths are wanted.
            rims: (n,), frames into which they are drawn.
            noise: (n, K), added to the mouths.
        """
        told = self.heads.of(self.numbers[rims]).told()
        return self.scope.features(self.expression[indices] + noise, told)


def _pieces(numbers: Numbers) -> Numbers:
    if len(numbers) <= _MOST:
        return numbers
    pieces = np.split(numbers, np.flatnonzero(np.diff(numbers // _PIECE)) + 1)
    taken = np.linspace(0, len(pieces) - 1, _MOST // _PIECE).astype(int)
    return np.concatenate([pieces[index] for index in taken])


def _weights(crop: Crop, mean: Floats, basis: Floats, row: Floats) -> NDArray[np.uint8]:
    ring = crop.within(mean[LIPS_OUTER] + np.tensordot(row, basis[:, LIPS_OUTER], 1))
    centre = ring.mean(axis=0)
    grown = centre + (ring - centre) * np.float32(_AROUND)
    mouth = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillConvexPoly(mouth, cv2.convexHull(np.rint(grown * 16).astype(np.int32)), 255, cv2.LINE_AA, 4)
    count = crop.drawn * (1 + (_MOUTH - 1) * cv2.blur(mouth, (5, 5)) / 255)
    return np.rint(16 * count).astype(np.uint8)
