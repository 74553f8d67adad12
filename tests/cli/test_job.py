"""`mien job` on this machine's own jobs, which nobody is doing yet."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import get_args

import pytest

from mien.cli.job import JobKind, JobStatus
from mien.jobs.request import Kind, SpeakRequest, Status
from mien.jobs.store import Jobs
from mien.settings import load

from .conftest import Mien


@pytest.fixture
def ids(home: Path) -> list[str]:
    """Three queued jobs, the newest first; the keys give ids that begin with different digits."""

    async def submit() -> list[str]:
        jobs = Jobs.open(load())
        try:
            made = [
                await jobs.submit("speak", SpeakRequest(text=f"Text {n} [b]"), owner=f"user{n}", key=str(n))
                for n in range(3)
            ]
        finally:
            await jobs.close()
        return [info.id for info, _ in reversed(made)]

    return asyncio.run(submit())


def test_jobs_are_listed_shown_and_found_by_the_beginning_of_their_id(mien: Mien, ids: list[str]):
    listed = mien("job", "list")
    assert (listed.code, listed.err) == (0, "")
    assert all(id[:12] in listed.out for id in ids)
    assert "Text 1 [b]" in listed.out
    assert [one["id"] for one in mien("job", "list", "--json").json["jobs"]] == ids
    paged = mien("job", "list", "--limit", "1", "--offset", "1")
    assert ids[1][:12] in paged.out
    assert ids[0][:12] not in paged.out
    assert "--offset 2" in paged.err
    assert mien("job", "list", "--status", "failed", "--kind", "speak", "--json").json["jobs"] == []
    shown = mien("job", "show", ids[1][:12])
    assert ids[1] in shown.out
    assert mien("job", "show", ids[1][:12], "--json").json["request"]["text"] == "Text 1 [b]"
    assert mien("job", "log", ids[0]).out == ""


def test_jobs_are_cancelled_resumed_and_deleted(mien: Mien, ids: list[str]):
    short = ids[0][:12]
    assert mien("job", "resume", short).code == 17
    assert mien("job", "cancel", short).out == f"The job {ids[0]} is cancelled.\n"
    waited = mien("job", "wait", short, "--json")
    assert (waited.code, waited.json["error"]["code"]) == (130, "cancelled")
    assert mien("job", "retry", short).code == 17
    assert mien("job", "resume", short, "--json").json["status"] == "queued"
    assert mien("job", "delete", short, "--json").json == {"deleted": ids[0]}
    assert mien("job", "show", short).code == 3
    assert len(mien("job", "list", "--json").json["jobs"]) == 2


@pytest.mark.parametrize(
    ("what", "id"), [("show", "zz"), ("log", "0" * 32), ("cancel", ".." * 16), ("wait", ".."), ("delete", "")]
)
def test_a_job_that_is_not_there(mien: Mien, what: str, id: str):
    done = mien("job", what, id)
    assert done.code == 3
    assert done.err.startswith("Error: There is no")


def test_a_beginning_that_several_have_is_refused(mien: Mien, ids: list[str], monkeypatch: pytest.MonkeyPatch):
    from mien.cli import _jobs

    monkeypatch.setattr(_jobs, "_all", lambda desk: desk.jobs().jobs * 2)
    done = mien("job", "show", ids[0][:4])
    assert done.code == 2
    assert ids[0] in done.err


def test_what_can_be_asked_for_is_all_that_there_is():
    assert [one.value for one in JobKind] == list(get_args(Kind))
    assert [one.value for one in JobStatus] == list(get_args(Status))


@pytest.mark.parametrize(
    "arguments",
    [("list", "--kind", "cake"), ("list", "--status", "odd"), ("list", "--limit", "0"), ("show",), ("eat", "x")],
)
def test_what_makes_no_sense(mien: Mien, arguments: tuple[str, ...]):
    assert mien("job", *arguments).code == 2
