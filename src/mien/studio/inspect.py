"""What can be said of a picture before an avatar is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import cv2
import numpy as np

from mien.face import Face, FaceTracker, eye_distance, head_pose
from mien.face.require import GOOD_EYE_DISTANCE, MAX_YAW, MIN_EYE_DISTANCE
from mien.media import read_image
from mien.settings import Settings
from mien.types import Image, Landmarks
from mien.weights import WeightStore

Level: TypeAlias = Literal["good", "warn", "bad"]

LONGEST_SIDE = 1920
"""pixels; larger pictures are made smaller for an avatar, too."""
HEAD_SIDE, HEAD_CENTRE = 4.1, 0.52
"""The square that the frame "head" shows, in distances between the outer corners of the eyes: its side, and how far its centre is below the eyes."""
TURNED_YAW = 30.0
"""degrees; up to there both halves of the face move alike."""
OPEN_MOUTH = 0.06
"""Between the inner lips, of the distance between the eyes; closed ones are measured up to 0.03 apart."""
SHARP = 25.0
"""Variance of the Laplacian of the face at 100 pixels between the eyes: of photos and paintings 90 and more; blurred by a twentieth of that at most 16."""
DARK, BRIGHT = 50.0, 215.0
"""Median of the face's brightness, 0 … 255; very dark skin in good light has about 60, very light skin 200."""
GLARE_SHARE = 0.25
"""Of the face, white without any drawing."""

_UPPER_LIP, _LOWER_LIP = 13, 14
_RIGHT_EYE, _LEFT_EYE, _FOREHEAD, _CHIN = 33, 263, 10, 152


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels of the upright picture; may reach beyond its edges."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class FoundFace(Box):
    """Args:
    score: 0 … 1, how sure it is that this is a face.
    """

    score: float


@dataclass(frozen=True, slots=True)
class Hint:
    """Args:
    code: a stable word.
    level: "good", "warn": it works, but better pictures look better, "bad": no avatar can be made of it.
    message: what was noticed.
    hint: what to do about it; "" if nothing.
    """

    code: str
    level: Level
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Inspection:
    """Args:
    width, height: of the upright picture.
    faces: the largest first.
    chosen: which of them the avatar shows; None if there is none.
    crop: what the frame "head" shows of the picture; None if there is no face.
    hints: at least one.
    usable: an avatar can be made of it.
    """

    width: int
    height: int
    faces: tuple[FoundFace, ...]
    chosen: int | None
    crop: Box | None
    hints: tuple[Hint, ...]
    usable: bool


def inspect_picture(path: Path, settings: Settings) -> Inspection:
    """Looks for what makes a good avatar; about half a second.

    Raises:
        NotFoundError: there is no such file.
        MediaError: it is no picture, broken, or too large.
        WeightsError: the face networks are missing and cannot be fetched.
    """
    picture = read_image(path)
    height, width = picture.shape[:2]
    image, scale = _limited(picture)
    found = _faces(image, settings)
    best = max(range(len(found)), key=lambda index: eye_distance(found[index].landmarks), default=None)
    hints = [*_of_picture(width, height), *_of_faces(image, [face.landmarks for face in found], best)]
    usable = all(hint.level != "bad" for hint in hints)
    if all(hint.level == "good" for hint in hints):
        hints.append(Hint("good", "good", "The face is clearly visible from the front."))
    return Inspection(
        width=width,
        height=height,
        faces=tuple(_box(face, scale) for face in found),
        chosen=best,
        crop=None if best is None else _head(found[best].landmarks, image, scale),
        hints=tuple(hints),
        usable=usable,
    )


