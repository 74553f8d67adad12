"""Where a head is turned."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import FaceError
from mien.face.align import similarity
from mien.types import HeadPose, Landmarks

Rotation = NDArray[np.float64]

_DISTANCE = 70.0
"""cm from the camera to the head: the picture of a face tells little of it, and a portrait is seldom taken from much nearer."""

# Centimetres, y up, z towards the viewer, the right half of the face and its middle: vertices of MediaPipe's
# canonical_face_model.obj (Apache-2.0).
_RIGHT = {
    (33, 263): (-4.445859, 2.663991, 3.173422),
    (133, 362): (-1.856432, 2.585245, 3.757904),
    (98, 327): (-1.405627, -1.714196, 5.241087),
    (109, 338): (-1.891399, 8.236377, 4.274997),
    (67, 297): (-3.523964, 8.005976, 3.729163),
    (127, 356): (-7.743095, 2.364999, -2.005167),
}
_MIDDLE = {
    10: (8.261778, 4.481535),
    151: (6.545390, 5.027311),
    9: (4.885979, 5.385258),
    8: (4.019042, 5.284764),
    168: (3.271027, 5.236015),
    6: (2.473255, 5.788627),
    197: (1.728369, 6.316750),
    195: (1.059413, 6.774605),
    5: (0.365669, 7.242870),
    4: (-0.463170, 7.586580),
    1: (-1.126865, 7.475604),
    2: (-2.089024, 6.058267),
}


def _canonical() -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Indices and points with the picture's axes: x right, y down, z away from the viewer."""
    points: dict[int, tuple[float, float, float]] = {}
    for (right, left), (x, y, z) in _RIGHT.items():
        points[right], points[left] = (x, -y, -z), (-x, -y, -z)
    points.update({index: (0.0, -y, -z) for index, (y, z) in _MIDDLE.items()})
    return np.array(list(points), np.int32), np.array(list(points.values()))


CANONICAL_INDICES, CANONICAL_POINTS = _canonical()


def head_pose(landmarks: Landmarks) -> HeadPose:
    """The turn of the head against the line of sight: a face that looks into the camera has zeros anywhere in the picture.

    Args:
        landmarks: (478, 3).

    Raises:
        FaceError: the landmarks are not those of a face.

    Source: Terzakis and Lourakis, "A Consistently Fast and Globally Optimal Solution to the PnP Problem" (2020).
    """
    points = landmarks[CANONICAL_INDICES].astype(np.float64)
    focal = _DISTANCE * similarity(CANONICAL_POINTS, points).scale
    camera = np.array([[focal, 0, points[:, 0].mean()], [0, focal, points[:, 1].mean()], [0, 0, 1]])
    done, turn, _ = cv2.solvePnP(CANONICAL_POINTS, points[:, :2].copy(), camera, None, flags=cv2.SOLVEPNP_SQPNP)
    if not done or not np.isfinite(turn).all():
        raise FaceError("No head pose fits these landmarks.", hint="Use a picture with a clear face.")
    return pose_of(np.asarray(cv2.Rodrigues(turn)[0], np.float64))


def rotation_of(pose: HeadPose) -> Rotation:
    """(3, 3) in the picture's axes (x right, y down, z away): yaw after pitch after roll."""
    yaw, pitch, roll = (math.radians(angle) for angle in (pose.yaw, pose.pitch, pose.roll))
    turn = np.array([[math.cos(yaw), 0, -math.sin(yaw)], [0, 1, 0], [math.sin(yaw), 0, math.cos(yaw)]])
    nod = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    tilt = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    return turn @ nod @ tilt


def pose_of(rotation: Rotation) -> HeadPose:
    """The inverse of `rotation_of`."""
    x, y, z = -rotation[:, 2]  # where the nose points
    yaw, pitch = math.atan2(x, -z), math.asin(max(-1.0, min(1.0, y)))
    straight = rotation_of(HeadPose(math.degrees(yaw), math.degrees(pitch), 0.0))
    tilt = straight.T @ rotation
    return HeadPose(math.degrees(yaw), math.degrees(pitch), math.degrees(math.atan2(tilt[1, 0], tilt[0, 0])))
