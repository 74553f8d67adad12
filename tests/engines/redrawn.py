"""What every engine that draws over frames of its video must show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.avatars import AvatarPackage
from mien.errors import InputError
from mien.training import Dataset
from mien.types import Image
from mien.types.engine import Redraw

FRAMES = 6


def held_out(dataset: Dataset) -> slice:
    """The beginning of what was kept back, in which the mouth moves."""
    start = dataset.split.test.start
    opening = dataset.person.expression[start:, 0]
    moves = [float(opening[n : n + FRAMES].std()) for n in range(len(opening) - FRAMES)]
    return slice(start + int(np.argmax(moves)), start + int(np.argmax(moves)) + FRAMES)


def drawn(redraw: Redraw, package: AvatarPackage, dataset: Dataset, frames: slice, still: bool = False) -> list[Image]:
    coefficients = dataset.person.expression[frames]
    if still:
        coefficients = np.zeros_like(coefficients)
    return list(redraw(package, dataset, frames, coefficients, np.zeros(len(coefficients), np.float32)))


def distance(images: list[Image], real: list[Image]) -> float:
    return float(np.mean([np.square(a.astype(np.float32) - b).mean() for a, b in zip(images, real, strict=True)]))


class RedrawContract:
    """Fixtures `package` and `dataset` are of the engine's own."""

    redraw: Redraw

    def test_the_real_mouth_is_seen_again_and_nothing_else_changes(self, package: AvatarPackage, dataset: Dataset):
        frames = held_out(dataset)
        real = list(dataset.frames(frames.start, frames.stop))
        tracked = drawn(self.redraw, package, dataset, frames)
        still = drawn(self.redraw, package, dataset, frames, still=True)
        assert [image.shape for image in tracked] == [image.shape for image in real]
        assert 0 < distance(tracked, real) < 0.8 * distance(still, real)
        eyes = int(dataset.landmarks[frames, [33, 263], 1].min() - 8)
        assert all((a[:eyes] == b[:eyes]).all() for a, b in zip(tracked, real, strict=True))

    def test_a_frame_without_a_face_stays_as_it_is(self, package: AvatarPackage, dataset: Dataset):
        frames = held_out(dataset)
        hidden = Dataset.open(dataset.folder)
        vars(hidden)["seen"] = dataset.seen & (np.arange(dataset.count) != frames.start + 2)
        images, real = drawn(self.redraw, package, hidden, frames), list(dataset.frames(frames.start, frames.stop))
        same = [bool((a == b).all()) for a, b in zip(images, real, strict=True)]
        assert same == [False, False, True, False, False, False]
        vars(hidden)["seen"] = dataset.seen & (np.arange(dataset.count) != frames.start)
        nobody = drawn(self.redraw, package, hidden, slice(frames.start, frames.start + 1))
        assert (nobody[0] == real[0]).all()

    def test_an_avatar_of_another_preparation_is_refused(self, package: AvatarPackage, dataset: Dataset):
        other = Dataset.open(dataset.folder)
        person = dataset.person
        vars(other)["person"] = replace(person, calibration=replace(person.calibration, r=person.calibration.r / 2))
        with pytest.raises(InputError, match="not learnt from"):
            drawn(self.redraw, package, other, held_out(dataset))
