"""`POST /api/v1/evaluate/sync`: how well the lips of a video go with its sound."""

from __future__ import annotations

from fastapi import APIRouter, Request

from mien.errors import InputError
from mien.jobs.request import EvaluateRequest, JobInfo
from mien.server.errors import problems
from mien.server.idempotency import Desk
from mien.server.identity import Caller
from mien.server.speak import check_text
from mien.server.state import Configured, JobStore
from mien.server.uploads import described, either_content, receive_either
from mien.server.videos import video_job

router = APIRouter(prefix="/api/v1/evaluate", tags=["evaluate"], responses=problems())

VIDEO, REFERENCE = "video", "reference"


@router.post(
    "/sync",
    status_code=202,
    responses=problems(404, 408, 409, 413, 415, 507),
    openapi_extra=described(either_content(EvaluateRequest, VIDEO, REFERENCE)),
)
async def evaluate_sync(request: Request, settings: Configured, jobs: JobStore, caller: Caller, desk: Desk) -> JobInfo:
    """Measures the lips of a video that was made here, or of the file `video` in a form; beside those of `reference`, if that is sent.

    The job's result has the figures; its files are `lips.json` with the same, and `lips.html`, a page that shows them with curves.
    """
    async with receive_either(request, settings, EvaluateRequest, {VIDEO: "video", REFERENCE: "video"}) as upload:
        wanted = upload.wanted
        if bool(wanted.video_id) == (VIDEO in upload.files):
            raise InputError(
                "video_id: exactly one of a video and the id of one is needed.",
                hint=f"Send the id of a video that was made here, or a file {VIDEO!r}.",
            )
        if wanted.video_id:
            made = await video_job(wanted.video_id, jobs, caller)
            wanted = wanted.model_copy(update={"name": wanted.name or made.title})
        elif not wanted.text and wanted.spoken not in ("", "en"):
            raise InputError(
                f"spoken: the sounds of {wanted.spoken!r} cannot be recognised without the text.",
                hint="Send the text, or leave it out: only English (en) is recognised.",
            )
        check = (lambda: check_text(wanted.text)) if wanted.text else None
        return await desk.take("evaluate", wanted, check, files=upload.files)
