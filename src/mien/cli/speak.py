"""`mien speak`: an avatar and a text or recording become a video."""

from __future__ import annotations

import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli._console import Json, note, print_json, progress, say, settings
from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.studio import SpeakResult

STDIN = "-"


class Frame(StrEnum):
    """What of the picture is shown."""

    head = "head"
    full = "full"


def speak(
    avatar: Annotated[
        str, typer.Option("--avatar", "-a", help="A picture, a .mien package, a stored avatar's name, or astronaut.")
    ],
    text: Annotated[str | None, typer.Option("--text", "-t", help="What to say; - reads standard input.")] = None,
    text_file: Annotated[
        Path | None, typer.Option("--text-file", help="A file with what to say, UTF-8; - reads standard input.")
    ] = None,
    audio: Annotated[
        Path | None, typer.Option("--audio", help="A recording to speak instead; - reads standard input.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The video. Without it: the avatar's name, here.")
    ] = None,
    engine: Annotated[str, typer.Option("--engine", help="Which engine draws; see mien engines.")] = "auto",
    voice: Annotated[
        str | None, typer.Option("--voice", help="ENGINE or ENGINE:NAME, such as espeak:en-us; see mien voices.")
    ] = None,
    rate: Annotated[float, typer.Option("--rate", help="Speed of the voice, 0.5 to 2; beyond, the nearest.")] = 1.0,
    fps: Annotated[float, typer.Option("--fps", help="Frames per second, 10 to 60.")] = 25.0,
    frame: Annotated[
        Frame, typer.Option("--frame", help="head: a square around the head; full: the whole picture.")
    ] = Frame.head,
    size: Annotated[
        int, typer.Option("--size", help="Side of the square around the head, pixels: 128 to 1080, even.")
    ] = 512,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same blinks and movements.")] = 0,
    subtitles: Annotated[bool, typer.Option("--subtitles", help="Write subtitles (.srt) beside the video.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")] = False,
    no_label: Annotated[
        bool, typer.Option("--no-label", help="Leave out the visible mark; the file's metadata still say it.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a video of a face that says a text or speaks a recording."""
    _exactly_one(text, text_file, audio)
    target = output or Path(f"{_stem(avatar)}.mp4")
    from mien import studio

    options = studio.SpeakOptions(
        engine=engine,
        voice=voice,
        rate=rate,
        render=studio.RenderOptions(fps=fps, size=size, frame=frame.value, seed=seed),
        subtitles=subtitles,
        overwrite=overwrite,
        label=not no_label,
    )
    loaded = settings()
    with progress(enabled=not as_json) as report:
        result = studio.speak(
            avatar,
            target,
            loaded,
            text=_text(text, text_file),
            sound=sys.stdin.buffer.read() if str(audio) == STDIN else audio,
            options=options,
            report=report,
        )
    _print(result, as_json=as_json)


def _exactly_one(text: str | None, text_file: Path | None, audio: Path | None) -> None:
    given = [
        name for name, value in (("--text", text), ("--text-file", text_file), ("--audio", audio)) if value is not None
    ]
    if len(given) != 1:
        raise UsageError(
            f"Exactly one of --text, --text-file and --audio is needed, not {' and '.join(given) or 'none'}.",
            hint='For example: mien speak -a astronaut -t "Hello."',
        )


def _stem(avatar: str) -> str:
    return Path(avatar).stem or "speech"


def _text(text: str | None, text_file: Path | None) -> str | None:
    from mien.studio import MAX_TEXT_BYTES, decode_text, read_text

    if STDIN in (text, str(text_file)):
        # One byte too many is enough to see that it is too long: it need not end.
        return decode_text(sys.stdin.buffer.read(MAX_TEXT_BYTES + 1), "Standard input")
    return read_text(text_file) if text_file is not None else text


def _print(result: SpeakResult, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(result) | {"seconds": {stage: round(value, 3) for stage, value in result.seconds.items()}})
        return
    for remark in result.remarks:
        note(remark)
    total = result.seconds["total"]
    say(
        f"{result.output}: {result.video_seconds:.1f} s, {result.size[0]} x {result.size[1]}, {result.frames} frames"
        f" at {result.fps:g} fps, made in {total:.1f} s"
    )
    if result.subtitles is not None:
        say(f"{result.subtitles}: subtitles")
