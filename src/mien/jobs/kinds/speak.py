"""A video, its poster and its subtitles."""

from __future__ import annotations

import html
import os
import re
import shutil
import time
from typing import Any

from mien.errors import UsageError
from mien.jobs.folder import JobFolder
from mien.jobs.kinds import Context
from mien.jobs.request import SpeakRequest
from mien.media import sync_folder, write_poster
from mien.media.files import write_bytes
from mien.settings import Settings
from mien.studio import RenderOptions, SpeakOptions, SpeakResult, speak
from mien.studio.create import open_named_avatar
from mien.types import Progress

_SRT_TIMES = re.compile(r"(\d\d:\d\d:\d\d),(\d\d\d) --> (\d\d:\d\d:\d\d),(\d\d\d)")


def run(folder: JobFolder, request: SpeakRequest, settings: Settings, context: Context) -> dict[str, Any]:
    began = time.monotonic()
    shutil.rmtree(folder.work, ignore_errors=True)
    folder.work.mkdir()  # without its parents: a job that is deleted now must not come back
    context.report(Progress("avatar", 0))
    package = open_named_avatar(request.avatar, settings, engine=request.engine, report=context.report)
    recording = folder.input("audio")
    if bool(request.text) == (recording is not None):
        raise UsageError("Exactly one of a text and a recording is needed.", hint="Give one of them.")
    made = speak(
        package,
        folder.work / "video.mp4",
        settings,
        text=request.text or None,
        sound=recording,
        transcript=request.transcript or None,
        options=_options(request),
        report=context.report,
    )
    context.report(Progress("finish", 0))
    write_poster(made.output, folder.work / "poster.jpg")
    subtitles = _subtitles(made)
    _publish(folder)
    width, height = made.size
    return {
        "video": "video.mp4",
        "poster": "poster.jpg",
        "subtitles": subtitles,
        "avatar": package.manifest.name,
        "engine": made.engine,
        "voice": made.voice,
        "seconds": made.video_seconds,
        "frames": made.frames,
        "fps": made.fps,
        "width": width,
        "height": height,
        "bytes": (folder.result / "video.mp4").stat().st_size,
        "made_in_s": round(time.monotonic() - began, 3),
        "remarks": list(made.remarks),
        "stages": {stage: round(seconds, 3) for stage, seconds in made.seconds.items()},
    }


def _options(request: SpeakRequest) -> SpeakOptions:
    return SpeakOptions(
        engine=request.engine,
        voice=request.voice or None,
        rate=request.rate,
        language=request.language,
        render=RenderOptions(
            fps=request.fps, size=request.size, frame=request.frame, seed=request.seed, driver=request.driver
        ),
        subtitles=request.subtitles and bool(request.text or request.transcript),
        label=request.label,
    )


def _subtitles(made: SpeakResult) -> list[str]:
    """Browsers read WebVTT, everything else SubRip."""
    if made.subtitles is None:
        return []
    vtt = made.subtitles.with_suffix(".vtt")
    write_bytes(vtt, as_vtt(made.subtitles.read_text(encoding="utf-8")).encode())
    return [made.subtitles.name, vtt.name]


def as_vtt(srt: str) -> str:
    """SubRip as WebVTT, in which `<` and `&` have a meaning."""
    lines = [
        _SRT_TIMES.sub(r"\1.\2 --> \3.\4", line) if _SRT_TIMES.fullmatch(line) else html.escape(line, quote=False)
        for line in srt.splitlines()
    ]
    return "\n".join(["WEBVTT", "", *lines, ""])


def _publish(folder: JobFolder) -> None:
    folder.result.mkdir(exist_ok=True)
    for path in sorted(path for path in folder.work.iterdir() if path.is_file()):
        os.replace(path, folder.result / path.name)
    sync_folder(folder.result)
