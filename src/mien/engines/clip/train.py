"""A video becomes a clip avatar: nothing is optimised, mouths are gathered."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.avatars import PackageBuilder, add_film, best_stretch
from mien.engines.clip.library import (
    CALIBRATION,
    EXAMPLES,
    PERSON,
    PLACES,
    STEPS_PER_PIXEL,
    TILES,
    Lips,
    turns_of,
)
from mien.engines.clip.patch import FloatArray, Patch, Pose
from mien.engines.clip.render import Place
from mien.media import VideoWriter
from mien.training import FPS, Dataset, prepare
from mien.types import Image, Progress, Report, TrainingRun, silent

MOST_EXAMPLES = 600
"""In a library: 24 s of speech; 8 MB of memory per 100 at 512²."""

_RUN = 10
"""Frames of a piece of video that is taken or left as a whole when there are more: real successions are what makes speech look real."""
_CRF = 14
_MARGIN = 4


def train(run: TrainingRun) -> list[str]:
    """Makes a clip avatar; see `mien.types.Train`."""
    dataset = prepare(run.video, run.work / "dataset", run.settings, report=run.report)
    gather(dataset, run.package, run.report)
    return list(dataset.remarks)


def gather(dataset: Dataset, package: PackageBuilder, report: Report = silent) -> None:
    """Puts all that a clip avatar is made of into a package; the test part of the video gives no mouths."""
    person = dataset.person
    patch = Patch.of(person.mean, person.basis)
    lips = Lips.of(person.mean, person.basis, person.expression[dataset.seen])
    film = best_stretch(dataset.seen, _movement(person.shift), FPS)
    usable = np.flatnonzero(dataset.seen[: dataset.split.test.start])
    chosen = usable[choose(lips.points(person.expression[usable], turns_of(person.rotation[usable, :2])), usable)]
    mouths = places(dataset, patch, chosen.tolist())
    size, corners = tiles(np.stack([place.vertices[patch.shown > 0] for place in mouths]), dataset.size)
    cut = [
        replace(place, vertices=place.vertices - corner.astype(np.float32))
        for place, corner in zip(mouths, corners, strict=True)
    ]
    package.add_arrays(PERSON, {"mean": person.mean, "basis": person.basis})
    package.add_bytes(CALIBRATION, person.calibration.to_json().encode())
    package.add_arrays(PLACES, _arrays(places(dataset, patch, range(film.start, film.stop))))
    package.add_arrays(EXAMPLES, _arrays(cut) | {"successor": successors(chosen)})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, TILES)
        with VideoWriter(path, size, FPS, None, crf=_CRF) as writer:
            at = dict(zip(chosen.tolist(), corners.tolist(), strict=True))
            frames = _cutting(dataset.frames(), at, writer, max(film.stop, int(chosen[-1]) + 1), report)
            add_film(package, (frame for n, frame in frames if film.start <= n < film.stop), dataset.size, FPS)
        package.add_bytes(TILES, path.read_bytes())


def choose(places: FloatArray, frames: NDArray[np.int64], most: int = MOST_EXAMPLES) -> NDArray[np.int64]:
    """Which of the mouths stand for all of them; ascending.

    Pieces of `_RUN` frames are taken one by one, each the one that brings the others' nearest example closest.

    Args:
        places: (N, D), the mouths as `points`.
        frames: (N,), their numbers in the video, ascending.
        most: that are taken.
    """
    if len(frames) <= most:
        return np.arange(len(frames))
    pieces = np.split(np.arange(len(frames)), np.flatnonzero(np.diff(frames // _RUN)) + 1)
    far = np.stack([_distance(places, places[piece]) for piece in pieces])
    nearest = np.full(len(frames), far.max(), np.float32)
    taken: list[int] = []
    while sum(len(pieces[piece]) for piece in taken) + _RUN <= most:
        gains = np.maximum(nearest - far, 0).sum(axis=1)
        taken.append(int(gains.argmax()))
        nearest = np.minimum(nearest, far[taken[-1]])
    return np.concatenate([pieces[piece] for piece in sorted(taken)])


def _distance(places: FloatArray, some: FloatArray) -> FloatArray:
    """(N,), from each place to the nearest of some."""
    return np.min([np.linalg.norm(places - one, axis=1) for one in some], axis=0).astype(np.float32)


def successors(frames: NDArray[np.int64]) -> NDArray[np.int32]:
    """The number of each frame's next one among these; its own where that is not among them."""
    own = np.arange(len(frames))
    follows = np.append(np.diff(frames) == 1, False)
    return np.where(follows, own + 1, own).astype(np.int32)


def tiles(places: FloatArray, frame: tuple[int, int]) -> tuple[tuple[int, int], NDArray[np.int64]]:
    """What is cut out of the frames: one size for all, width and height, both even; and where each one's upper left corner is, (M, 2).

    Args:
        places: (M, P, 2), pixels that must be in it.
        frame: width, height.
    """
    low = np.floor(places.min(axis=1)).astype(int) - _MARGIN
    extent = (np.ceil(places.max(axis=1)).astype(int) + _MARGIN - low).max(axis=0)
    width, height = np.minimum(extent + extent % 2, np.array(frame) // 2 * 2).tolist()
    return (width, height), np.clip(low, 0, np.array(frame) - (width, height))


def _cutting(
    frames: Iterator[Image], corners: dict[int, list[int]], writer: VideoWriter, count: int, report: Report
) -> Iterator[tuple[int, Image]]:
    """Passes frames on; those that have a corner are cut for the library on the way."""
    width, height = writer.size
    for number, frame in enumerate(islice(frames, count)):
        if number in corners:
            x, y = corners[number]
            writer.write(frame[y : y + height, x : x + width])
        report(Progress("train", number + 1, count, "frames"))
        yield number, frame


def places(dataset: Dataset, patch: Patch, frames: Iterable[int]) -> list[Place]:
    """Where the head is in frames of the video in which it is seen."""
    person = dataset.person
    found = []
    for n in frames:
        turn = (person.rotation[n, :2] * person.scale[n]).astype(np.float32)
        pose, mouth = Pose(turn, person.shift[n]), person.expression[n]
        found.append(Place(pose, mouth, patch.seen(dataset.landmarks[n], pose, mouth)))
    return found


def _arrays(found: list[Place]) -> dict[str, NDArray[Any]]:
    """As they are kept in the package; where the heads are, only for the film."""
    return {
        "turn": np.stack([place.pose.turn for place in found]),
        "shift": np.stack([place.pose.shift for place in found]),
        "mouth": np.stack([place.mouth for place in found]),
        "vertices": np.rint(np.stack([place.vertices for place in found]) * STEPS_PER_PIXEL).astype(np.int32),
    }


def _movement(shift: FloatArray) -> FloatArray:
    return np.linalg.norm(np.diff(shift, axis=0, prepend=shift[:1]), axis=1)
