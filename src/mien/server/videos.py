"""`/api/v1/videos`: the videos that were made. A video is a `speak` job that succeeded, and has its id."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse

from mien.errors import NotFoundError
from mien.jobs.folder import JobFolder
from mien.jobs.request import JobInfo
from mien.server.errors import problems
from mien.server.identity import Caller
from mien.server.jobs import JobId, Limit, Offset, file_response, find_file
from mien.server.models import Video, VideoPage
from mien.server.state import JobStore

router = APIRouter(prefix="/api/v1/videos", tags=["videos"], responses=problems(404))

_UNUSABLE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u2028\u2029]+')
"""In names of files, on one system or another."""
_MAX_NAME = 60


async def video_job(video_id: JobId, jobs: JobStore, caller: Caller) -> JobInfo:
    """The job that made a video.

    Raises:
        NotFoundError: there is no such video, or it is somebody else's.
    """
    job = await jobs.get(video_id, caller.user)
    if job.kind != "speak" or job.status != "succeeded":
        raise NotFoundError("There is no such video.", hint=f"Look at the job: /api/v1/jobs/{job.id}")
    return job


async def _folder(job: Annotated[JobInfo, Depends(video_job)], jobs: JobStore) -> JobFolder:
    return jobs.folder(job.id)


Made = Annotated[JobInfo, Depends(video_job)]
Folder = Annotated[JobFolder, Depends(_folder)]


def _file(media_type: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {media_type: {"schema": schema or {"type": "string", "format": "binary"}}}
    return {"response_class": FileResponse, "responses": {200: {"content": content}}}


_TEXT = {"type": "string"}
_VIDEO = _file("video/mp4")
_VIDEO["responses"][206] = {"description": "The range that was asked for."}

Download = Annotated[bool, Query(description="To be saved, not shown.")]


@router.get("")
async def list_videos(jobs: JobStore, caller: Caller, limit: Limit = 20, offset: Offset = 0) -> VideoPage:
    """Videos, the newest first."""
    page = await jobs.list(caller.user, kinds=("speak",), statuses=("succeeded",), limit=limit, offset=offset)
    return VideoPage(videos=[_video(job) for job in page.jobs], next_offset=page.next_offset)


@router.get("/{video_id}")
async def get_video(job: Made) -> Video:
    """One video."""
    return _video(job)


@router.delete("/{video_id}", status_code=204)
async def delete_video(job: Made, jobs: JobStore, caller: Caller) -> None:
    """Removes a video and the job that made it."""
    await jobs.delete(job.id, caller.user)


@router.get("/{video_id}/video.mp4", **_VIDEO)
def get_video_file(job: Made, folder: Folder, download: Download = False) -> FileResponse:
    """The video itself; ranges can be asked for."""
    return _answer(job, folder, "video.mp4", download)


@router.get("/{video_id}/poster.jpg", **_file("image/jpeg"))
def get_poster(job: Made, folder: Folder) -> FileResponse:
    """A picture of the video."""
    return _answer(job, folder, "poster.jpg")


@router.get("/{video_id}/subtitles.srt", **_file("application/x-subrip", _TEXT))
def get_subtitles(job: Made, folder: Folder, download: Download = False) -> FileResponse:
    """Subtitles for most programs."""
    return _answer(job, folder, "video.srt", download)


@router.get("/{video_id}/subtitles.vtt", **_file("text/vtt", _TEXT))
def get_web_subtitles(job: Made, folder: Folder, download: Download = False) -> FileResponse:
    """Subtitles for browsers."""
    return _answer(job, folder, "video.vtt", download)


def _answer(job: JobInfo, folder: JobFolder, name: str, download: bool = False) -> FileResponse:
    path = find_file(folder, name)
    return file_response(path, f"{file_name(job.title)}{path.suffix}" if download else "")


def file_name(title: str) -> str:
    """A title as the name of a file on any system, without a suffix."""
    name = " ".join(_UNUSABLE.sub(" ", title).split())[:_MAX_NAME].strip(". ")
    return name or "video"


def _video(job: JobInfo) -> Video:
    made = job.result or {}
    path = f"{router.prefix}/{job.id}"
    return Video(
        id=job.id,
        title=job.title,
        avatar=job.request["avatar"],
        voice=made.get("voice") or "",
        text=job.request["text"],
        created_at=job.created_at,
        seconds=made.get("seconds", 0),
        width=made.get("width", 0),
        height=made.get("height", 0),
        fps=made.get("fps", 0),
        bytes=made.get("bytes", 0),
        subtitles=bool(made.get("subtitles")),
        url=f"{path}/video.mp4",
        poster=f"{path}/poster.jpg",
        made_in_s=made.get("made_in_s", 0),
    )
