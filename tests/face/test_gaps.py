from __future__ import annotations

import numpy as np
import pytest

from mien.errors import FaceError
from mien.face import Face, bridge_gaps
from mien.types import FaceBox

BOX = FaceBox((0.0, 0.0, 1.0, 1.0), 1.0, np.zeros((6, 2), np.float32))


def at(value: float) -> Face:
    return Face(np.full((478, 3), value, np.float32), 1.0, BOX)


def test_straight_lines_between_faces_and_the_nearest_at_the_ends() -> None:
    faces = [None, at(1), None, None, at(4), at(10), None]
    bridged = bridge_gaps(faces, longest=2)
    assert bridged.shape == (7, 478, 3)
    assert bridged.dtype == np.float32
    np.testing.assert_allclose(bridged[:, 0, 0], [1, 1, 2, 3, 4, 10, 10])


def test_without_gaps_nothing_changes() -> None:
    np.testing.assert_array_equal(bridge_gaps([at(1), at(5)], longest=0)[:, 3, 2], [1, 5])


@pytest.mark.parametrize(
    ("faces", "where"),
    [
        ([at(1), None, None, None, at(2)], "from frame 1 to 3"),
        ([None, None, None, at(2)], "from frame 0 to 2"),
        ([at(1), None, at(2), None, None, None], "from frame 3 to 5"),
    ],
)
def test_a_long_gap_is_an_error_that_names_it(faces: list[Face | None], where: str) -> None:
    with pytest.raises(FaceError, match=where):
        bridge_gaps(faces, longest=2)


@pytest.mark.parametrize("faces", [[], [None, None]])
def test_no_face_at_all_is_an_error(faces: list[Face | None]) -> None:
    with pytest.raises(FaceError, match="No face was found"):
        bridge_gaps(faces, longest=9)
