"""`mien job`: what is being made, was made, and went wrong; here, or on a server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli._console import Json, note, print_json, progress, say, settings, table
from mien.cli._jobs import find, opened
from mien.errors import Cancelled

if TYPE_CHECKING:
    from mien.cli._jobs import LocalJob
    from mien.client import Job
    from mien.jobs.request import JobInfo

app = typer.Typer(help="Look at jobs, stop them, go on with them.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The job's id, or its beginning if no other begins so.")]

_SHORT = 12
"""Characters of an id that hold its time to the millisecond."""
_LINE = 160
_FOLLOW_S = 0.5


class JobKind(StrEnum):
    """What is made."""

    speak = "speak"
    create_avatar = "create_avatar"
    import_avatar = "import_avatar"
    check_clip = "check_clip"
    train = "train"
    evaluate = "evaluate"
    pull_weights = "pull_weights"


class JobStatus(StrEnum):
    """How a job is."""

    queued = "queued"
    running = "running"
    succeeded = "succeeded"
    failed = "failed"
    cancelled = "cancelled"


@app.command("list")
def list_(
    kind: Annotated[list[JobKind] | None, typer.Option("--kind", help="Only of this kind; may be repeated.")] = None,
    status: Annotated[
        list[JobStatus] | None, typer.Option("--status", help="Only those that are so; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="No more than this many.", min=1, max=100)] = 20,
    offset: Annotated[int, typer.Option("--offset", help="Leave out so many of the newest.", min=0)] = 0,
    as_json: Json = False,
) -> None:
    """List jobs, the newest first."""
    with opened(settings()) as desk:
        page = desk.jobs([one.value for one in kind or ()], [one.value for one in status or ()], limit, offset)
    if as_json:
        print_json(page.model_dump(mode="json"))
        return
    rows = [(info.id[:_SHORT], info.kind, _status(info), _time(info.created_at), info.title) for info in page.jobs]
    table(["id", "kind", "status", "created", "what"], rows)
    if page.next_offset is not None:
        note(f"There are more: --offset {page.next_offset}")


@app.command()
def show(id: Id, as_json: Json = False) -> None:
    """Show everything that is known of one job."""
    with opened(settings()) as desk:
        info = find(desk, id).info
    if as_json:
        print_json(info.model_dump(mode="json"))
        return
    times = {name: _time(getattr(info, name)) for name in ("created_at", "started_at", "ended_at")}
    said = info.model_dump(mode="json", exclude={"request", "result", "progress"})
    fields = said | times | {"error": info.error.message if info.error else None}
    for part in (info.request, info.progress.model_dump() if info.progress else {}, info.result or {}):
        fields |= {name: _short(value) for name, value in part.items() if not isinstance(value, dict)}
    table(["field", "value"], [(name, value) for name, value in fields.items() if value not in (None, "", [], {})])


def _short(value: object) -> object:
    """A text as it fits on a line or two."""
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return value if not isinstance(value, str) or len(value) <= _LINE else f"{value[:_LINE]}…"


@app.command()
def log(
    id: Id,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the job has ended.")] = False,
    as_json: Json = False,
) -> None:
    """Print what the job's processes said."""
    said: list[str] = []
    with opened(settings()) as desk:
        job = find(desk, id)
        for text in _log(job, follow=follow):
            if as_json:
                said.append(text)
            else:
                print(text, end="", flush=True)
    if as_json:
        print_json({"id": job.id, "log": "".join(said)})


@app.command()
def cancel(id: Id, as_json: Json = False) -> None:
    """Stop a job that waits or runs."""
    with opened(settings()) as desk:
        _done(find(desk, id).cancel().info, "is cancelled", as_json=as_json)


@app.command()
def resume(id: Id, as_json: Json = False) -> None:
    """Go on with a job that was cancelled."""
    with opened(settings()) as desk:
        _done(find(desk, id).resume().info, "is queued again", as_json=as_json)


@app.command()
def retry(id: Id, as_json: Json = False) -> None:
    """Try a job that failed once more."""
    with opened(settings()) as desk:
        _done(find(desk, id).retry().info, "is queued again", as_json=as_json)


@app.command()
def delete(id: Id, as_json: Json = False) -> None:
    """Delete a job and its files; one that runs is stopped first. There is no way back."""
    with opened(settings()) as desk:
        job = find(desk, id)
        job.delete()
    if as_json:
        print_json({"deleted": job.id})
    else:
        say(f"Deleted the job {job.id}.")


@app.command()
def wait(id: Id, as_json: Json = False) -> None:
    """Wait until a job has ended; fails as the job did. Ctrl-C leaves the job alone."""
    with opened(settings()) as desk, progress(enabled=not as_json) as report:
        job = find(desk, id)
        try:
            job.wait(report)
        except KeyboardInterrupt:
            raise Cancelled(f"Stopped waiting; the job {job.id} goes on.") from None
    _done(job.info, "has succeeded", as_json=as_json)


def _log(job: Job | LocalJob, *, follow: bool) -> Iterator[str]:
    from mien.jobs.request import ENDED

    offset = 0
    while True:
        # Looked at before the log is read, so that nothing of it is left out.
        ended = not follow or job.refresh().status in ENDED
        for text, after in job.log_parts(offset):
            offset = after
            yield text
        if ended:
            return
        time.sleep(_FOLLOW_S)


def _done(info: JobInfo, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(info.model_dump(mode="json"))
    else:
        say(f"The job {info.id} {what}.")


def _status(info: JobInfo) -> str:
    if info.progress is not None and info.status == "running":
        return f"{info.status}, {info.progress.percent:.0f} %"
    return info.status


def _time(seconds: float | None) -> str:
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M:%S}" if seconds else ""
