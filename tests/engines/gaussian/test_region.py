import numpy as np
import pytest

from mien.engines.gaussian.footage import mask, mouth, still
from mien.engines.gaussian.model import CHANNELS
from mien.engines.gaussian.poses import Poses, Windows
from mien.engines.gaussian.region import FEATHER, soft_polygon
from mien.engines.gaussian.seeds import sow
from mien.face.topology import LIPS_INNER


def _at(picture, point):
    x, y = np.rint(point).astype(int)
    return picture[y, x]


@pytest.fixture(scope="module")
def share(astronaut):
    height, width = astronaut.image.shape[:2]
    return mask(astronaut.region.outline, astronaut.pose, (width, height))


def test_mouth_chin_and_jaw_line_are_drawn_and_eyes_are_not(astronaut, share):
    seen = astronaut.mean[:, :2] * astronaut.pose.scale + astronaut.pose.shift
    assert all(_at(share, seen[landmark]) == pytest.approx(1) for landmark in (13, 14, 61, 291, 17, 200, 199))
    assert all(_at(share, seen[landmark]) > 0.4 for landmark in (152, 148, 377))
    assert all(_at(share, seen[landmark]) < 0.05 for landmark in (33, 133, 159, 145, 263, 386, 10, 151, 9))


def test_the_mask_reaches_below_the_lowest_chin(astronaut, share):
    lowest = astronaut.mean[152] + astronaut.basis[0, 152]
    assert _at(share, lowest[:2] * astronaut.pose.scale + astronaut.pose.shift) > 0.4


def test_the_mask_is_soft_and_ends_inside_its_window(astronaut):
    poses = Poses(*(np.asarray(values)[None] for values in vars_of(astronaut.pose)))
    height, width = astronaut.image.shape[:2]
    windows = Windows.around(astronaut.region.outline, poses, (width, height), FEATHER)
    origin = windows.origin(poses[0])
    part = mask(astronaut.region.outline, poses[0].at(origin), windows.size)
    assert max(part[0].max(), part[-1].max(), part[:, 0].max(), part[:, -1].max()) < 0.02
    assert np.abs(np.diff(part, axis=0)).max() < 1.5 / (2 * FEATHER * astronaut.pose.scale)
    whole = mask(astronaut.region.outline, poses[0], (width, height))
    x, y = origin
    np.testing.assert_allclose(whole[y : y + windows.size[1], x : x + windows.size[0]], part, atol=0.02)


def vars_of(pose):
    return pose.rotation, pose.scale, pose.shift, pose.torso


def test_the_head_is_looked_for_where_no_mouth_is(astronaut, share):
    weight = still(astronaut.region, astronaut.pose, astronaut.expression, share)
    lips = mouth(astronaut.region, astronaut.pose, astronaut.expression, (share.shape[1], share.shape[0]))
    assert weight[lips > 0.5].max() < 0.01
    assert (weight > 0.5).sum() > 0.3 * (share > 0.5).sum()


def test_a_soft_polygon_keeps_its_area():
    square = np.array([[10, 10], [50, 10], [50, 40], [10, 40]], np.float32)
    soft = soft_polygon(square, 4, (64, 64))
    assert soft.sum() == pytest.approx(41 * 31, rel=0.03)
    assert soft[25, 30] == pytest.approx(1)
    assert 0.3 < soft[10, 30] < 0.7


def test_the_neck_follows_the_torso_and_the_face_does_not(astronaut):
    region = astronaut.region
    assert not region.torso[:468].any()
    assert region.torso.max() == 1
    assert ((region.torso >= 0) & (region.torso <= 1)).all()


def test_seeds_lie_on_the_drawn_part_densest_at_the_mouth_and_some_behind_the_lips(astronaut, share):
    region, pose = astronaut.region, astronaut.pose
    seeds = sow(region, astronaut.image, pose, astronaut.expression, share, 4000, seed=2)
    model = seeds.model
    assert model.linear.shape == (4000, CHANNELS, 3)
    seen = model.linear[:, :2, 0] * pose.scale + pose.shift
    places = np.rint(seen).astype(int)
    assert (share[places[:, 1], places[:, 0]] > 0).mean() > 0.99
    lips = mouth(region, pose, astronaut.expression, (share.shape[1], share.shape[0])) > 0.5
    density = lips[places[:, 1], places[:, 0]].sum() / lips.sum() / (4000 / (share > 0).sum())
    assert density > 1.5
    behind = seeds.freedom[:, 0] == 0
    assert 0.05 <= behind.mean() <= 0.07
    assert model.linear[behind, 2, 0].min() > region.vertices[LIPS_INNER, 2].min()


def test_skin_between_landmarks_moves_as_they_do(astronaut, share):
    seeds = sow(astronaut.region, astronaut.image, astronaut.pose, astronaut.expression, share, 4000, seed=2)
    model = seeds.model
    chin = np.linalg.norm(model.linear[:, :3, 0] - astronaut.mean[152], axis=1) < 0.08
    assert chin.sum() > 5
    np.testing.assert_allclose(model.linear[chin, 1, 1].max(), astronaut.basis[0, 152, 1], rtol=0.25)
    cheek = np.linalg.norm(model.linear[:, :3, 0] - astronaut.mean[118], axis=1) < 0.08
    assert np.abs(model.linear[cheek, :3, 1:]).max() < 1e-3