def _limited(picture: Image) -> tuple[Image, float]:
    """The picture at the size in which avatars are made, and how many of its own pixels one of those is."""
    height, width = picture.shape[:2]
    scale = max(width, height) / LONGEST_SIDE
    if scale <= 1:
        return picture, 1.0
    size = (max(1, round(width / scale)), max(1, round(height / scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _faces(image: Image, settings: Settings) -> list[Face]:
    tracker = FaceTracker(WeightStore.from_settings(settings), settings.threads)
    faces = (tracker.find(image, box) for box in tracker.detector.detect(image))
    return [face for face in faces if face is not None]


def _box(face: Face, scale: float) -> FoundFace:
    left, top, right, bottom = (scale * edge for edge in face.box.box_xyxy)
    return FoundFace(
        round(left, 1), round(top, 1), round(right - left, 1), round(bottom - top, 1), round(face.score, 3)
    )


def _head(landmarks: Landmarks, image: Image, scale: float) -> Box:
    height, width = image.shape[:2]
    iod = eye_distance(landmarks)
    side = round(min(HEAD_SIDE * iod, height, width))
    across = (landmarks[_LEFT_EYE] - landmarks[_RIGHT_EYE]) / iod
    down = landmarks[_CHIN] - landmarks[_FOREHEAD]
    down = down - across * float(down @ across)
    down = down / np.linalg.norm(down)
    x, y, _ = (landmarks[_LEFT_EYE] + landmarks[_RIGHT_EYE]) / 2 + HEAD_CENTRE * iod * down
    left = int(np.clip(round(float(x) - side / 2), 0, width - side))
    top = int(np.clip(round(float(y) - side / 2), 0, height - side))
    return Box(*(round(scale * value, 1) for value in (left, top, side, side)))


def _of_picture(width: int, height: int) -> Iterator[Hint]:
    if max(width, height) > 2 * LONGEST_SIDE:
        yield Hint(
            "large_picture",
            "good",
            f"The picture is very large ({width} × {height} pixels) and will be made smaller.",
        )


def _of_faces(image: Image, faces: list[Landmarks], best: int | None) -> Iterator[Hint]:
    if best is None:
        yield Hint(
            "no_face",
            "bad",
            "No face was found in the picture.",
            "Use a picture in which one face is clearly visible from the front.",
        )
        return
    if len(faces) > 1:
        yield Hint(
            "several_faces",
            "warn",
            f"{len(faces)} faces were found; the largest is used.",
            "Cut the picture to the face that you want.",
        )
    yield from _of_size(eye_distance(faces[best]))
    yield from _of_pose(faces[best])
    yield from _of_light(image, faces[best])


def _of_size(distance: float) -> Iterator[Hint]:
    message = f"The face is small: {distance:.0f} pixels between the eyes."
    if distance < MIN_EYE_DISTANCE:
        yield Hint("too_small", "bad", message, f"At least {MIN_EYE_DISTANCE:.0f} are needed: use a larger picture.")
    elif distance < GOOD_EYE_DISTANCE:
        yield Hint("small", "warn", message, "A larger picture, or one taken from nearer, would look better.")


def _of_pose(landmarks: Landmarks) -> Iterator[Hint]:
    yaw = abs(head_pose(landmarks).yaw)
    if yaw > MAX_YAW:
        message = f"The face is turned away by {yaw:.0f} degrees; at most {MAX_YAW:.0f} work."
        yield Hint("turned_away", "bad", message, "Use a picture taken from the front.")
    elif yaw > TURNED_YAW:
        message = f"The face is turned to the side by {yaw:.0f} degrees."
        yield Hint("turned", "warn", message, "A picture taken from the front would look better.")
    opening = float(np.linalg.norm(landmarks[_LOWER_LIP] - landmarks[_UPPER_LIP])) / eye_distance(landmarks)
    if opening > OPEN_MOUTH:
        yield Hint("mouth_open", "warn", "The mouth is open.", "A closed, relaxed mouth would look better.")


def _of_light(image: Image, landmarks: Landmarks) -> Iterator[Hint]:
    grey = _face_in_grey(image, landmarks)
    sharpness = float(cv2.Laplacian(grey, cv2.CV_64F).var())
    if sharpness < SHARP:
        yield Hint(
            "blurred", "warn", "The face is not sharp.", "A picture in focus, without motion, would look better."
        )
    brightness = float(np.median(grey))
    if brightness < DARK:
        yield Hint("dark", "warn", "The face is dark.", "More light from the front would look better.")
    elif brightness > BRIGHT or float((grey > 250).mean()) > GLARE_SHARE:
        yield Hint("overexposed", "warn", "Parts of the face are white.", "Less or softer light would look better.")


def _face_in_grey(image: Image, landmarks: Landmarks) -> Image:
    """The face at 100 pixels between the eyes, or fewer where it has fewer."""
    height, width = image.shape[:2]
    low, high = landmarks[:468, :2].min(axis=0), landmarks[:468, :2].max(axis=0)
    left, top = (int(value) for value in np.clip(low, 0, [width - 1, height - 1]))
    right, bottom = (int(value) for value in np.clip(np.ceil(high), [left + 1, top + 1], [width, height]))
    grey = cv2.cvtColor(np.ascontiguousarray(image[top:bottom, left:right]), cv2.COLOR_RGB2GRAY)
    scale = min(1.0, 100 / eye_distance(landmarks))
    size = (max(1, round(scale * grey.shape[1])), max(1, round(scale * grey.shape[0])))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
