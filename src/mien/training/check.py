"""Whether a video is good enough to learn from, told in seconds: what was looked at, how it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import MediaError
from mien.evaluation.lips import Lips
from mien.face import FaceTracker
from mien.media import AudioReader, Resampler, VideoReader
from mien.motion.calibration import LEAST_REACH
from mien.settings import Settings
from mien.training import offset
from mien.training.glimpses import glimpses, is_variable
from mien.training.hearing import Listener, missing_item
from mien.training.items import Item, Verdict, below, worst
from mien.training.mouth import heard
from mien.training.prepare import LEAST_S
from mien.training.seeing import Watcher
from mien.training.split import FPS
from mien.types import SAMPLE_RATE, Progress, Report, Samples, silent
from mien.weights import WeightStore

GOOD_S = 30.0
LONGEST_S = 1800.0

_GLIMPSES = 40
_SLOW, _TOO_SLOW = 23.0, 10.0
"""Frames per second."""
_LOW, _TOO_LOW = 480, 200
"""pixels of the shorter side."""


@dataclass(frozen=True, slots=True)
class ClipCheck:
    """What `check_clip` found.

    Args:
        video: what was looked at.
        items: everything, good or bad, in the order of a report.
    """

    video: str
    items: tuple[Item, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the items."""
        return worst(self.items)

    def __getitem__(self, name: str) -> Item:
        return next(item for item in self.items if item.name == name)

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"video": self.video, "verdict": self.verdict, "items": [asdict(item) for item in self.items]}


def check_clip(video: Path, settings: Settings, report: Report = silent) -> ClipCheck:
    """Looks at some of a video's frames and listens to all of its sound.

    Args:
        video: of one person who speaks.
        settings: see `mien.settings`.
        report: progress, stages "look" and "listen".

    Raises:
        NotFoundError: there is no such file.
        MediaError: it has no pictures, or is broken.
    """
    with VideoReader(video) as reader:
        items = [_length(reader), *_rate(reader, video), _resolution(reader)]
    watcher = Watcher(FaceTracker(WeightStore.from_settings(settings), settings.threads))
    seconds, turned = 0.0, 0
    for glimpse in watcher.watch(glimpses(video, _GLIMPSES)):
        seconds, turned = max(seconds, glimpse.time_s), glimpse.turned
        report(Progress("look", glimpse.time_s, None, "seconds"))
    items.append(_rotation(turned))
    items += watcher.items()
    items += _sound_items(video, watcher.lips(), report)
    return ClipCheck(str(video), tuple(items))


def _length(reader: VideoReader) -> Item:
    seconds = reader.duration_s or 0.0
    verdict = "warn" if seconds > LONGEST_S else below(seconds, GOOD_S, LEAST_S)
    advice = {
        "pass": "",
        "warn": "Half a minute or more, and up to half an hour, is best.",
        "fail": "Film half a minute or more.",
    }[verdict]
    return Item("length", verdict, round(seconds, 1), "s", f"It lasts {seconds:.1f} s.", advice)


def _rate(reader: VideoReader, video: Path) -> list[Item]:
    fps = reader.fps
    verdict = below(fps, _SLOW, _TOO_SLOW)
    advice = "" if verdict == "pass" else "Film with 25 or 30 frames per second: lips are quick."
    variable = is_variable(video)
    steady = "They come at irregular times, which is mended." if variable else "They come at regular times."
    used = (
        "" if fps == FPS else f", of which {FPS:g} are used" if fps > FPS else f"; some are shown twice to give {FPS:g}"
    )
    return [
        Item("fps", verdict, round(fps, 3), "fps", f"It has {fps:.4g} frames per second{used}.", advice),
        Item("steady", "pass", None, "", steady),
    ]


def _resolution(reader: VideoReader) -> Item:
    width, height = reader.size
    verdict = below(min(width, height), _LOW, _TOO_LOW)
    advice = "" if verdict == "pass" else "Film with 720 lines or more."
    return Item("resolution", verdict, float(min(width, height)), "px", f"It has {width} × {height} pixels.", advice)


def _rotation(turned: int) -> Item:
    sentence = f"It is turned upright by {turned}°." if turned else "It is stored upright."
    return Item("rotation", "pass", float(turned), "°", sentence)


def _sound_items(video: Path, seen: tuple[float, Lips] | None, report: Report) -> list[Item]:
    opens = seen is None or float(np.ptp(np.nanpercentile(seen[1].gap, [5, 95]))) >= LEAST_REACH
    try:
        with AudioReader(video) as reader:
            listener = Listener(reader.sample_rate)
            begin_s, length_s = (seen[0], len(seen[1].gap) / seen[1].fps) if seen else (0.0, 0.0)
            piece = _between(listener.through(reader), reader.sample_rate, begin_s, length_s, report)
    except MediaError:
        # Nothing else can be wrong with it here: the pictures of the same file have been read.
        return [missing_item(opens=opens)]
    items = listener.items(opens=opens)
    if items[0].verdict == "pass" and seen:
        items.append(_offset(seen[1], heard([piece], length_s)))
    return items


def _between(blocks: Iterator[Samples], sample_rate: int, begin_s: float, length_s: float, report: Report) -> Samples:
    """All blocks are passed by; what is heard from a moment on is kept, at 16 kHz."""
    resampler = Resampler(sample_rate, SAMPLE_RATE)
    first, last = round(begin_s * sample_rate), round((begin_s + length_s) * sample_rate)
    position, kept = 0, []
    for block in blocks:
        part = block[max(0, first - position) : max(0, last - position)]
        if len(part):
            kept.append(resampler.push(part))
        position += len(block)
        report(Progress("listen", position / sample_rate, None, "seconds"))
    return np.concatenate([*kept, resampler.finish()])


def _offset(lips: Lips, rows: NDArray[np.float32]) -> Item:
    found = offset.measure(lips, rows)
    if found is None or not found.clear:
        return Item("offset", "pass", None, "ms", "Nothing says that the sound is early or late.")
    late = "late" if found.offset_ms > 0 else "early"
    return Item(
        "offset",
        "warn",
        float(found.offset_ms),
        "ms",
        f"The sound is about {abs(found.offset_ms)} ms too {late}; this is mended while it is prepared.",
        "Look whether other videos of this camera or program have it too.",
    )
