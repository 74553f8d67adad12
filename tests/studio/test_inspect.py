from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.avatars import builtin_picture
from mien.engines.portrait.scene import Scene
from mien.errors import MediaError
from mien.face import FaceTracker
from mien.media import read_image, write_image
from mien.settings import load
from mien.studio.inspect import Inspection, inspect_picture
from mien.types import Image
from mien.weights import WeightStore


@pytest.fixture(scope="module")
def astronaut() -> Image:
    file = builtin_picture("astronaut")
    assert file is not None
    return read_image(file)


def inspected(image: NDArray[Any], folder: Path) -> Inspection:
    path = folder / "picture.jpg"
    write_image(path, np.asarray(image, np.uint8), quality=98, overwrite=True)
    return inspect_picture(path, load())


def codes(inspection: Inspection) -> dict[str, str]:
    return {hint.code: hint.level for hint in inspection.hints}


def test_a_face_is_found_with_what_the_video_will_show(
    astronaut: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = inspected(astronaut, tmp_path)
    assert (found.width, found.height, len(found.faces), found.chosen, found.usable) == (512, 512, 1, 0, True)
    assert codes(found) == {"mouth_open": "warn"}
    assert found.crop is not None
    face = found.faces[0]
    assert found.crop.x < face.x < face.x + face.width < found.crop.x + found.crop.width
    seen = FaceTracker(WeightStore.from_settings(load())).find(astronaut)
    assert seen is not None
    cut: list[tuple[int, int, int, int]] = []
    monkeypatch.setattr(Scene, "_cut", lambda picture, matte, landmarks, box, size: cut.append(box))
    Scene.head(astronaut, np.zeros((512, 512), np.float32), seen.landmarks, 512)
    assert cut == [(found.crop.x, found.crop.y, found.crop.width, found.crop.height)]


def test_boxes_are_pixels_of_the_picture_that_was_sent(astronaut: Image, tmp_path: Path) -> None:
    large = np.asarray(cv2.resize(astronaut, (4096, 4096), interpolation=cv2.INTER_CUBIC), np.uint8)
    found, small = inspected(large, tmp_path), inspected(astronaut, tmp_path)
    assert (found.width, found.height) == (4096, 4096)
    assert found.crop is not None
    assert small.crop is not None
    assert found.crop.width == pytest.approx(8 * small.crop.width, rel=0.05)
    assert codes(found)["large_picture"] == "good"


def test_a_picture_without_a_face_is_not_usable(tmp_path: Path) -> None:
    found = inspected(np.random.default_rng(0).integers(0, 255, (200, 300, 3)), tmp_path)
    assert (found.faces, found.chosen, found.crop, found.usable) == ((), None, None, False)
    assert codes(found) == {"no_face": "bad"}


def test_of_several_faces_the_largest_is_chosen(astronaut: Image, tmp_path: Path) -> None:
    near = astronaut[:300, 70:370]
    far = np.asarray(cv2.resize(near, (250, 250), interpolation=cv2.INTER_AREA), np.uint8)
    both = np.concatenate([np.pad(far, ((0, 50), (0, 0), (0, 0))), near], axis=1)
    found = inspected(both, tmp_path)
    assert codes(found)["several_faces"] == "warn"
    assert found.chosen is not None
    assert found.faces[found.chosen].x > 250


def test_a_face_may_be_too_small(astronaut: Image, tmp_path: Path) -> None:
    sizes = {"small": 256, "too_small": 120}
    for code, side in sizes.items():
        found = inspected(cv2.resize(astronaut, (side, side), interpolation=cv2.INTER_AREA), tmp_path)
        assert code in codes(found)
        assert found.usable == (code == "small")


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("blurred", lambda image: cv2.GaussianBlur(image, (0, 0), 4)),
        ("dark", lambda image: image * 0.15),
        ("overexposed", lambda image: np.clip(image * 1.9 + 40, 0, 255)),
    ],
)
def test_bad_light_and_focus_are_noticed(
    astronaut: Image, tmp_path: Path, code: str, spoil: Callable[[Image], NDArray[Any]]
) -> None:
    found = inspected(spoil(astronaut), tmp_path)
    assert codes(found)[code] == "warn"
    assert found.usable


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"GIF89a but not really")
    with pytest.raises(MediaError):
        inspect_picture(path, load())
