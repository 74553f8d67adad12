"""Whether a video is good enough to learn an avatar from."""

from __future__ import annotations

from typing import Any

from mien.errors import UsageError
from mien.jobs.folder import JobFolder
from mien.jobs.kinds import Context
from mien.jobs.request import CheckClipRequest
from mien.settings import Settings
from mien.studio import check_clip


def run(folder: JobFolder, request: CheckClipRequest, settings: Settings, context: Context) -> dict[str, Any]:
    video = folder.input("source")
    if video is None:
        raise UsageError("The video is missing.", hint="Send it as the file `source`.")
    told = check_clip(video, settings=settings, report=context.report).as_dict()
    # Where the file lies here says nothing to whoever sent it.
    return told | {"video": request.name or "video"}
