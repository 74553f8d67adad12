from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mien.errors import Cancelled
from mien.training import matte as module
from mien.training.matte import Backdrop, Mattes, covering, find_plate

SIDE = 48
ROOM = np.random.default_rng(0).integers(60, 200, (SIDE, SIDE, 3), dtype=np.uint8)
SKIN = np.array([230, 120, 40], np.float32)


def person(left: int) -> np.ndarray:
    """A matte of somebody 16 pixels wide, with soft edges."""
    row = np.zeros(SIDE, np.float32)
    row[left : left + 16] = 1
    row[left - 1] = row[left + 16] = 0.5
    return np.repeat(row[None], SIDE, axis=0)


def filmed(matte: np.ndarray, behind: np.ndarray = ROOM) -> np.ndarray:
    share = matte[..., None]
    return np.rint(share * SKIN + (1 - share) * behind).astype(np.uint8)


def test_what_is_behind_a_moving_person_is_found():
    mattes = [person(left) for left in (4, 10, 22, 28)]
    plate = find_plate((filmed(each), each) for each in mattes)
    assert np.abs(plate.astype(int) - ROOM).max() <= 1


def test_where_the_person_always_stands_the_plate_is_like_its_surroundings():
    wall = np.full_like(ROOM, 90)
    plate = find_plate([(filmed(person(16), wall), person(16))])
    assert np.abs(plate.astype(int) - 90).max() <= 1
    everywhere = np.ones((SIDE, SIDE), np.float32)
    assert find_plate([(ROOM, everywhere)]).shape == ROOM.shape


def test_edges_lose_the_old_background_and_all_of_it_is_replaced():
    matte, other = person(16), np.full_like(ROOM, (0, 177, 64))
    shown = Backdrop(ROOM, other).shown(filmed(matte), matte)
    assert np.abs(shown.astype(int) - filmed(matte, other)).max() <= 1
    moved = np.roll(ROOM, 5, axis=0)
    assert (Backdrop(moved, other).shown(ROOM, np.zeros_like(matte)) == other).all(), "whatever moves in the old one"
    assert (Backdrop(moved, other).shown(ROOM, np.ones_like(matte)) == ROOM).all()


@pytest.mark.parametrize(("wide", "high"), [(300, 100), (100, 300), (20, 20), (2, 2), (1, 7)])
def test_a_background_of_any_size_covers_the_frame(wide: int, high: int):
    picture = np.full((high, wide, 3), 40, np.uint8)
    picture[high // 2, wide // 2] = 250
    shown = covering(picture, (64, 32))
    assert shown.shape == (32, 64, 3)
    assert shown[12:20, 24:40].max() > 60, "its middle is in the middle"


def broken_off(shares: list[np.ndarray]) -> Iterator[np.ndarray]:
    yield from shares[:2]
    raise Cancelled("Stopped.")


def test_pieces_that_are_there_are_not_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "CHUNK", 4)
    mattes = Mattes(tmp_path / "mattes", 10, (SIDE - 1, SIDE))
    shares = [np.full((SIDE, SIDE - 1), n / 10, np.float32) for n in range(10)]
    assert list(mattes.missing()) == [slice(0, 4), slice(4, 8), slice(8, 10)]
    with pytest.raises(Cancelled):
        mattes.add(slice(4, 8), broken_off(shares[4:8]))
    for piece in (slice(0, 4), slice(8, 10)):
        mattes.add(piece, shares[piece])
    assert list(mattes.missing()) == [slice(4, 8)]
    mattes.add(slice(4, 8), shares[4:8])
    for start in (0, 3, 4, 9):
        found = list(mattes.frames(start))
        assert len(found) == 10 - start
        assert found[0].shape == (SIDE, SIDE - 1), "an odd width too"
        assert np.abs([matte.mean() - n / 10 for n, matte in enumerate(found, start)]).max() < 0.01
