from __future__ import annotations

import os

import numpy as np
import pytest

from mien.live.render.ring import Ring, new_file, open_file


def test_both_sides_see_the_same_pictures_and_no_name_is_left():
    ours, path = new_file()
    theirs = open_file(path)
    assert not path.exists()
    writer, reader = Ring(theirs, 3, (6, 4)), Ring(ours, 3, (6, 4))
    os.close(ours)
    os.close(theirs)
    writer[1][:] = np.arange(36, dtype=np.uint8).reshape(6, 6)
    kept = reader[1].copy()
    np.testing.assert_array_equal(kept, writer[1])
    assert not reader[0].any()
    assert not reader[2].any()
    for ring in (writer, reader, reader):
        ring.close()
    assert kept[5, 5] == 35


def test_memory_that_there_is_not_is_refused_at_once():
    file, path = new_file()
    try:
        with pytest.raises(OSError, match=r"."):
            Ring(file, 1 << 24, (1 << 12, 1 << 12))
    finally:
        os.close(file)
        path.unlink()
