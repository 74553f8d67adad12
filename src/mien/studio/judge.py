"""How well a trained avatar speaks what it has never heard: the part of its video that was kept back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from mien.avatars import AvatarPackage
from mien.evaluation.lips import CHANNELS, Lips, from_landmarks
from mien.evaluation.pictures import sharpness
from mien.evaluation.regions import mouth_mask
from mien.face import FaceTracker
from mien.settings import Settings
from mien.studio.engines import RenderOptions, engine_of_package, load_engine, open_session
from mien.training import FPS, Dataset
from mien.types import Image, Landmarks, Progress, Report, Samples, frame_bounds
from mien.weights import WeightStore

_LONGEST_S = 10.0
"""Of what was kept back; more says little more."""
_EVERY = 5
"""Frames of which one is looked at for sharpness."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of it.

    Args:
        r: mean correlation of jaw, opening and width of the lips with the real ones, -1 … 1.
        sharpness: of the mouth, as a share of the real one's, 0 … 1.
    """

    r: float
    sharpness: float

    @property
    def score(self) -> float:
        """Lips that go with the sound count as much as a mouth that looks real."""
        return (self.r + self.sharpness) / 2


def judge(package: AvatarPackage, dataset: Dataset, settings: Settings, report: Report) -> Judgement:
    """Lets the avatar speak the sound that was kept back, and compares its lips with the person's.

    Args:
        package: of a trained avatar.
        dataset: it was trained with.
        settings: see `mien.settings`.
        report: progress, stage "judge".
    """
    start = dataset.split.test.start
    stop = min(dataset.count, start + round(_LONGEST_S * FPS))
    samples = dataset.samples[frame_bounds(start, FPS)[0] : frame_bounds(stop - 1, FPS)[1]]
    tracker = FaceTracker(WeightStore.from_settings(settings), settings.threads)
    faces: list[Landmarks | None] = []
    mouths: list[float] = []
    for image, face in _tracked(tracker, islice(_spoken(package, samples, settings), stop - start)):
        if face is not None and len(faces) % _EVERY == 0:
            mouths.append(_mouth(image, face))
        faces.append(face)
        report(Progress("judge", len(faces), stop - start, "frames"))
    known = [dataset.landmarks[frame] if dataset.seen[frame] else None for frame in range(start, stop)]
    real = [
        _mouth(image, face)
        for index, (image, face) in enumerate(zip(dataset.frames(start, stop), known, strict=True))
        if face is not None and index % _EVERY == 0
    ]
    if not mouths or not real:
        return Judgement(-1.0, 0.0)
    share = float(np.median(mouths)) / max(float(np.median(real)), 1e-6)
    r = _agreement(from_landmarks(faces, FPS), from_landmarks(known, FPS))
    return Judgement(r, min(share, 1 / max(share, 1e-6)))


def _spoken(package: AvatarPackage, samples: Samples, settings: Settings) -> Iterator[Image]:
    engine = load_engine(engine_of_package(package), settings)
    session = open_session(engine, package, RenderOptions())
    session.push_audio(samples)
    session.end_segment()
    return (frame.image for frame in session.frames())


def _tracked(tracker: FaceTracker, images: Iterator[Image]) -> Iterator[tuple[Image, Landmarks | None]]:
    current: list[Image] = []

    def passing() -> Iterator[Image]:
        for image in images:
            current.append(image)
            yield image

    for face in tracker.track(passing()):
        yield current.pop(), None if face is None else face.landmarks


def _mouth(image: Image, landmarks: Landmarks) -> float:
    return sharpness(image, mouth_mask(landmarks, (image.shape[1], image.shape[0])))


def _agreement(shown: Lips, lived: Lips) -> float:
    """Mean r over the channels; one that does not move counts as 0."""
    length = min(len(shown.gap), len(lived.gap))
    known = shown.known[:length] & lived.known[:length]
    if known.sum() < FPS:
        return 0.0
    found = []
    for name in CHANNELS:
        ours, theirs = (getattr(lips, name)[:length][known] for lips in (shown, lived))
        moves = min(float(ours.std()), float(theirs.std())) > 1e-4
        found.append(float(np.corrcoef(ours, theirs)[0, 1]) if moves else 0.0)
    return float(np.mean(found))
