from __future__ import annotations

import os
from pathlib import Path

import pytest

from mien.avatars import AvatarPackage, PackageBuilder, PreparedCache
from mien.avatars.cache import KEPT

from .conftest import fill, manifest


def build(builder: PackageBuilder) -> AvatarPackage:
    fill(builder)
    return builder.finish(manifest())


def key(number: int = 0, version: int = 1) -> dict:
    return {"source_sha256": f"{number:064x}", "engine": "portrait", "data_version": version}


@pytest.fixture
def cache(tmp_path: Path) -> PreparedCache:
    return PreparedCache(tmp_path / "avatars")


def test_the_second_time_it_is_there(cache: PreparedCache):
    assert cache.get(**key()) is None
    cache.make(build, **key())
    found = cache.get(**key())
    assert found is not None
    assert found.arrays("mesh")


def test_another_version_of_the_engine_is_another_avatar(cache: PreparedCache):
    cache.make(build, **key(version=1))
    assert cache.get(**key(version=2)) is None


def test_a_damaged_one_is_made_anew(cache: PreparedCache):
    made = cache.make(build, **key())
    (made.where / "photo.png").write_bytes(b"")
    assert cache.get(**key()) is None
    assert cache.make(build, **key()).image("photo").size


def test_a_cache_that_may_only_be_read_is_used(cache: PreparedCache, monkeypatch: pytest.MonkeyPatch):
    made = cache.make(build, **key())

    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "utime", refused)
    found = cache.get(**key())
    assert found is not None
    assert found.manifest == made.manifest


def test_where_another_process_was_faster_its_package_is_taken(cache: PreparedCache):
    first = cache.make(build, **key())
    assert cache.make(build, **key()).manifest.created == first.manifest.created


def test_only_the_newest_are_kept_and_use_makes_young(cache: PreparedCache, tmp_path: Path):
    for number in range(KEPT):
        made = cache.make(build, **key(number))
        os.utime(made.where, (number, number))
    assert cache.get(**key(0)) is not None
    cache.make(build, **key(KEPT))
    assert cache.get(**key(0)) is not None
    assert cache.get(**key(1)) is None
    assert len(list((tmp_path / "avatars").iterdir())) == KEPT
