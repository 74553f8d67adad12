from __future__ import annotations

import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from mien.avatars import AvatarPackage, Manifest, PackageBuilder, write_zip
from mien.errors import (
    AlreadyExistsError,
    FaceError,
    MediaError,
    MissingDependency,
    NotFoundError,
    PackageError,
    UsageError,
)
from mien.media import write_image
from mien.settings import Settings
from mien.studio import create_avatar, open_avatar, store
from mien.studio.engines import RenderOptions, engine_for_picture, engine_of_package, load_engine, open_session


def test_a_picture_is_prepared_once_whatever_it_is_called(photo: Path, settings: Settings, tmp_path: Path):
    first = open_avatar(photo, settings, engine="sketch")
    copy = tmp_path / "other.png"
    shutil.copy(photo, copy)
    second = open_avatar(str(copy), settings, engine="sketch")
    assert second.where == first.where
    assert second.manifest.created == first.manifest.created


def test_a_deleted_cache_is_no_trouble(photo: Path, settings: Settings):
    open_avatar(photo, settings, engine="sketch")
    shutil.rmtree(settings.cache_dir)
    assert open_avatar(photo, settings, engine="sketch").image("picture").shape == (96, 96, 3)


def test_the_built_in_avatar(settings: Settings):
    package = open_avatar("astronaut", settings, engine="sketch")
    assert package.manifest.name == "astronaut"
    assert package.manifest.licence == "public domain"


def test_a_stored_avatar_hides_the_built_in_one_and_a_file_hides_both(
    photo: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    create_avatar("astronaut", photo, settings, engine="sketch")
    assert open_avatar("astronaut", settings).where == store(settings).path("astronaut")
    monkeypatch.chdir(tmp_path)
    shutil.copy(photo, tmp_path / "astronaut")
    assert open_avatar("astronaut", settings, engine="sketch").where.is_relative_to(settings.cache_dir)


def test_a_folder_of_that_name_is_not_taken_for_a_package(
    photo: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    create_avatar("anna", photo, settings, engine="sketch")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "anna").mkdir()
    assert open_avatar("anna", settings).manifest.name == "anna"


def test_packages_by_path(avatar: AvatarPackage, settings: Settings, tmp_path: Path):
    write_zip(avatar, tmp_path / "a.mien")
    assert open_avatar(tmp_path / "a.mien", settings).manifest == avatar.manifest
    assert open_avatar(avatar.where, settings).manifest == avatar.manifest


def test_a_picture_without_a_face_leaves_nothing(settings: Settings, tmp_path: Path):
    wall = tmp_path / "wall.png"
    write_image(wall, np.full((64, 64, 3), 90, np.uint8))
    with pytest.raises(FaceError):
        create_avatar("wall", wall, settings, engine="sketch")
    with pytest.raises(FaceError):
        open_avatar(wall, settings, engine="sketch")
    assert list(store(settings).folder.iterdir()) == []
    assert list((settings.cache_dir / "avatars").iterdir()) == []


def test_a_film_given_as_a_picture_does_not_fill_the_memory(settings: Settings, tmp_path: Path):
    film = tmp_path / "film.mkv"
    with film.open("wb") as file:
        file.truncate(256 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(MediaError, match="not a picture"):
            open_avatar(film, settings, engine="sketch")
        with pytest.raises(MediaError, match="not a picture"):
            create_avatar("film", film, settings, engine="sketch")
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that nobody can read from its start")
def test_a_picture_that_cannot_be_read(settings: Settings):
    with pytest.raises(MediaError, match="/proc/self/mem"):
        open_avatar("/proc/self/mem", settings, engine="sketch")


def test_a_name_is_taken_before_the_work_begins(photo: Path, settings: Settings):
    create_avatar("anna", photo, settings, engine="sketch")
    with pytest.raises(AlreadyExistsError):
        create_avatar("anna", photo, settings, engine="sketch", report=lambda progress: pytest.fail("it began"))


def test_an_avatar_of_another_data_version_is_refused(settings: Settings, tmp_path: Path):
    with PackageBuilder(tmp_path / "old.mien") as builder:
        old = builder.finish(
            Manifest(name="old", engine="sketch", data_version=99, source_sha256="0" * 64, size=(1, 1))
        )
    with pytest.raises(PackageError, match="99"):
        engine_of_package(old)
    with pytest.raises(PackageError, match="another version"):
        open_avatar(old.where, settings)


def test_auto_prefers_the_portrait():
    assert engine_for_picture("auto").name == "portrait"
    with pytest.raises(NotFoundError):
        engine_for_picture("nobody")


def test_an_engine_that_is_not_installed_says_how(settings: Settings):
    from mien_sketch import CLAY

    with pytest.raises(MissingDependency) as caught:
        load_engine(CLAY, settings)
    assert "pip install mien-clay" in caught.value.hint


def test_options_that_an_engine_lacks_or_refuses(avatar: AvatarPackage, settings: Settings):
    engine = load_engine(engine_of_package(avatar), settings)
    assert open_session(engine, avatar, RenderOptions(fps=30, size=100)).size == (100, 100)
    with pytest.raises(UsageError, match="size = 5"):
        open_session(engine, avatar, RenderOptions(size=5))
