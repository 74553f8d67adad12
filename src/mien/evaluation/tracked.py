"""The landmarks of a whole video, on the disk: half an hour has 260 MB of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.footage import Footage
from mien.face import FaceTracker
from mien.types import Image, Landmarks, Progress, Report

_POINTS, _AXES = 478, 3


class LandmarkFile:
    """Landmarks, frame by frame; a context manager that removes nothing: the folder is the caller's.

    Args:
        path: of a file that is made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")
        self.count = 0

    def __enter__(self) -> LandmarkFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, landmarks: Landmarks | None) -> None:
        """The next frame's; None where no face is seen."""
        nobody = np.full((_POINTS, _AXES), np.nan, np.float32)
        self._file.write((nobody if landmarks is None else landmarks).astype(np.float32).tobytes())
        self.count += 1

    def landmarks(self) -> NDArray[np.float32]:
        """All so far, (N, 478, 3), read from the disk as they are needed; NaN where no face is seen."""
        self._file.flush()
        if not self.count:
            return np.zeros((0, _POINTS, _AXES), np.float32)
        return np.memmap(self._path, np.float32, "r", shape=(self.count, _POINTS, _AXES))


def follow(
    footage: Footage, tracker: FaceTracker, into: LandmarkFile, stage: str, report: Report, total: int | None = None
) -> Iterator[tuple[Image, Landmarks | None]]:
    """The frames of a video with the landmarks of the largest face in each, which are kept as well.

    Args:
        footage: the video.
        tracker: follows the face.
        into: where the landmarks are kept.
        stage, report: progress, in frames.
        total: frames, if that is known.
    """
    shown: list[Image] = []

    def images() -> Iterator[Image]:
        for image in footage.frames():
            shown[:] = [image]
            yield image

    for face in tracker.track(images()):
        landmarks = None if face is None else face.landmarks
        into.append(landmarks)
        report(Progress(stage, into.count, total, "frames"))
        yield shown[0], landmarks
