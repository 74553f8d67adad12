"""A picture or a video becomes a Wav2Lip avatar: nothing is learnt, the face is found."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.avatars import PackageBuilder, add_film, best_stretch
from mien.avatars.film import LONGEST_S
from mien.engines.wav2lip.footage import FACES, PICTURE
from mien.errors import FaceError
from mien.face import Face, FaceTracker, require_face
from mien.media import VideoReader
from mien.settings import Settings
from mien.types import Image, Progress, Report, TrainingRun
from mien.weights import WeightStore

FPS = 25.0
"""The frame rate of the videos that the networks were trained on, and of films."""
LONGEST_SIDE = {"picture": 1920, "film": 1280}
"""pixels; larger ones are made smaller: mouths have but 96 or 256."""

_SMOOTHED = 5
"""Frames over whose mean a face's place is taken, as officially."""


def prepare(source: Image, package: PackageBuilder, settings: Settings, report: Report) -> list[str]:
    """Makes an avatar of a picture; see `mien.types.engine.Prepare`."""
    picture = _limited(source, LONGEST_SIDE["picture"])
    report(Progress("analyse", 0, 1, "steps"))
    face, remarks = require_face(picture, FaceTracker(WeightStore.from_settings(settings), settings.threads))
    package.add_image(PICTURE, picture)
    package.add_arrays(FACES, {"landmarks": face.landmarks[None, :, :2], "seen": np.ones(1, bool)})
    report(Progress("analyse", 1, 1, "steps"))
    return remarks


def train(run: TrainingRun) -> list[str]:
    """Makes an avatar of a video; see `mien.types.Train`. A part of it without a face is shown as it is."""
    tracker = FaceTracker(WeightStore.from_settings(run.settings), run.settings.threads)
    with VideoReader(run.video, fps=FPS) as reader:
        expected = round((reader.duration_s or 0) * FPS)
        faces = list(_watched(tracker.track(_scaled(reader)), expected, run.report))
    seen = np.array([face is not None for face in faces])
    if not seen.any():
        raise FaceError(
            f"No face was found in {len(faces)} frames.", hint="Use a video in which one face is clearly visible."
        )
    landmarks = np.zeros((len(faces), 478, 2), np.float32)
    landmarks[seen] = [face.landmarks[:, :2] for face in faces if face is not None]
    part = slice(0, len(faces))
    if len(faces) > LONGEST_S * FPS:
        movement = np.linalg.norm(np.diff(landmarks.mean(axis=1), axis=0, prepend=landmarks[:1].mean(axis=1)), axis=1)
        part = best_stretch(seen, movement, FPS)
    with VideoReader(run.video, fps=FPS, start=part.start) as reader:
        frames = (frame for frame, _ in zip(_even(_scaled(reader)), range(part.start, part.stop), strict=False))
        first = next(frames)
        add_film(run.package, _with(first, frames), (first.shape[1], first.shape[0]), FPS)
    run.package.add_arrays(FACES, {"landmarks": smoothed(landmarks[part], seen[part]), "seen": seen[part]})
    missing = int((~seen[part]).sum())
    return [f"In {missing} of {part.stop - part.start} frames no face is seen; they are shown as they are."] * bool(
        missing
    )


def smoothed(landmarks: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The mean over the frames around each in which the face is seen as well, float32 (N, 478, 2).

    Args:
        landmarks: (N, 478, 2); of frames without a face they are not looked at.
        seen: (N,).
    """
    total, weight = np.zeros_like(landmarks), np.zeros((len(seen), 1, 1), np.float32)
    for shift in range(-(_SMOOTHED // 2), _SMOOTHED // 2 + 1):
        there = np.arange(len(seen)) + shift
        counted = (there >= 0) & (there < len(seen)) & seen[np.clip(there, 0, len(seen) - 1)]
        total[counted] += landmarks[there[counted]]
        weight[counted] += 1
    return np.where(seen[:, None, None], total / np.maximum(weight, 1), 0).astype(np.float32)


def _watched(faces: Iterator[Face | None], expected: int, report: Report) -> Iterator[Face | None]:
    for number, face in enumerate(faces, 1):
        report(Progress("train", number, max(expected, number), "frames"))
        yield face


def _scaled(frames: VideoReader) -> Iterator[Image]:
    for frame in frames:
        yield _limited(frame, LONGEST_SIDE["film"])


def _even(frames: Iterator[Image]) -> Iterator[Image]:
    for frame in frames:
        yield np.ascontiguousarray(frame[: frame.shape[0] & ~1, : frame.shape[1] & ~1])


def _with(first: Image, others: Iterator[Image]) -> Iterator[Image]:
    yield first
    yield from others


def _limited(picture: Image, longest: int) -> Image:
    scale = longest / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
