"""A folder of LiveTalking's becomes an avatar that speaks."""

from __future__ import annotations

import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.training.conftest import Person, person  # noqa: F401 - a fixture

from mien.errors import AlreadyExistsError, InputError, NotFoundError, UsageError
from mien.face import FaceTracker
from mien.settings import Settings, load
from mien.studio import Avatar, import_avatar, store
from mien.weights import WeightStore

COUNT = 205


@pytest.fixture
def folder(person: Person, tmp_path: Path) -> Path:  # noqa: F811
    pictures = tmp_path / "anna" / "full_imgs"
    pictures.mkdir(parents=True)
    for number, image in enumerate(person.images[:COUNT]):
        cv2.imwrite(str(pictures / f"{number:08d}.png"), image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    boxes = [(40, 150, 40, 150)] * COUNT
    (tmp_path / "anna" / "coords.pkl").write_bytes(pickle.dumps(boxes))
    return tmp_path / "anna"


def test_it_speaks_with_the_mouths_that_its_pictures_show(folder: Path, person: Person, here: Settings):  # noqa: F811
    package = import_avatar(folder, here, consent="hers")
    manifest = package.manifest
    assert (manifest.name, manifest.engine, manifest.consent) == ("anna", "clip", "hers")
    assert any("Nothing is heard" in remark for remark in manifest.remarks)
    assert not list((here.cache_dir / "training").iterdir()), "nothing is left behind"
    frames = list(Avatar(package, here).render(text="Mama may buy a big boat."))
    tracker = FaceTracker(WeightStore.from_settings(load()))
    faces = [face.landmarks for face in tracker.track(frame.image for frame in frames[::2]) if face is not None]
    assert len(faces) == len(frames[::2])
    gaps = np.array([np.linalg.norm(face[13] - face[14]) / np.linalg.norm(face[33] - face[263]) for face in faces])
    assert gaps.min() < 0.02, "it shuts for m and b"
    assert gaps.max() > 0.06, "it opens for a"
    with pytest.raises(AlreadyExistsError):
        import_avatar(folder, here)


def test_coordinates_that_would_run_something_leave_nothing(folder: Path, here: Settings):
    (folder / "coords.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(InputError, match=r"os\.system"):
        import_avatar(folder, here)
    assert store(here).list() == []
    assert not list((here.cache_dir / "training").iterdir())


def test_a_package_is_taken_as_it_is_and_other_folders_are_none(here: Settings, tmp_path: Path):
    with pytest.raises(UsageError, match="licence"):
        import_avatar(tmp_path / "anna.mien", here, consent="mine")
    with pytest.raises(NotFoundError):
        import_avatar(tmp_path / "anna.mien", here)
