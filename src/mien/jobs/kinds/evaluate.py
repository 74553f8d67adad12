"""How well the lips of a video go with its sound: figures, and a page that shows them."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any, Literal

from mien.errors import NotFoundError, UsageError
from mien.evaluation import evaluate_sync, write_page
from mien.jobs.folder import JobFolder, write_json
from mien.jobs.kinds import Context
from mien.jobs.request import EvaluateRequest, SpeakRequest
from mien.settings import Settings
from mien.types import Progress

PAGE, FIGURES = "lips.html", "lips.json"
LANGUAGES: tuple[Literal["en", "zh"], ...] = ("en", "zh")


def run(folder: JobFolder, request: EvaluateRequest, settings: Settings, context: Context) -> dict[str, Any]:
    began = time.monotonic()
    shutil.rmtree(folder.work, ignore_errors=True)
    folder.work.mkdir()  # without its parents: a job that is deleted now must not come back
    video, text, spoken = _video(folder, request, settings)
    reference = folder.input("reference")
    found = evaluate_sync(
        video,
        reference=reference,
        lag_ms=request.lag_ms,
        text=request.text or text,
        spoken=request.spoken or ("" if request.text else spoken),
        settings=settings,
        report=context.report,
    )
    context.report(Progress("finish", 0))
    name = request.name or "video"
    figures = _named(found.as_dict(), name)
    folder.result.mkdir(exist_ok=True)
    write_page(found, folder.result / PAGE, name=name, shown=request.language, overwrite=True)
    write_json(folder.result / FIGURES, figures)
    return {
        "page": PAGE,
        "json": FIGURES,
        "figures": figures,
        "remarks": {language: [remark.text(language) for remark in found.remarks] for language in LANGUAGES},
        "made_in_s": round(time.monotonic() - began, 3),
    }


def _named(figures: dict[str, Any], name: str) -> dict[str, Any]:
    """Where files lie here says nothing to whoever sent them."""
    beside = figures["reference"]
    return figures | {"video": name, "reference": beside and beside | {"video": "reference"}}


def _video(folder: JobFolder, request: EvaluateRequest, settings: Settings) -> tuple[Path, str, str]:
    """The video, and what is said in it in which language, as far as whoever made it knows."""
    sent = folder.input("video")
    if bool(request.video_id) == (sent is not None):
        raise UsageError("Exactly one of a video and the id of one is needed.", hint="Give one of them.")
    if sent is not None:
        return sent, "", ""
    other = JobFolder(settings, request.video_id)
    made = other.job()
    # A name in this folder: it is there to the end even if the video is deleted meanwhile.
    kept = folder.work / "video.mp4"
    try:
        _take(other.result / kept.name, kept)
    except FileNotFoundError as error:
        raise NotFoundError("The video was deleted.", hint="Make it again, or send it.") from error
    return kept, *_said(SpeakRequest.model_validate(made.request))


def _take(video: Path, target: Path) -> None:
    try:
        os.link(video, target)
    except FileNotFoundError:
        raise
    except OSError:  # not every file system can
        shutil.copyfile(video, target)


def _said(request: SpeakRequest) -> tuple[str, str]:
    """Text and language; voices of espeak-ng are called after their languages."""
    if not request.text:
        return request.transcript, request.language
    engine, _, voice = request.voice.partition(":")
    return request.text, voice.partition("+")[0] if engine == "espeak" else ""
