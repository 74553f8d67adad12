from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import sqlalchemy

from mien.jobs.following import STREAM
from mien.jobs.request import JobEvent, SpeakRequest
from mien.jobs.store import Jobs
from mien.settings import Settings


def write(jobs: Jobs, id: str, values: list[dict[str, Any]]) -> None:
    """What a worker would have written."""
    database: Any = jobs._client._sys_db
    rows = [
        {
            "workflow_uuid": id,
            "key": STREAM,
            "offset": offset,
            "value": database.serializer.serialize(value),
            "serialization": database.serializer.name(),
            "function_id": 1,
        }
        for offset, value in enumerate(values)
    ]
    with database.engine.begin() as connection:
        connection.execute(sqlalchemy.insert(database.tables.streams), rows)


def test_who_comes_late_gets_all_but_the_progress_that_is_past(tmp_path: Path):
    async def scenario() -> list[JobEvent]:
        jobs = Jobs.open(Settings(data_dir=tmp_path, cache_dir=tmp_path))
        job, _ = await jobs.submit("speak", SpeakRequest(text="Hello."), owner="ann")
        kinds = ["started", *["progress", "progress", "metric"] * 800, "log"]
        write(jobs, job.id, [{"kind": kind, "n": n} for n, kind in enumerate(kinds)])
        await jobs.cancel(job.id)
        found = [event async for event in jobs.watch(job.id)]
        later = [event async for event in jobs.watch(job.id, after=found[-3].id or 0)]
        assert later == found[-2:]
        await jobs.close()
        return found

    events = asyncio.run(scenario())
    assert [event.kind for event in events].count("metric") == 800
    assert [(event.id, event.data["n"]) for event in events if event.kind == "progress"] == [(2399, 2399)]
    assert [event.kind for event in events[:1] + events[-2:]] == ["started", "log", "state"]
    assert [event.id for event in events[:-1]] == sorted(event.id or 0 for event in events[:-1])
