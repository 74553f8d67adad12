"""Folders as LiveTalking makes them."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from tests.training.conftest import SIDE, Person

from mien.errors import InputError
from mien.media import VideoReader, write_image
from mien.training.livetalking import film, is_livetalking

COUNT = 200
WIDE = 2 * SIDE


def made(folder: Path, person: Person, boxes: Any, *, left_first: bool = False, count: int = COUNT) -> Path:
    """The person at the right of a wide picture, in the layout of Wav2Lip or of MuseTalk."""
    pictures = folder / "full_imgs"
    pictures.mkdir(parents=True)
    for number in range(count):
        image = np.full((SIDE, WIDE, 3), 90, np.uint8)
        image[:, -SIDE:] = person.images[number]
        cv2.imwrite(str(pictures / f"{number}.png"), image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    (folder / "coords.pkl").write_bytes(pickle.dumps(boxes))
    if left_first:
        (folder / "mask").mkdir()
        (folder / "latents.pt").write_bytes(b"ignored")
    return folder


@pytest.fixture(scope="module")
def pictures(person: Person, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without coordinates that can be read."""
    return made(tmp_path_factory.mktemp("livetalking") / "anna", person, None)


def told(folder: Path, boxes: Any, tmp_path: Path) -> Path:
    """The same pictures with other coordinates."""
    other = tmp_path / "anna"
    other.mkdir()
    (other / "full_imgs").symlink_to(folder / "full_imgs")
    (other / "coords.pkl").write_bytes(boxes if isinstance(boxes, bytes) else pickle.dumps(boxes))
    return other


def sizes(folder: Path, tmp_path: Path) -> tuple[int, int]:
    film(folder, tmp_path / "film.mp4")
    with VideoReader(tmp_path / "film.mp4") as reader:
        assert reader.fps == 25
        assert sum(1 for _ in reader) == COUNT
        return reader.size


def test_it_is_known_by_its_pictures(pictures: Path, tmp_path: Path):
    assert is_livetalking(pictures)
    assert not is_livetalking(tmp_path)
    assert not is_livetalking(tmp_path / "nothing")


def test_frames_come_in_the_order_of_their_numbers_and_show_the_face(pictures: Path, person: Person, tmp_path: Path):
    box = (40, 100, WIDE - SIDE + 60, WIDE - SIDE + 120)
    folder = told(pictures, [box] * COUNT, tmp_path)
    width, height = sizes(folder, tmp_path)
    assert (width, height) == (SIDE + 30, SIDE - 2), "one and a half heights of the face to its left, the rest cut"
    with VideoReader(tmp_path / "film.mp4") as reader:
        for number, image in enumerate(reader):
            shown = image[:, -SIDE:].astype(int)
            error, other = (
                np.abs(shown - person.images[each % COUNT][: len(shown)]).mean() for each in (number, number + 30)
            )
            assert error < 4
            assert number % 40 or error < other


def test_boxes_of_musetalk_begin_with_their_left_side_and_may_be_missing(pictures: Path, tmp_path: Path):
    boxes = [[np.int64(WIDE - SIDE + 60), np.int32(40), WIDE - SIDE + 120, 100]] * (COUNT - 1) + [(0.0,) * 4]
    folder = told(pictures, boxes, tmp_path)
    (folder / "mask").mkdir()
    assert sizes(folder, tmp_path) == (SIDE + 30, SIDE - 2)


def test_without_coordinates_the_whole_picture_is_shown(pictures: Path, tmp_path: Path):
    folder = told(pictures, b"", tmp_path)
    (folder / "coords.pkl").unlink()
    assert sizes(folder, tmp_path) == (WIDE, SIDE)


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch /tmp/mien-was-here",)


@pytest.mark.parametrize(
    ("boxes", "says"),
    [
        ([(1, 2, 3, 4)] * (COUNT - 1), "199 frames; there are 200"),
        ([(1, 2, 3)] * COUNT, "four numbers"),
        ([(1, 2, 3, None)] * COUNT, "four numbers"),
        ([(1, 2, 3, float("inf"))] * COUNT, "finite"),
        ([(1, 2, 3, 10**400)] * COUNT, "finite"),
        ([(5000, 5100, 5000, 5100)] * COUNT, "outside"),
        ({"boxes": 1}, "EMPTY_DICT"),
        (7, "four numbers"),
        ([Evil()], "system"),
        (b"\x80\x04nothing", "damaged"),
    ],
)
def test_other_coordinates_are_refused_with_a_reason(boxes: Any, says: str, pictures: Path, tmp_path: Path):
    with pytest.raises(InputError, match=says):
        film(told(pictures, boxes, tmp_path), tmp_path / "film.mp4")
    assert not (tmp_path / "film.mp4").exists()
    assert not Path("/tmp/mien-was-here").exists()


def test_too_few_pictures_may_become_an_avatar_of_one(person: Person, tmp_path: Path):
    with pytest.raises(InputError, match=r"30 pictures, which is 1\.2 s") as caught:
        film(made(tmp_path / "short", person, [], count=30), tmp_path / "film.mp4")
    assert "mien avatar create" in caught.value.hint
    (tmp_path / "empty" / "full_imgs").mkdir(parents=True)
    with pytest.raises(InputError, match="no pictures"):
        film(tmp_path / "empty", tmp_path / "film.mp4")


def test_pictures_of_another_size_are_refused(pictures: Path, person: Person, tmp_path: Path):
    folder = tmp_path / "mixed"
    shutil.copytree(pictures / "full_imgs", folder / "full_imgs", copy_function=os.link)
    write_image(folder / "full_imgs" / "150.png", person.images[0], overwrite=True)
    with pytest.raises(InputError, match=r"150\.png has 192 × 192"):
        film(folder, tmp_path / "film.mp4")
