"""An avatar learnt from a video."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from mien.errors import UsageError
from mien.jobs.folder import JobFolder, read_json, write_json
from mien.jobs.kinds import Context
from mien.jobs.kinds.publishing import Publishing, about
from mien.jobs.request import TrainRequest
from mien.media import write_image
from mien.settings import Settings
from mien.studio import Preparation, train_avatar
from mien.types import Image


def run(folder: JobFolder, request: TrainRequest, settings: Settings, context: Context) -> dict[str, Any]:
    began = time.monotonic()
    publishing = Publishing(folder, request.name, settings)
    package = publishing.run(lambda: _train(folder, request, settings, context, publishing), context.report)
    previews = sorted(path.name for path in folder.result.glob("preview-*.png"))
    told = {"previews": previews, "evaluation": read_json(_evaluation(folder))}
    return about(package) | told | {"made_in_s": round(time.monotonic() - began, 3)}


def _train(
    folder: JobFolder, request: TrainRequest, settings: Settings, context: Context, publishing: Publishing
) -> None:
    video = folder.input("source")
    if video is None:
        raise UsageError("The video is missing.", hint="Send it as the file `source`.")
    folder.result.mkdir(exist_ok=True)

    def preview(step: int, image: Image) -> None:
        name = f"preview-{step:07d}.png"
        write_image(folder.result / name, image, overwrite=True)
        context.artifact(name, step)

    train_avatar(
        publishing.name,
        video,
        settings,
        engine=request.engine,
        licence=request.licence,
        consent=request.consent,
        preparation=Preparation.of(request.size, folder.input("au_csv"), None, only_reuse=False),
        into=publishing.own,
        work=folder.work / "training",
        report=context.report,
        metric=context.metric,
        preview=preview,
        evaluated=lambda found: write_json(_evaluation(folder), found.as_dict()),
    )


def _evaluation(folder: JobFolder) -> Path:
    """Outlives an attempt that is killed after the avatar was made."""
    return folder.work / "evaluation.json"
