"""Subtitle files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.media.files import write_bytes


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: its text (may have line breaks) and when it shows, in seconds."""

    text: str
    start_s: float
    end_s: float


def write_srt(path: Path, cues: Sequence[Cue], *, overwrite: bool = False) -> None:
    """Writes SubRip in UTF-8; raises as `atomic_output`."""
    blocks = [
        f"{number}\n{_time(cue.start_s)} --> {_time(cue.end_s)}\n{_lines(cue.text)}\n"
        for number, cue in enumerate(cues, 1)
    ]
    write_bytes(path, "\n".join(blocks).encode(), overwrite=overwrite)


def _time(seconds: float) -> str:
    whole, ms = divmod(round(max(seconds, 0.0) * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{ms:03}"


def _lines(text: str) -> str:
    """An empty line would end the cue."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
