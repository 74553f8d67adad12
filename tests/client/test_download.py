"""Files arrive whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.client import Client
from mien.errors import AlreadyExistsError, ConflictError, MienError, NotFoundError, OutputError, ServerError

from .conftest import ID, Asked, Break, Hostile, job, problem, raw, told

CONTENT = bytes(range(256)) * 800
SIZE = str(len(CONTENT))
DONE = job("succeeded", result={"video": "video.mp4"})


def files(hostile: Hostile, *answers: bytes | None) -> None:
    """Answers requests for the file one after the other, the last one for ever; None breaks."""
    left = list(answers)

    def answer(asked: Asked) -> bytes:
        if "/files/" not in asked.path and "/export" not in asked.path:
            return told(DONE)
        data = left.pop(0) if len(left) > 1 else left[0]
        if data is None:
            raise Break
        return data

    hostile.answer = answer


def whole(content: bytes = CONTENT, size: str = SIZE, etag: str = '"one"', **more: str) -> bytes:
    return raw(content, content_length=size, etag=etag, **more)


def part(start: int, content: bytes | None = None, *, total: str = SIZE, etag: str = '"one"') -> bytes:
    rest = CONTENT[start:] if content is None else content
    span = f"bytes {start}-{len(CONTENT) - 1}/{total}"
    return raw(rest, "206 Partial Content", content_range=span, content_length=str(len(CONTENT) - start), etag=etag)


def ranges(hostile: Hostile) -> list[str | None]:
    return [one.headers.get("range") for one in hostile.asked if "/files/" in one.path]


def test_a_file_arrives(client: Client, hostile: Hostile, tmp_path: Path):
    files(hostile, whole())
    assert client.job(ID).save(tmp_path / "out.mp4") == tmp_path / "out.mp4"
    assert (tmp_path / "out.mp4").read_bytes() == CONTENT
    assert hostile.asked[-1].path == f"/jobs/{ID}/files/video.mp4"


def test_it_goes_on_where_the_connection_broke(client: Client, hostile: Hostile, tmp_path: Path):
    files(hostile, whole(CONTENT[:1000]), None, part(1000, CONTENT[1000:5000]), part(5000))
    client.job(ID).save(tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").read_bytes() == CONTENT
    assert ranges(hostile) == [None, "bytes=1000-", "bytes=1000-", "bytes=5000-"]
    assert hostile.asked[-1].headers["if-range"] == '"one"'


def test_another_file_meanwhile_is_fetched_from_its_beginning(client: Client, hostile: Hostile, tmp_path: Path):
    other = b"x" * 500
    files(hostile, whole(CONTENT[:1000]), whole(other, "500", '"two"'))
    client.job(ID).save(tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").read_bytes() == other


@pytest.mark.parametrize(
    "wrong",
    [part(999), part(1000, total="7"), part(1000, etag='"two"'), raw(b"", "206 Partial Content", content_length="0")],
)
def test_a_part_that_does_not_fit_is_thrown_away(client: Client, hostile: Hostile, tmp_path: Path, wrong: bytes):
    files(hostile, whole(CONTENT[:1000]), wrong, whole())
    client.job(ID).save(tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").read_bytes() == CONTENT
    assert ranges(hostile)[-1] is None


def test_without_a_strong_tag_it_begins_anew(client: Client, hostile: Hostile, tmp_path: Path):
    files(hostile, whole(CONTENT[:1000], etag='W/"one"'), whole())
    client.job(ID).save(tmp_path / "out.mp4")
    assert (tmp_path / "out.mp4").read_bytes() == CONTENT
    assert ranges(hostile) == [None, None]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (None, ServerError),
        (whole(CONTENT[:10], etag=""), ServerError),
        (raw(CONTENT), ServerError),
        (whole(content_encoding="gzip"), ServerError),
        (raw(b"<html>", "503 Down", content_type="text/html", content_length="6"), ServerError),
        (raw(b"", "302 Found", location="http://elsewhere.example/", content_length="0"), ServerError),
        (problem(404, "not_found"), NotFoundError),
        (problem(500, "error"), MienError),
    ],
)
def test_nothing_is_left_of_a_file_that_never_arrives(
    hostile: Hostile, tmp_path: Path, answer: bytes | None, error: type[MienError]
):
    files(hostile, answer)
    kept = tmp_path / "out.mp4"
    kept.write_bytes(b"before")
    with Client(hostile.url, timeout_s=0.3) as client, pytest.raises(error):
        client.job(ID).save(kept, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    assert kept.read_bytes() == b"before"


def test_chunks_of_unknown_number_arrive(client: Client, hostile: Hostile, tmp_path: Path):
    files(hostile, raw(b"5\r\nhello\r\n4\r\n all\r\n0\r\n\r\n", transfer_encoding="chunked"))
    client.export_avatar("anna", tmp_path / "anna.mien")
    assert (tmp_path / "anna.mien").read_bytes() == b"hello all"
    files(hostile, raw(b"5\r\nhello\r\n", transfer_encoding="chunked"))
    with Client(hostile.url, timeout_s=0.3) as client, pytest.raises(ServerError):
        client.export_avatar("anna", tmp_path / "anna.mien", overwrite=True)


def test_what_cannot_be_written_is_said_before_anything_is_fetched(client: Client, hostile: Hostile, tmp_path: Path):
    files(hostile, whole())
    taken = tmp_path / "out.mp4"
    taken.touch()
    with pytest.raises(AlreadyExistsError):
        client.job(ID).save(taken)
    with pytest.raises(OutputError):
        client.job(ID).save(tmp_path / "none" / "out.mp4")
    assert not any("/files/" in path for path in hostile.paths)


def test_a_job_without_a_result_has_nothing_to_save(client: Client, hostile: Hostile, tmp_path: Path):
    hostile.answer = lambda asked: told(job("running"))
    with pytest.raises(ConflictError, match="running"):
        client.job(ID).save(tmp_path / "out.mp4")


@pytest.mark.parametrize("name", ["", "..", "."])
def test_names_of_files_stay_in_the_job(client: Client, hostile: Hostile, tmp_path: Path, name: str):
    files(hostile, whole())
    with pytest.raises(NotFoundError):
        client.job(ID).save(tmp_path / "out.mp4", file=name)
    assert list(tmp_path.iterdir()) == []
