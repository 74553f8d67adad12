from __future__ import annotations

import errno
import multiprocessing
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.avatars import AvatarPackage, AvatarStore, PackageBuilder, check_name, package_name
from mien.avatars.builder import ABANDONED_S, HIDDEN
from mien.errors import AlreadyExistsError, MienError, NotFoundError, OutputError, PackageError, UsageError

from .conftest import fill, manifest


@pytest.fixture
def store(tmp_path: Path) -> AvatarStore:
    return AvatarStore(tmp_path / "data" / "avatars")


def put(store: AvatarStore, name: str) -> AvatarPackage:
    with store.create(name) as builder:
        fill(builder)
        return builder.finish(manifest(name))


def test_an_empty_store(store: AvatarStore):
    assert store.list() == []
    assert not store.exists("anna")
    with pytest.raises(NotFoundError, match="anna"):
        store.get("anna")


@pytest.mark.parametrize("name", ["anna", "王小明", "Zoë", "a b-c_d.e", "x" * 64])
def test_what_was_put_in_comes_out(store: AvatarStore, name: str):
    put(store, name)
    assert store.exists(name)
    assert store.get(name).manifest.name == name
    assert [stored.name for stored in store.list()] == [name]
    store.delete(name)
    assert store.list() == []
    assert list(store.folder.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", "../up", "a/b", "a\\b", "/abs", "con", "NUL.txt", "x" * 65, "a\0b", "a..b", "-x", "end."],
)
def test_names_that_could_do_harm(store: AvatarStore, name: str):
    for ask in (store.exists, store.get, store.create, store.delete):
        with pytest.raises(UsageError, match="cannot be the name"):
            ask(name)


@given(st.text())
def test_any_text_is_a_name_inside_the_folder_or_refused(name: str):
    try:
        path = AvatarStore(Path("/store")).path(name)
    except UsageError:
        return
    assert path.parent == Path("/store")
    assert check_name(check_name(name)) == check_name(name)


def test_a_name_is_the_same_however_it_is_composed(store: AvatarStore):
    put(store, "Zoe\u0308")
    assert store.exists("Zo\u00eb")


def test_a_taken_name(store: AvatarStore):
    put(store, "anna")
    with pytest.raises(AlreadyExistsError, match="anna"):
        store.create("anna")


def test_a_broken_avatar_is_listed_with_its_problem(store: AvatarStore):
    put(store, "anna")
    (put(store, "bert").where / "manifest.json").write_text("{")
    anna, bert = store.list()
    assert anna.manifest is not None
    assert bert.manifest is None
    assert "broken" in bert.problem


def test_export_and_import_under_another_name(store: AvatarStore, tmp_path: Path):
    put(store, "anna")
    out = tmp_path / "anna.zip.mien"
    store.export("anna", out)
    with pytest.raises(AlreadyExistsError):
        store.export("anna", out)
    store.export("anna", out, overwrite=True)
    assert zipfile.is_zipfile(out)
    with pytest.raises(AlreadyExistsError):
        store.import_(out)
    taken = store.import_(out, "小安")
    assert taken.manifest.name == "小安"
    assert taken.manifest.files == store.get("anna").manifest.files
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_import_of_something_broken_leaves_nothing(store: AvatarStore, tmp_path: Path):
    broken = tmp_path / "x.mien"
    broken.write_bytes(b"PK")
    with pytest.raises(PackageError):
        store.import_(broken)
    assert not store.folder.exists() or list(store.folder.iterdir()) == []


def test_what_a_dead_process_left_is_swept(store: AvatarStore):
    put(store, "anna")
    old, fresh = store.folder / f"{HIDDEN}old", store.folder / f"{HIDDEN}fresh"
    old.mkdir()
    fresh.mkdir()
    long_ago = old.stat().st_mtime - ABANDONED_S - 1
    os.utime(old, (long_ago, long_ago))
    put(store, "bert")
    assert not old.exists()
    assert fresh.exists()
    assert len(store.list()) == 2


def _race(folder: Path, barrier, results) -> None:
    barrier.wait()
    try:
        put(AvatarStore(folder), "anna")
        results.put("made")
    except AlreadyExistsError:
        results.put("taken")
    except MienError as error:
        results.put(repr(error))


def test_of_two_processes_one_wins(store: AvatarStore):
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    workers = [context.Process(target=_race, args=(store.folder, barrier, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    assert sorted(results.get(timeout=60) for _ in workers) == ["made", "taken"]
    for worker in workers:
        worker.join()
    assert store.get("anna").arrays("mesh")
    assert [path.name for path in store.folder.iterdir()] == ["anna.mien"]


def test_a_builder_left_open_does_not_take_the_name(store: AvatarStore):
    with store.create("anna") as builder:
        assert isinstance(builder, PackageBuilder)
        assert not store.exists("anna")
        assert store.list() == []
    assert not store.exists("anna")


def test_an_export_onto_a_full_disk_is_one_sentence(
    store: AvatarStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    put(store, "anna")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(OutputError, match="no space is left"):
        store.export("anna", tmp_path / "anna.mien")
    assert not (tmp_path / "anna.mien").exists()


def test_an_avatar_moves_from_one_store_to_another(store: AvatarStore, tmp_path: Path):
    own = AvatarStore(tmp_path / "own")
    put(own, "anna")
    taken = store.take(own.get("anna"))
    assert taken.where == store.path("anna")
    assert taken.arrays("mesh")
    assert own.list() == []


def test_an_avatar_that_moves_replaces_none(store: AvatarStore, tmp_path: Path):
    own = AvatarStore(tmp_path / "own")
    put(own, "anna")
    put(store, "anna")
    with pytest.raises(AlreadyExistsError):
        store.take(own.get("anna"))
    assert own.exists("anna")


def test_an_avatar_moves_to_another_disk(store: AvatarStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    own = AvatarStore(tmp_path / "own")
    put(own, "anna")
    rename = os.rename

    def across(source: Path, target: Path) -> None:
        if Path(source).parent != Path(target).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target)

    monkeypatch.setattr(os, "rename", across)
    assert store.take(own.get("anna")).arrays("mesh")
    assert [path.name for path in store.folder.iterdir()] == ["anna.mien"]
    assert own.list() == []


def test_an_avatar_is_on_the_disk_before_it_has_its_name(store: AvatarStore, monkeypatch: pytest.MonkeyPatch):
    named = []
    fsync = os.fsync

    def seen(file: int) -> None:
        fsync(file)
        named.append(store.exists("anna"))

    monkeypatch.setattr(os, "fsync", seen)
    put(store, "anna")
    assert named[:-1] == [False] * (len(named) - 1)
    assert len(named) == 6  # three files, the manifest, their folder; the store with the name
    assert named[-1]


def test_a_package_is_asked_for_its_name(store: AvatarStore, tmp_path: Path):
    put(store, "anna")
    store.export("anna", tmp_path / "else.mien")
    assert package_name(tmp_path / "else.mien") == "anna"
