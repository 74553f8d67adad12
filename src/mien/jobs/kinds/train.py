"""An avatar learnt from a video."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from mien.errors import UsageError
from mien.evaluation import QualityReport, write_quality_page
from mien.jobs.folder import JobFolder, read_json, write_json
from mien.jobs.kinds import Context
from mien.jobs.kinds.publishing import Publishing, about
from mien.jobs.request import TrainRequest
from mien.media import write_image
from mien.settings import Settings
from mien.studio import Preparation, train_avatar
from mien.types import Image

PAGE = "evaluation.html"


def run(folder: JobFolder, request: TrainRequest, settings: Settings, context: Context) -> dict[str, Any]:
    began = time.monotonic()
    publishing = Publishing(folder, request.name, settings)
    package = publishing.run(lambda: _train(folder, request, settings, context, publishing), context.report)
    previews = sorted(path.name for path in folder.result.glob("preview-*.png"))
    page = PAGE if (folder.result / PAGE).exists() else ""
    told = {"previews": previews, "evaluation": read_json(_evaluation(folder)), "page": page}
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

    def evaluated(found: QualityReport) -> None:
        write_quality_page(found, folder.result / PAGE, overwrite=True)
        figures = replace(found, generated=publishing.name).as_dict()
        write_json(_evaluation(folder), _without_folders(figures, folder.path))

    train_avatar(
        publishing.name,
        video,
        settings,
        engine=request.engine,
        licence=request.licence,
        consent=request.consent,
        preparation=Preparation.of(
            request.size,
            folder.input("au_csv"),
            None,
            background=folder.input("background") or request.background_colour or None,
            only_reuse=False,
        ),
        into=publishing.own,
        work=folder.work / "training",
        report=context.report,
        metric=context.metric,
        preview=preview,
        evaluate=request.evaluate,
        evaluated=evaluated,
    )


def _without_folders(figures: Any, folder: Path) -> Any:
    """Where files lie here says nothing to whoever sent them: of paths in a job's folder, the names stay."""
    if isinstance(figures, dict):
        return {name: _without_folders(value, folder) for name, value in figures.items()}
    if isinstance(figures, str) and Path(figures).is_relative_to(folder.absolute()):
        return Path(figures).name
    return figures


def _evaluation(folder: JobFolder) -> Path:
    """Outlives an attempt that is killed after the avatar was made."""
    return folder.work / "evaluation.json"
