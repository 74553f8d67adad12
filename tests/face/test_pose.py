from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.face import Face, FaceTracker, head_pose, pose_of, rotation_of, similarity
from mien.face.pose import CANONICAL_INDICES, CANONICAL_POINTS
from mien.types import HeadPose, Image, Landmarks

from .conftest import turned

NOSE_TIP, CHIN, FOREHEAD = 4, 152, 10


def seen_from(pose: HeadPose, distance_cm: float = 70.0, pixels_per_cm: float = 10.0) -> Landmarks:
    """The canonical head before a camera that points at its middle; only the landmarks that the pose uses are set."""
    turned_head = (CANONICAL_POINTS - CANONICAL_POINTS.mean(axis=0)) @ rotation_of(pose).T
    depth = distance_cm + turned_head[:, 2:]
    landmarks = np.zeros((478, 3), np.float32)
    landmarks[CANONICAL_INDICES, :2] = 300 + pixels_per_cm * distance_cm * turned_head[:, :2] / depth
    landmarks[CANONICAL_INDICES, 2] = pixels_per_cm * turned_head[:, 2]
    return landmarks


@given(yaw=st.floats(-60, 60), pitch=st.floats(-40, 40), roll=st.floats(-170, 170))
def test_recovers_the_pose_of_a_drawn_head(yaw: float, pitch: float, roll: float) -> None:
    found = head_pose(seen_from(HeadPose(yaw, pitch, roll)))
    np.testing.assert_allclose(
        rotation_of(found), rotation_of(HeadPose(yaw, pitch, roll)), atol=np.radians(3), err_msg=str(found)
    )


@pytest.mark.parametrize("distance_cm", [40, 120, 400])
def test_distance_of_the_camera_matters_little(distance_cm: float) -> None:
    found = head_pose(seen_from(HeadPose(15, 5, 3), distance_cm))
    assert (found.yaw, found.pitch, found.roll) == pytest.approx((15, 5, 3), abs=6)


def test_signs_are_those_of_the_convention() -> None:
    nose = CANONICAL_POINTS[list(CANONICAL_INDICES).index(NOSE_TIP)]
    assert (rotation_of(HeadPose(20, 0, 0)) @ nose)[0] > nose[0] + 1  # yaw > 0: to the image's right
    assert (rotation_of(HeadPose(0, 20, 0)) @ nose)[1] > nose[1] + 1  # pitch > 0: down
    up = np.array([0.0, -1.0, 0.0])
    assert (rotation_of(HeadPose(0, 0, 20)) @ up)[0] > 0.3  # roll > 0: clockwise


@given(yaw=st.floats(-170, 170), pitch=st.floats(-85, 85), roll=st.floats(-170, 170))
def test_pose_and_rotation_are_inverse(yaw: float, pitch: float, roll: float) -> None:
    pose = pose_of(rotation_of(HeadPose(yaw, pitch, roll)))
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((yaw, pitch, roll), abs=1e-6)


def test_the_astronaut_looks_into_the_camera(face: Face) -> None:
    pose = head_pose(face.landmarks)
    assert abs(pose.yaw) < 5
    assert abs(pose.pitch) < 10
    assert abs(pose.roll) < 6


def test_agrees_with_the_networks_own_depth(face: Face) -> None:
    flat = head_pose(face.landmarks)
    solid = pose_of(similarity(CANONICAL_POINTS, face.landmarks[CANONICAL_INDICES].astype(float)).rotation)
    assert (flat.yaw, flat.roll) == pytest.approx((solid.yaw, solid.roll), abs=3)
    assert flat.pitch == pytest.approx(solid.pitch, abs=6)


@pytest.mark.parametrize("degrees", [-40, 25])
def test_roll_follows_the_turned_picture(tracker: FaceTracker, picture: Image, face: Face, degrees: int) -> None:
    found = tracker.find(turned(picture, degrees)[0])
    assert found is not None
    assert head_pose(found.landmarks).roll - head_pose(face.landmarks).roll == pytest.approx(degrees, abs=3)


def test_a_mirrored_picture_mirrors_yaw_and_roll(tracker: FaceTracker, picture: Image, face: Face) -> None:
    mirrored = tracker.find(np.ascontiguousarray(picture[:, ::-1]))
    assert mirrored is not None
    one, other = head_pose(face.landmarks), head_pose(mirrored.landmarks)
    assert (other.yaw, other.pitch, other.roll) == pytest.approx((-one.yaw, one.pitch, -one.roll), abs=2)
