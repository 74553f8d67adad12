"""`/api/v1/train`: whether a video is good enough to learn from, and learning an avatar from it."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

from fastapi import APIRouter, Request

from mien.errors import InputError, NotFoundError
from mien.jobs.request import CheckClipRequest, JobInfo, TrainRequest
from mien.server import disk, uploads
from mien.server.avatars import check_free
from mien.server.errors import problems
from mien.server.filetypes import Type
from mien.server.idempotency import Desk
from mien.server.identity import Caller
from mien.server.state import Configured, JobStore
from mien.server.uploads import described, either_content, form_content
from mien.settings import Settings

router = APIRouter(prefix="/api/v1/train", tags=["avatars"], responses=problems())

VIDEO, TABLE, BACKGROUND = "file", "au_csv", "background"

_TAKEN = problems(404, 408, 409, 413, 415, 501, 507)


@router.post(
    "/check", status_code=202, responses=_TAKEN, openapi_extra=described(form_content(CheckClipRequest, VIDEO))
)
async def check_clip(request: Request, settings: Configured, desk: Desk) -> JobInfo:
    """Tells in seconds whether a video is good enough to learn from, and what to do about it if not.

    The job's result has `verdict` (`pass`, `warn` or `fail`: the worst of all) and `items`, each with `name`, `verdict`, `value`, `unit`,
    `sentence` and `advice`. `POST /api/v1/train` learns from its video when it is given the job's id.
    """
    async with uploads.receive(request, settings, CheckClipRequest, {VIDEO: "video"}) as upload:
        return await desk.take("check_clip", upload.wanted, files={"source": upload.files[VIDEO]})


@router.post(
    "",
    status_code=202,
    responses=_TAKEN,
    openapi_extra=described(either_content(TrainRequest, VIDEO, TABLE, BACKGROUND)),
)
async def train_avatar(request: Request, settings: Configured, jobs: JobStore, caller: Caller, desk: Desk) -> JobInfo:
    """Learns an avatar from the file `file`, a video of one person who speaks, or from the video of a check that was made before.

    The file `au_csv` may come with it: OpenFace's table of action units for this video; and the file `background`: a picture that is shown
    behind the person.
    """
    types: dict[str, Type] = {VIDEO: "video", TABLE: "table", BACKGROUND: "picture"}
    async with uploads.receive_either(request, settings, TrainRequest, types) as upload:
        wanted, files = upload.wanted, dict(upload.files)
        if bool(wanted.check_id) == (VIDEO in files):
            raise InputError(
                "check_id: exactly one of a video and the id of a check is needed.",
                hint=f"Send a file {VIDEO!r}, or the id of a check that was made here.",
            )
        if wanted.background_colour and BACKGROUND in files:
            raise InputError(
                "background_colour: there is a picture for the background as well.", hint="Send one of the two."
            )
        video = await _checked(wanted.check_id, jobs, caller, settings) if wanted.check_id else files.pop(VIDEO)
        try:
            sent = files | {"source": video}
            return await desk.take("train", wanted, lambda: check_free(wanted.name, settings), files=sent)
        finally:
            video.unlink(missing_ok=True)


async def _checked(id: str, jobs: JobStore, caller: Caller, settings: Settings) -> Path:
    """The video of a check under a name of its own: it is there to the end even if the check is deleted meanwhile.

    Raises:
        NotFoundError: there is no such check, or it is somebody else's.
    """
    job = await jobs.get(id, caller.user)
    video = jobs.folder(job.id).input("source") if job.kind == "check_clip" else None
    if video is None:
        raise NotFoundError("There is no such check.", hint="Send the video itself.")
    kept = disk.new_path(settings, video.suffix)
    await asyncio.to_thread(_link, video, kept)
    return kept


def _link(video: Path, kept: Path) -> None:
    with disk.writing():
        try:
            os.link(video, kept)
        except OSError:  # not every file system can
            shutil.copyfile(video, kept)
