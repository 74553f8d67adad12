from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mien.errors import Cancelled, WeightsError
from mien.types import Progress, silent
from mien.weights import Catalog, WeightStore, disk, wheel
from mien.weights.catalog import Wheel
from mien.weights.download import Downloader

from .conftest import WHEEL, entry, make_wheel, sha256, tree, wheel_source, wheel_table
from .server import FileServer, Served


def wheel_catalog(archive: Path, url: str, members: dict[str, bytes]) -> dict[str, Any]:
    """A catalog with one entry for each member: `e0`, `e1`, …"""
    entries = [entry(f"e{index}", data, wheel_source(name)) for index, (name, data) in enumerate(members.items())]
    return {"entry": entries, "wheel": wheel_table(archive, url)}


@pytest.fixture
def members(body: bytes) -> dict[str, bytes]:
    return {"tinymodels/a.tflite": body, "tinymodels/sub/b.tflite": body[::-1]}


def test_pip_brings_one_wheel_for_all_entries(links: Path, tmp_path: Path, members: dict[str, bytes]) -> None:
    archive = make_wheel(links / WHEEL, members)
    document = wheel_catalog(archive, "http://host.invalid/wheel", members)
    cache = tmp_path / "cache"
    for left_by_a_killed_process in (f".pip-{WHEEL}/half.whl", f"{WHEEL}.part"):
        disk.place([b"half"], cache / "weights" / left_by_a_killed_process)
    seen: list[Progress] = []
    store = WeightStore(cache, catalog=Catalog.parse(document))
    assert store.path("e0", seen.append).read_bytes() == members["tinymodels/a.tflite"]
    assert {(step.stage, step.total) for step in seen} == {("fetch", archive.stat().st_size)}
    archive.unlink()
    assert store.path("e1").read_bytes() == members["tinymodels/sub/b.tflite"]
    assert sorted(tree(cache)) == ["weights/e0/e0.bin", "weights/e1/e1.bin"]


def test_a_host_of_any_kind_asks_pip_for_the_pinned_file() -> None:
    pinned = Catalog.packaged().wheel["mediapipe"]
    assert pinned.pip_arguments == [
        *("--no-deps", "--only-binary=:all:", "--python-version", "3.12", "--implementation", "cp", "--abi", "cp312"),
        *("--platform", "manylinux_2_28_x86_64", "mediapipe==0.10.21"),
    ]


def test_every_platform_of_a_wheel_name_is_named() -> None:
    name = "tinymodels-1.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    pinned = Wheel(requirement="tinymodels==1.0", filename=name, url="https://host.invalid", sha256="0" * 64, size=1)
    assert pinned.pip_arguments[2:-1] == [
        *("--python-version", "3", "--implementation", "py", "--abi", "none"),
        *("--platform", "manylinux_2_17_x86_64", "--platform", "manylinux2014_x86_64"),
    ]


def test_without_pip_the_address_of_the_wheel_is_used(
    server: FileServer, tmp_path: Path, members: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)
    archive = make_wheel(tmp_path / "made.whl", members)
    url = server.serve("/wheel", Served(archive.read_bytes(), break_at=[9000]))
    store = WeightStore(tmp_path / "cache", catalog=Catalog.parse(wheel_catalog(archive, url, members)))
    assert store.path("e1").read_bytes() == members["tinymodels/sub/b.tflite"]
    assert [headers.get("range") for _, headers in server.requests] == [None, "bytes=9000-"]
    assert sorted(tree(tmp_path / "cache")) == ["weights/e0/e0.bin", "weights/e1/e1.bin"]


def test_another_wheel_from_pip_is_refused_and_the_address_used(
    server: FileServer, links: Path, tmp_path: Path, members: dict[str, bytes]
) -> None:
    make_wheel(links / WHEEL, {"tinymodels/a.tflite": b"something else"})
    archive = make_wheel(tmp_path / "made.whl", members)
    url = server.serve("/wheel", Served(archive.read_bytes()))
    store = WeightStore(tmp_path / "cache", catalog=Catalog.parse(wheel_catalog(archive, url, members)))
    assert store.path("e0").read_bytes() == members["tinymodels/a.tflite"]
    assert len(server.requests) == 1


def test_the_error_tells_what_pip_and_the_address_answered(
    server: FileServer, links: Path, tmp_path: Path, members: dict[str, bytes]
) -> None:
    archive = make_wheel(tmp_path / "made.whl", members)
    document = wheel_catalog(archive, server.url("/none"), members)
    with pytest.raises(WeightsError) as caught:
        WeightStore(tmp_path / "cache", catalog=Catalog.parse(document)).path("e0")
    assert "pip: No matching distribution found for tinymodels==1.0" in caught.value.message
    assert "answered 404" in caught.value.message
    assert "pip download --no-deps" in caught.value.hint
    assert tree(tmp_path / "cache") == {}


