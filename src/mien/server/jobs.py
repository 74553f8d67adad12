"""`/api/v1/jobs`: what is being made, was made, and went wrong. Everybody sees their own."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse, PlainTextResponse, StreamingResponse

from mien.errors import NotFoundError
from mien.jobs.folder import JobFolder
from mien.jobs.request import JobInfo, JobPage, Kind, Status
from mien.server import sse
from mien.server.errors import problems
from mien.server.identity import Caller
from mien.server.state import JobStore

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"], responses=problems(404))

MAX_PAGE = 100
MAX_LOG_BYTES = 1 << 20
"""Of one answer; `X-Next-Offset` says where to go on."""
PREVIEWS = "previews"
"""Folder in a job's work whose files may be looked at while it runs."""

_TYPES = {
    ".mp4": "video/mp4",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt",
    ".json": "application/json",
    ".txt": "text/plain",
    ".wav": "audio/wav",
    ".html": "text/html",
}
"""What a browser may show; anything else it shall only save."""

_PAGE_HEADERS = {
    # Pages of jobs hold what users named and wrote. Should one of them ever run something that it should not, then in an origin of its own,
    # from which nothing can be loaded or sent; which of its scripts run, each page says itself by their hashes.
    "Content-Security-Policy": "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    # A browser opens no sandboxed page that asks for a process of its own.
    "Cross-Origin-Opener-Policy": "unsafe-none",
}

JobId = Annotated[str, InPath(max_length=100, description="As it was given when the job was handed in.")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


@router.get("")
async def list_jobs(
    jobs: JobStore,
    caller: Caller,
    kind: Annotated[list[Kind], Query(max_length=10, description="Only of these kinds.")] = [],  # noqa: B006
    status: Annotated[list[Status], Query(max_length=10, description="Only of these.")] = [],  # noqa: B006
    limit: Limit = 20,
    offset: Offset = 0,
) -> JobPage:
    """Jobs, the newest first."""
    return await jobs.list(caller.user, kinds=kind, statuses=status, limit=limit, offset=offset)


@router.get("/{job_id}")
async def get_job(job_id: JobId, jobs: JobStore, caller: Caller) -> JobInfo:
    """One job."""
    return await jobs.get(job_id, caller.user)


@router.delete("/{job_id}", status_code=204)
async def delete_job(job_id: JobId, jobs: JobStore, caller: Caller) -> None:
    """Removes a job and its files; one that runs is stopped first."""
    await jobs.delete(job_id, caller.user)


@router.post("/{job_id}/cancel", responses=problems(409))
async def cancel_job(job_id: JobId, jobs: JobStore, caller: Caller) -> JobInfo:
    """Stops a job that waits or runs."""
    return await jobs.cancel(job_id, caller.user)


@router.post("/{job_id}/resume", responses=problems(409))
async def resume_job(job_id: JobId, jobs: JobStore, caller: Caller) -> JobInfo:
    """Goes on with a job that was cancelled."""
    return await jobs.resume(job_id, caller.user)


@router.post("/{job_id}/retry", responses=problems(409))
async def retry_job(job_id: JobId, jobs: JobStore, caller: Caller) -> JobInfo:
    """Tries a job that failed once more."""
    return await jobs.retry(job_id, caller.user)


async def folder_of(job_id: JobId, jobs: JobStore, caller: Caller) -> JobFolder:
    """Raises:
    NotFoundError: there is no such job, or it is somebody else's.
    """
    return jobs.folder((await jobs.get(job_id, caller.user)).id)


Folder = Annotated[JobFolder, Depends(folder_of)]


@router.get(
    "/{job_id}/log",
    response_class=Response,
    responses={
        200: {
            "content": {"text/plain": {"schema": {"type": "string"}}},
            "headers": {"X-Next-Offset": {"schema": {"type": "integer"}, "description": "Where to go on reading."}},
        }
    },
)
def get_job_log(
    folder: Folder, offset: Annotated[int, Query(ge=0, le=2**53, description="Bytes to leave out.")] = 0
) -> PlainTextResponse:
    """What the job's processes said, from a byte on; of a long log a part."""
    text, following = read_log(folder.log, offset)
    return PlainTextResponse(text, headers={"X-Next-Offset": str(following)})


@router.get(
    "/{job_id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": sse.SCHEMA}}}},
)
async def job_events(
    job_id: JobId,
    jobs: JobStore,
    caller: Caller,
    after: Annotated[int, Query(ge=-1, le=2**53, description="The last event that was seen; -1: from the first.")] = -1,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> StreamingResponse:
    """What happens to the job, as server-sent events until it ends. `Last-Event-ID` goes on where a reader was cut off.

    `progress`: a `JobProgress` and `attempt`. `log`: `lines`. `metric`: `step`, `values`. `artifact`: `name`, `step`.
    The last is `state`: `status`, `result`, `error`.
    """
    await jobs.get(job_id, caller.user)  # to refuse while that can still be said
    seen = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
    return sse.follow(jobs.watch(job_id, caller.user, seen), sse.encode)


@router.get(
    "/{job_id}/files/{name}",
    response_class=FileResponse,
    responses={
        200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
        206: {"description": "The range that was asked for."},
    },
)
def get_job_file(folder: Folder, name: str) -> FileResponse:
    """A file that the job has made, or a picture of how far it is."""
    return file_response(find_file(folder, name))


def find_file(folder: JobFolder, name: str) -> Path:
    """Raises:
    NotFoundError: the job has no file of that name to show.
    """
    # Only what the folders themselves list is ever opened.
    for place in (folder.result, folder.work / PREVIEWS):
        for path in place.iterdir() if place.is_dir() else ():
            if path.name == name and not name.startswith(".") and path.is_file() and not path.is_symlink():
                return path
    raise NotFoundError(f"The job has no file {name[:100]!r}.", hint="Its result and its events name its files.")


def file_response(path: Path, save_as: str = "") -> FileResponse:
    """A file, or the part of it that is asked for.

    Args:
        path: it exists.
        save_as: the name under which the browser shall save it; "": it may show it.
    """
    known = _TYPES.get(path.suffix)
    name = save_as or ("" if known else path.name)
    return FileResponse(
        path,
        media_type=known or "application/octet-stream",
        filename=name or None,
        headers={"Cache-Control": "private, no-cache", **(_PAGE_HEADERS if path.suffix == ".html" else {})},
    )


def read_log(path: Path, offset: int) -> tuple[str, int]:
    """Some of a log, and the byte where to go on; no character is cut in two.

    Args:
        path: need not exist.
        offset: bytes to leave out.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(min(offset, size))
            data = file.read(MAX_LOG_BYTES)
    except FileNotFoundError:
        return "", 0
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data)
    pending, _ = decoder.getstate()
    return text, min(offset, size) + len(data) - len(pending)
