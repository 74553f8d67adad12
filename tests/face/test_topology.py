from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from mien.face import Face, topology

RINGS = {
    name: getattr(topology, name)
    for name in ("FACE_OVAL", "LIPS_OUTER", "LIPS_INNER", "RIGHT_EYE", "LEFT_EYE", "RIGHT_BROW", "LEFT_BROW")
}


def test_triangles_are_one_sheet_with_the_oval_as_its_edge() -> None:
    triangles = topology.triangles()
    assert triangles.shape == (898, 3)
    assert set(triangles.ravel()) == set(range(topology.N_MESH))
    directed = Counter((a, b) for t in triangles.tolist() for a, b in ((t[0], t[1]), (t[1], t[2]), (t[2], t[0])))
    assert max(directed.values()) == 1  # neighbours run along their edge in opposite directions
    rim = {edge for edge in directed if edge[::-1] not in directed}
    ring = topology.FACE_OVAL.tolist()
    assert rim == set(pairwise([*ring, ring[0]]))
    vertices, edges = topology.N_MESH, len({frozenset(edge) for edge in directed})
    assert vertices - edges + len(triangles) == 1  # no holes


def test_triangles_run_clockwise_in_a_picture(face: Face) -> None:
    corners = face.landmarks[topology.triangles(), :2].astype(float)
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    areas = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]
    assert (areas > 0).mean() > 0.97  # but for a few at the nostrils, which fold over
    assert areas[areas > 0].sum() > 200 * -areas[areas < 0].sum()


@pytest.mark.parametrize("name", RINGS)
def test_rings_do_not_repeat_a_landmark(name: str) -> None:
    ring = RINGS[name]
    assert len(set(ring.tolist())) == len(ring)
    assert not ring.flags.writeable


@pytest.mark.parametrize("name", RINGS)
def test_rings_run_clockwise_or_are_the_mirror_of_one_that_does(name: str, face: Face) -> None:
    x, y = face.landmarks[RINGS[name], :2].T.astype(float)
    area = (x * np.roll(y, -1) - y * np.roll(x, -1)).sum()
    assert (area > 0) != name.startswith("LEFT_")


def test_lip_rings_are_in_step(face: Face) -> None:
    outer, inner = (face.landmarks[ring, :2] for ring in (topology.LIPS_OUTER, topology.LIPS_INNER))
    width = np.linalg.norm(outer[0] - outer[10])
    assert np.linalg.norm(outer - inner, axis=1).max() < 0.25 * width
    assert np.linalg.norm(outer[:, None] - inner[None], axis=-1).argmin(axis=1).tolist() == pytest.approx(
        list(range(20)), abs=1
    )


@pytest.mark.parametrize(
    ("iris", "eye"), [(topology.RIGHT_IRIS, topology.RIGHT_EYE), (topology.LEFT_IRIS, topology.LEFT_EYE)]
)
def test_an_iris_lies_in_its_eye(face: Face, iris: np.ndarray, eye: np.ndarray) -> None:
    centre, right, top, left, bottom = face.landmarks[iris, :2]
    low, high = face.landmarks[eye, :2].min(axis=0), face.landmarks[eye, :2].max(axis=0)
    assert ((low < centre) & (centre < high)).all()
    assert left[0] < centre[0] < right[0]
    assert top[1] < centre[1] < bottom[1]


def test_sides_are_the_persons(face: Face) -> None:
    for right, left in (("RIGHT_EYE", "LEFT_EYE"), ("RIGHT_BROW", "LEFT_BROW"), ("RIGHT_IRIS", "LEFT_IRIS")):
        middles = [face.landmarks[getattr(topology, name), 0].mean() for name in (right, left)]
        assert middles[0] < middles[1]
