from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest

from mien.errors import Cancelled, OutputError, WeightsError
from mien.types import Progress, silent
from mien.weights.download import Downloader

from .conftest import sha256
from .server import FileServer, Served

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "store" / "file.bin.part"


def fetch(url: str, part: Path, body: bytes, report=silent, **options: Any) -> None:
    Downloader(**options).fetch(url, part, size=len(body), sha256=sha256(body), report=report)


def files(part: Path) -> list[str]:
    return sorted(path.name for path in part.parent.iterdir()) if part.parent.exists() else []


def test_fetches_a_file_and_reports_every_step_up(server: FileServer, part: Path, body: bytes) -> None:
    seen: list[Progress] = []
    fetch(server.serve("/a", Served(body)), part, body, seen.append)
    assert part.read_bytes() == body
    assert files(part) == ["file.bin.part"]
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    assert (seen[0].done, seen[-1].done) == (0, len(body))
    assert {(step.stage, step.total, step.unit) for step in seen} == {("fetch", len(body), "bytes")}


def test_follows_redirects(server: FileServer, part: Path, body: bytes) -> None:
    target = server.serve("/there", Served(body))
    fetch(server.serve("/here", Served(b"", redirect=target)), part, body)
    assert part.read_bytes() == body


@pytest.mark.parametrize("etag", ['"v1"', "", 'W/"weak"'])
def test_takes_up_a_broken_download_where_it_broke(server: FileServer, part: Path, body: bytes, etag: str) -> None:
    fetch(server.serve("/a", Served(body, etag=etag, break_at=[7000, 5000])), part, body)
    assert part.read_bytes() == body
    ranges = [headers.get("range") for _, headers in server.requests]
    assert ranges == [None, "bytes=7000-", "bytes=12000-"]
    conditions = [headers.get("if-range") for _, headers in server.requests]
    assert conditions == ([None, etag, etag] if etag.startswith('"') else [None] * 3)


def test_starts_anew_when_the_server_has_no_ranges(server: FileServer, part: Path, body: bytes) -> None:
    fetch(server.serve("/a", Served(body, ranges=False, break_at=[7000])), part, body)
    assert part.read_bytes() == body


def test_starts_anew_when_the_object_changed_in_between(server: FileServer, part: Path, body: bytes) -> None:
    url = server.serve("/a", Served(bytes(len(body)), etag='"old"', break_at=[7000] + [0] * 9))
    with pytest.raises(WeightsError, match=f"broke off at 7000 of {len(body)} bytes"):
        fetch(url, part, body, tries=1)
    server.serve("/a", Served(body, etag='"new"'))
    fetch(url, part, body)
    assert part.read_bytes() == body
    assert server.requests[-1][1]["if-range"] == '"old"'


def test_an_answer_of_416_starts_anew(server: FileServer, part: Path, body: bytes) -> None:
    fetch(server.serve("/a", Served(body, break_at=[7000], bad_range=416)), part, body)
    assert part.read_bytes() == body


def test_a_part_with_bad_bytes_is_fetched_once_more(server: FileServer, part: Path, body: bytes) -> None:
    part.parent.mkdir()
    part.write_bytes(b"x" * 5000)
    fetch(server.serve("/a", Served(body)), part, body)
    assert part.read_bytes() == body
    assert [headers.get("range") for _, headers in server.requests] == ["bytes=5000-", None]


def test_a_complete_part_is_not_fetched_again(server: FileServer, part: Path, body: bytes) -> None:
    part.parent.mkdir()
    part.write_bytes(body)
    fetch(server.url("/a"), part, body)
    assert server.requests == []


def test_cancelling_leaves_a_part_that_is_continued(server: FileServer, part: Path, body: bytes) -> None:
    url = server.serve("/a", Served(body, pause_s=0.002))

    def cancel(progress: Progress) -> None:
        if progress.done > 0:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        fetch(url, part, body, cancel)
    left = part.stat().st_size
    assert 0 < left < len(body)
    fetch(url, part, body)
    assert part.read_bytes() == body
    assert server.requests[-1][1]["range"] == f"bytes={left}-"


