"""What an avatar looks like in a list."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mien.avatars import Manifest, PackageBuilder, add_film
from mien.errors import NotFoundError
from mien.server import previews


def package(path: Path, shade: int | None):
    with PackageBuilder(path) as builder:
        if shade is not None:
            add_film(builder, [np.full((640, 640, 3), shade, np.uint8)] * 3, (640, 640), 25)
        return builder.finish(Manifest(name="me", engine="clip", source_sha256="0" * 64, size=(640, 640)))


def test_an_avatar_that_was_learnt_from_a_video_shows_its_film(tmp_path: Path):
    picture = Image.open(io.BytesIO(previews.jpeg(package(tmp_path / "me.mien", 120))))
    assert (picture.format, picture.size) == ("JPEG", (512, 512))
    assert np.asarray(picture).mean() == pytest.approx(120, abs=4)


def test_one_without_any_picture_says_so(tmp_path: Path):
    with pytest.raises(NotFoundError):
        previews.jpeg(package(tmp_path / "me.mien", None))
