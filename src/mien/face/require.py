"""The face that an avatar is made of, or a clear sentence why there is none."""

from __future__ import annotations

import numpy as np

from mien.errors import FaceError
from mien.face.landmarker import Face, FaceTracker
from mien.face.pose import head_pose
from mien.types import Image, Landmarks

MIN_EYE_DISTANCE = 16.0
GOOD_EYE_DISTANCE = 40.0
"""pixels between the outer corners of the eyes."""
MAX_YAW = 50.0
"""degrees; from there on one half of the mouth is hidden."""


def eye_distance(landmarks: Landmarks) -> float:
    """Pixels between the outer corners of the eyes (the IOD of `mien.motion`), depth included: it does not shrink with yaw."""
    return float(np.linalg.norm(landmarks[33].astype(float) - landmarks[263]))


def require_face(image: Image, tracker: FaceTracker) -> tuple[Face, list[str]]:
    """The largest face of a picture, and remarks for the user, one sentence each.

    Raises:
        FaceError: no face, or one that is too small or turned away.
    """
    height, width = image.shape[:2]
    boxes = tracker.detector.detect(image)
    faces = [face for face in (tracker.find(image, box) for box in boxes) if face is not None]
    if not faces:
        raise FaceError(
            f"No face was found in the picture ({width} x {height} pixels).",
            hint="Use a picture in which one face is clearly visible from the front.",
        )
    face = max(faces, key=lambda each: eye_distance(each.landmarks))
    distance = eye_distance(face.landmarks)
    _check(face, distance)
    remarks = []
    if len(faces) > 1:
        remarks.append(f"{len(faces)} faces were found; the largest is used.")
    if distance < GOOD_EYE_DISTANCE:
        remarks.append(
            f"The face is small ({distance:.0f} pixels between the eyes); a larger picture would look better."
        )
    return face, remarks


def _check(face: Face, distance: float) -> None:
    if distance < MIN_EYE_DISTANCE:
        raise FaceError(
            f"The face is too small: {distance:.0f} pixels between the eyes, at least {MIN_EYE_DISTANCE:.0f} are needed.",
            hint="Use a larger picture, or cut it closer to the face.",
        )
    yaw = head_pose(face.landmarks).yaw
    if abs(yaw) > MAX_YAW:
        raise FaceError(
            f"The face is turned away by {abs(yaw):.0f} degrees; at most {MAX_YAW:.0f} work.",
            hint="Use a picture taken from the front.",
        )
