from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.motion.features.official import write_safetensors

from mien.errors import NotFoundError, OutputError, UsageError, WeightsError
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


def by_hand(name: str, **tensors: list[int]) -> dict[str, Any]:
    """An entry that only people can fetch."""
    told: dict[str, Any] = {"summary": "a test file", "licence": "research only", "file": f"{name}.pth", "size": 1000}
    return told | {
        "name": name,
        "terms": "Research only.",
        "tensors": tensors,
        "sources": [{"kind": "page", "url": "https://host.invalid/page"}],
    }


@pytest.fixture
def network(tmp_path: Path) -> Path:
    write_safetensors(tmp_path / "n.safetensors", {"a": np.ones((2, 3), np.float32), "b": np.ones(4, np.float32)})
    return tmp_path / "n.safetensors"


def test_what_people_fetch_is_known_by_its_tensors_and_its_hash_is_kept(network: Path, tmp_path: Path) -> None:
    store = make_store(tmp_path / "cache", by_hand("one", a=[2, 3]), by_hand("other", a=[2, 4]))
    (status,) = store.import_file(network, accept_licence=True)
    assert (status.name, status.state, status.size) == ("one", "ready", network.stat().st_size)
    assert store.path("one").read_bytes() == network.read_bytes()
    assert [(check.name, check.state) for check in store.verify()] == [("one", "ok"), ("other", "missing")]
    data = bytearray(network.read_bytes())
    data[-1] ^= 1
    store.path("one").write_bytes(data)
    assert [check.state for check in store.verify()] == ["bad", "missing"]
    assert [status.state for status in store.list()] == ["missing", "missing"]


def test_nothing_is_taken_before_its_terms_are_agreed_to(network: Path, tmp_path: Path) -> None:
    store = make_store(tmp_path / "cache", by_hand("one", a=[2, 3]))
    with pytest.raises(UsageError, match=r"Research only\.") as caught:
        store.import_file(network)
    assert "--accept-licence" in caught.value.hint
    assert store.list()[0].state == "missing"


def test_one_of_several_that_look_alike_must_be_named(network: Path, tmp_path: Path) -> None:
    store = make_store(tmp_path / "cache", by_hand("one", a=[2, 3]), by_hand("two", b=[4]), by_hand("three", b=[5]))
    with pytest.raises(UsageError, match="one, two"):
        store.import_file(network, accept_licence=True)
    with pytest.raises(WeightsError, match="its tensors are those of one, two"):
        store.import_file(network, "three", accept_licence=True)
    with pytest.raises(NotFoundError):
        store.import_file(network, "four", accept_licence=True)
    assert [status.name for status in store.import_file(network, "two", accept_licence=True)] == ["two"]


def test_a_file_that_is_another_than_named_is_refused(body: bytes, tmp_path: Path) -> None:
    store = make_store(tmp_path / "cache", entry("a", body, ANY), entry("b", b"b", ANY))
    (tmp_path / "a").write_bytes(body)
    with pytest.raises(WeightsError, match="is not 'b', but 'a'"):
        store.import_file(tmp_path / "a", "b")


def test_a_checkpoint_is_copied_as_it_is_and_pulled_by_nobody(network: Path, body: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(body)
    free = entry("a", body, {"kind": "file", "path": str(tmp_path / "a")})
    store = make_store(tmp_path / "cache", free, by_hand("one", a=[2, 3]))
    assert [status.name for status in store.pull(None)] == ["a"]
    with pytest.raises(
        WeightsError, match=r"'one' is fetched by hand\. Research only\. .* https://host.invalid/page"
    ) as caught:
        store.pull(["one"])
    assert caught.value.hint.endswith("mien weights import FILE --as one --accept-licence")
    store.import_file(network, accept_licence=True)
    assert store.pull(["one"])[0].state == "ready"
