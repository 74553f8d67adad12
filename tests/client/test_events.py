"""A job is followed to its end whatever happens to the connection."""

from __future__ import annotations

import pytest

from mien.client import Client, JobEvent
from mien.client.events import parse
from mien.errors import Cancelled, NotFoundError, ServerError, VoiceError
from mien.types import Progress

from .conftest import ID, Asked, Break, Hostile, events, job, problem, raw, told

STATE = {"status": "succeeded", "result": {"video": "video.mp4"}}


def progress(done: int) -> dict[str, object]:
    return {"stage": "render", "done": done, "total": 10, "unit": "frames", "percent": done * 10, "attempt": 1}


def streams(hostile: Hostile, *answers: bytes | None, final: dict[str, object] | None = None) -> None:
    """Answers requests for events one after the other; None breaks. The job has ended once they are used up."""
    left = list(answers)

    def answer(asked: Asked) -> bytes:
        if not asked.path.endswith("/events"):
            return told(final or job("succeeded", result=STATE["result"])) if not left else told(job())
        stream = left.pop(0) if left else problem(404, "not_found")
        if stream is None:
            raise Break
        return stream

    hostile.answer = answer


def follow(client: Client, hostile: Hostile) -> list[tuple[int | None, str]]:
    return [(event.id, event.kind) for event in client.job(ID).events()]


def test_events_in_pieces_of_every_size():
    text = ': hello\nretry: 1000\n\nid: 7\r\nevent: log\r\ndata: {"lines":\r\ndata: ["\u2028é\x85"]}\r\n\r\nevent: state\ndata: {}\n\n'
    wanted = [JobEvent(7, "log", {"lines": ["\u2028é\x85"]}), JobEvent(None, "state", {})]
    data = text.encode()
    for size in range(1, len(data) + 1):
        assert list(parse(data[start : start + size] for start in range(0, len(data), size))) == wanted


def test_half_an_event_is_none():
    assert list(parse([b'id: 1\nevent: log\ndata: {"lines": []}\n'])) == []


@pytest.mark.parametrize("stream", [b"data: <html>\n\n", b"x" * (1 << 25)])
def test_a_stream_that_is_none_is_said(stream: bytes):
    with pytest.raises(ServerError):
        list(parse([stream]))


def test_each_event_comes_once_over_connections_that_break(client: Client, hostile: Hostile):
    streams(
        hostile,
        events((0, "log", {"lines": ["a"]}), (1, "progress", progress(1)), rest=b'id: 2\ndata: {"st'),
        None,
        events((1, "progress", progress(1)), (2, "progress", progress(2)), (3, "log", {"lines": ["b"]})),
        events((4, "progress", progress(9)), (None, "state", STATE)),
    )
    assert follow(client, hostile) == [
        (0, "log"),
        (1, "progress"),
        (2, "progress"),
        (3, "log"),
        (4, "progress"),
        (None, "state"),
    ]
    asked = [one.headers.get("last-event-id") for one in hostile.asked if one.path.endswith("/events")]
    assert asked == [None, "1", "1", "3"]


def test_a_job_that_goes_on_after_it_was_cancelled_is_followed_further(client: Client, hostile: Hostile):
    streams(
        hostile,
        events((0, "log", {}), (None, "state", {"status": "cancelled"})),
        events((1, "log", {}), (None, "state", STATE)),
    )
    assert follow(client, hostile) == [(0, "log"), (None, "state"), (1, "log"), (None, "state")]


@pytest.mark.usefixtures("hurried")
def test_where_events_are_held_back_the_job_is_asked_for(client: Client, hostile: Hostile):
    looks = iter([job("queued"), *(job(progress=progress(done)) for done in (1, 2, 5, 7))])
    last = job("succeeded", result={})

    def answer(asked: Asked) -> bytes:
        if asked.path.endswith("/events"):
            return raw(b"<html>", content_type="text/html", content_length="6")
        return told(next(looks, last))

    hostile.answer = answer
    seen: list[Progress] = []
    done = client.job(ID).wait(seen.append)
    assert [one.done for one in seen] == [5, 7]
    assert done.info.status == "succeeded"
    assert sum(path.endswith("/events") for path in hostile.paths) == 3


def test_progress_is_reported_and_one_of_another_version_is_left_out(client: Client, hostile: Hostile):
    streams(
        hostile,
        events((0, "progress", {"odd": 1}), (1, "progress", progress(3)), (2, "new", {}), (None, "state", STATE)),
    )
    seen: list[Progress] = []
    assert client.job(ID).wait(seen.append).info.result == STATE["result"]
    assert seen == [Progress("render", 3, 10, "frames")]


@pytest.mark.usefixtures("hurried")
def test_the_events_of_a_server_that_comes_back_are_followed_again(client: Client, hostile: Hostile):
    away = iter([True] * 12)
    followed = []

    def answer(asked: Asked) -> bytes:
        if len(hostile.asked) > 1 and next(away, False):
            raise Break
        if asked.path.endswith("/events"):
            followed.append(asked)
            return events((None, "state", STATE))
        return told(job("succeeded", result={}) if followed else job())

    hostile.answer = answer
    assert client.job(ID).wait().info.status == "succeeded"


def test_a_server_that_stays_away_is_given_up(hostile: Hostile):
    def answer(asked: Asked) -> bytes:
        if len(hostile.asked) > 1:
            raise Break
        return told(job())

    hostile.answer = answer
    with Client(hostile.url, timeout_s=0.5) as client, pytest.raises(ServerError) as failed:
        client.job(ID).wait()
    assert failed.value.retryable


def test_a_job_that_is_deleted_ends_the_waiting(client: Client, hostile: Hostile):
    hostile.answer = lambda asked: told(job()) if len(hostile.asked) == 1 else problem(404, "not_found")
    with pytest.raises(NotFoundError):
        client.job(ID).wait()


def test_a_failed_job_raises_what_it_failed_with(client: Client, hostile: Hostile):
    failure = {"code": "voice", "message": "It lost its voice.", "hint": "Drink.", "retryable": True}
    streams(hostile, events((None, "state", {"status": "failed"})), final=job("failed", error=failure))
    with pytest.raises(VoiceError) as failed:
        client.job(ID).wait()
    assert failed.value.as_dict() == failure


def test_a_cancelled_job_says_so(client: Client, hostile: Hostile):
    streams(hostile, events((None, "state", {"status": "cancelled"})), final=job("cancelled"))
    with pytest.raises(Cancelled):
        client.job(ID).wait()


@pytest.mark.parametrize(
    ("stop", "cancel_on_interrupt", "raised", "cancels"),
    [
        (KeyboardInterrupt, False, KeyboardInterrupt, False),
        (KeyboardInterrupt, True, Cancelled, True),
        (Cancelled, False, Cancelled, True),
    ],
)
def test_who_stops_waiting_stops_the_job_only_if_that_was_meant(
    client: Client,
    hostile: Hostile,
    stop: type[BaseException],
    cancel_on_interrupt: bool,
    raised: type[BaseException],
    cancels: bool,
):
    def report(seen: Progress) -> None:
        raise stop("Enough.")

    streams(hostile, events((0, "progress", progress(1))), events())
    with pytest.raises(raised):
        client.job(ID).wait(report, cancel_on_interrupt=cancel_on_interrupt)
    assert (f"POST /jobs/{ID}/cancel" in hostile.paths) is cancels