def test_wrong_bytes_are_an_error_and_nothing_is_kept(server: FileServer, part: Path, body: bytes) -> None:
    with pytest.raises(WeightsError, match="served other bytes than expected"):
        fetch(server.serve("/a", Served(body[::-1])), part, body)
    assert files(part) == []


@pytest.mark.parametrize("length", [19_999, 20_001])
def test_a_file_of_another_length_is_an_error(server: FileServer, part: Path, body: bytes, length: int) -> None:
    with pytest.raises(WeightsError, match=f"serves {length} bytes instead of 20000"):
        fetch(server.serve("/a", Served((body + b"x")[:length])), part, body)
    assert files(part) == []


def test_too_many_unannounced_bytes_are_an_error(server: FileServer, part: Path, body: bytes) -> None:
    with pytest.raises(WeightsError, match="more than the expected 20000 bytes"):
        fetch(server.serve("/a", Served(body + b"x", length=False)), part, body)
    assert files(part) == []


def test_too_few_unannounced_bytes_are_an_error(server: FileServer, part: Path, body: bytes) -> None:
    with pytest.raises(WeightsError, match="broke off"):
        fetch(server.serve("/a", Served(body[:-1], length=False, bad_range=416)), part, body, tries=2)


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_refusal_is_named(server: FileServer, part: Path, body: bytes, status: int) -> None:
    with pytest.raises(WeightsError, match=f"answered {status}"):
        fetch(server.serve("/a", Served(b"", status=status)), part, body)
    assert files(part) == []


def test_a_server_that_always_breaks_off_is_given_up(server: FileServer, part: Path, body: bytes) -> None:
    url = server.serve("/a", Served(body, break_at=[3000, 0, 0]))
    with pytest.raises(WeightsError, match="broke off at 3000") as caught:
        fetch(url, part, body, tries=2)
    assert caught.value.retryable
    assert part.stat().st_size == 3000


def test_a_closed_port_fails_at_once(part: Path, body: bytes) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        started = time.monotonic()
        with pytest.raises(WeightsError, match="cannot be reached") as caught:
            fetch(f"http://127.0.0.1:{port}/a", part, body)
        assert time.monotonic() - started < 2
    assert caught.value.retryable


def test_an_unknown_host_fails(part: Path, body: bytes) -> None:
    with pytest.raises(WeightsError, match="cannot be reached"):
        fetch("http://host.invalid/a", part, body)


def test_a_silent_host_costs_one_wait_for_all_files(server: FileServer, tmp_path: Path, body: bytes) -> None:
    url = server.serve("/a", Served(body, delay_s=1.0))
    downloader = Downloader(answer_s=0.2)
    started = time.monotonic()
    for name in ("a", "b", "c"):
        with pytest.raises(WeightsError, match=r"no answer within 0\.2 s"):
            downloader.fetch(url, tmp_path / name, size=9, sha256="0" * 64, report=silent)
    assert time.monotonic() - started < 0.9
    assert len(server.requests) == 1
    # The late answer finds its client closed, which must stay without a trace.
    time.sleep(1.0)


def test_a_download_that_stalls_is_broken_off(server: FileServer, part: Path, body: bytes) -> None:
    url = server.serve("/a", Served(body, pause_s=0.6))
    with pytest.raises(WeightsError, match="broke off"):
        fetch(url, part, body, stall_s=0.1, tries=1)


def test_a_full_disk_is_an_output_error(server: FileServer, part: Path, body: bytes) -> None:
    part.parent.mkdir()
    part.symlink_to("/dev/full")
    with pytest.raises(OutputError, match="disk is full"):
        fetch(server.serve("/a", Served(body)), part, body)


def test_a_folder_that_cannot_be_made_is_an_output_error(server: FileServer, tmp_path: Path, body: bytes) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="cannot be written"):
        fetch(server.serve("/a", Served(body)), tmp_path / "store" / "file.part", body)
    assert server.requests == []


def test_a_bad_proxy_setting_is_named(part: Path, body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "gopher://127.0.0.1")
    with pytest.raises(WeightsError, match="proxy"):
        fetch("http://127.0.0.1:9/a", part, body)
