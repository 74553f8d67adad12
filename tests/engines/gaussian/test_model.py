import numpy as np
import pytest

from mien.engines.gaussian.model import CHANNELS, PLACE, FaceModel, Pose


@pytest.fixture
def model():
    random = np.random.default_rng(8)
    return FaceModel(
        random.standard_normal((5, CHANNELS, 4)).astype(np.float32),
        np.full((5, 3), -3, np.float32),
        np.tile(np.array([1, 0, 0, 0], np.float32), (5, 1)),
        np.array([0, 0.5, 1, 0, 0], np.float32),
    )


def test_channels_are_a_rest_and_what_each_coefficient_adds(model):
    coefficients = np.array([0.5, -1.0, 2.0], np.float32)
    expected = model.linear[:, :, 0] + model.linear[:, :, 1:] @ coefficients
    np.testing.assert_allclose(model.values(coefficients), expected, rtol=1e-5, atol=1e-6)


def test_a_frozen_face_has_the_same_values_whatever_becomes_of_the_model(model):
    coefficients = np.array([0.5, -1.0, 2.0], np.float32)
    values, frozen = model.values(coefficients), model.frozen()
    model.linear[:] = 0
    np.testing.assert_allclose(frozen(coefficients), values, rtol=1e-5, atol=1e-6)


def test_colours_may_follow_other_coefficients_than_places(model):
    one, other = np.array([0.5, -1.0, 2.0], np.float32), np.array([-0.3, 0.1, 0.7], np.float32)
    values = model.values_of(one, other)
    np.testing.assert_array_equal(values[:, :PLACE], model.values(one)[:, :PLACE])
    np.testing.assert_array_equal(values[:, PLACE:], model.values(other)[:, PLACE:])


def test_what_hangs_on_the_torso_moves_with_it_in_the_picture(model):
    turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((3, 3)))
    rotation = np.ascontiguousarray(turn * np.sign(np.linalg.det(turn)), np.float32)
    shift = np.array([20, 30], np.float32)
    values = model.values(np.zeros(3, np.float32))
    still, _ = model.splats(values, Pose(rotation, 50.0, shift, np.zeros(2, np.float32)))
    moved, _ = model.splats(values, Pose(rotation, 50.0, shift, np.array([4, -2], np.float32)))
    expected = model.torso[:, None] * np.array([4, -2], np.float32)
    np.testing.assert_allclose(moved.mean - still.mean, expected, atol=1e-3)


def test_a_pose_in_a_window_shows_the_same_elsewhere(model):
    pose = Pose(np.eye(3, dtype=np.float32), 50.0, np.array([20, 30], np.float32), np.zeros(2, np.float32))
    values = model.values(np.zeros(3, np.float32))
    whole, _ = model.splats(values, pose)
    part, _ = model.splats(values, pose.at((7, 9)))
    np.testing.assert_allclose(whole.mean - part.mean, np.tile([7, 9], (5, 1)), atol=1e-4)