def test_an_index_that_pip_cannot_reach_is_said_to_be_so(
    closed_url: str, links: Path, tmp_path: Path, members: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", closed_url)
    archive = make_wheel(tmp_path / "made.whl", members)
    document = wheel_catalog(archive, closed_url, members)
    with pytest.raises(
        WeightsError, match=r"its index cannot be reached: NewConnectionError\); 127.0.0.1:\d+ cannot be"
    ):
        WeightStore(tmp_path / "cache", catalog=Catalog.parse(document)).path("e0")


def test_cancelling_ends_pip_and_leaves_nothing(links: Path, tmp_path: Path, members: dict[str, bytes]) -> None:
    archive = make_wheel(links / WHEEL, members)
    pinned = Catalog.parse(wheel_catalog(archive, "http://host.invalid/wheel", members)).wheel["tiny"]

    def cancel(progress: Progress) -> None:
        raise Cancelled("stop")

    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = children.read_text() if children.exists() else ""
    with pytest.raises(Cancelled):
        wheel.fetch(pinned, tmp_path / "cache", Downloader(), cancel)
    assert list((tmp_path / "cache").iterdir()) == []
    assert (children.read_text() if children.exists() else "") == before


def extracted(archive: Path, member: str, size: int = 10**6) -> bytes:
    return b"".join(wheel.extract(archive, member, size))


def test_a_member_is_read(tmp_path: Path, members: dict[str, bytes], body: bytes) -> None:
    archive = make_wheel(tmp_path / "a.whl", members)
    assert extracted(archive, "tinymodels/a.tflite", len(body)) == body


def test_a_missing_member_is_an_error(tmp_path: Path, members: dict[str, bytes]) -> None:
    archive = make_wheel(tmp_path / "a.whl", members)
    with pytest.raises(WeightsError, match=r"a\.whl has no tinymodels/c"):
        extracted(archive, "tinymodels/c")


def test_a_bomb_is_read_no_further_than_the_pinned_size(tmp_path: Path) -> None:
    archive = make_wheel(tmp_path / "a.whl", {"bomb": bytes(50_000_000)})
    assert archive.stat().st_size < 100_000
    with pytest.raises(WeightsError, match="larger than 1000 bytes"):
        extracted(archive, "bomb", 1000)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_wheels_do_not_use_are_refused(tmp_path: Path, method: int) -> None:
    archive = make_wheel(tmp_path / "a.whl", {"a": b"x" * 100}, method=method)
    with pytest.raises(WeightsError, match="compressed in a way"):
        extracted(archive, "a")


def test_an_encrypted_member_is_an_error(tmp_path: Path) -> None:
    archive = make_wheel(tmp_path / "a.whl", {"a": b"x" * 100})
    data = bytearray(archive.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    archive.write_bytes(data)
    with pytest.raises(WeightsError, match="is broken"):
        extracted(archive, "a")


@hypothesis_settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 10**6), value=st.integers(0, 255))
def test_a_damaged_archive_gives_the_true_bytes_or_an_error(
    tmp_path: Path, body: bytes, position: int, value: int
) -> None:
    archive = make_wheel(tmp_path / "a.whl", {"a": body[:500]})
    data = bytearray(archive.read_bytes())
    data[position % len(data)] = value
    archive.write_bytes(data)
    try:
        got = extracted(archive, "a")
    except WeightsError:
        return
    assert sha256(got) == sha256(body[:500])


@pytest.mark.parametrize(
    "name", ["../../evil", "/tmp/mien-evil", "..\\evil", "a/../../../evil", "C:\\evil", " ", "é/ü"]
)
def test_the_names_in_an_archive_never_become_paths(links: Path, tmp_path: Path, body: bytes, name: str) -> None:
    archive = make_wheel(links / WHEEL, {name: body})
    document = wheel_catalog(archive, "http://host.invalid/wheel", {name: body})
    store = WeightStore(tmp_path / "deep" / "cache", catalog=Catalog.parse(document))
    store.import_file(archive)
    assert sorted(tree(tmp_path)) == ["deep/cache/weights/e0/e0.bin", f"links/{WHEEL}"]
    assert not Path("/tmp/mien-evil").exists()
    assert store.path("e0", silent).read_bytes() == body
