"""`mien speak`: an avatar and a text or recording become a video."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli._console import Json, note, print_json, progress, say, settings
from mien.cli._remote import connected, pick
from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.client import Client
    from mien.settings import Settings
    from mien.types import Report

STDIN = "-"


class Frame(StrEnum):
    """What of the picture is shown."""

    head = "head"
    full = "full"


class Driver(StrEnum):
    """What moves the mouth."""

    auto = "auto"
    phonemes = "phonemes"
    network = "network"
    energy = "energy"


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
    transcript: Annotated[
        str | None,
        typer.Option("--transcript", help="What is said in the recording: the mouth then follows its phonemes."),
    ] = None,
    transcript_file: Annotated[
        Path | None, typer.Option("--transcript-file", help="A file with what is said in the recording, UTF-8.")
    ] = None,
    language: Annotated[
        str, typer.Option("--language", help="Of the transcript, such as de; without it: as its script tells.")
    ] = "",
    phonemes_model: Annotated[
        Path | None,
        typer.Option(
            "--phonemes-model",
            help="A recogniser of phonemes, a folder: the mouth then follows it without a transcript.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The video. Without it: the avatar's name, here.")
    ] = None,
    engine: Annotated[str, typer.Option("--engine", help="Which engine draws; see mien engines.")] = "auto",
    voice: Annotated[
        str | None, typer.Option("--voice", help="ENGINE or ENGINE:NAME, such as espeak:en-us; see mien voices.")
    ] = None,
    rate: Annotated[float, typer.Option("--rate", help="Speed of the voice, 0.5 to 2; beyond, the nearest.")] = 1.0,
    driver: Annotated[
        Driver,
        typer.Option("--driver", help="What moves the mouth; auto: phonemes where they are known, else the network."),
    ] = Driver.auto,
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
    _with_recording(audio, transcript, transcript_file, language, phonemes_model)
    target = output or Path(f"{_stem(avatar)}.mp4")
    drawn = {"fps": fps, "size": size, "frame": frame.value, "seed": seed, "driver": driver.value}
    said = {"engine": engine, "voice": voice, "rate": rate, "subtitles": subtitles, "label": not no_label}
    said |= {"language": language, "phonemes_model": phonemes_model}
    loaded = settings()
    with connected(loaded) as client, progress(enabled=not as_json) as report:
        known = _transcript(transcript, transcript_file)
        order = _Order(avatar, target, _text(text, text_file), _sound(audio), known, drawn, said, overwrite)
        told = _on(client, order, report) if client else _here(loaded, order, report)
    _print(told, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be done, here or by a server."""

    avatar: str
    target: Path
    text: str | None
    sound: Path | bytes | None
    transcript: str | None
    drawn: dict[str, Any]
    said: dict[str, Any]
    overwrite: bool

    @property
    def subtitles(self) -> Path | None:
        return self.target.with_suffix(".srt") if self.said["subtitles"] else None


def _here(loaded: Settings, order: _Order, report: Report) -> dict[str, Any]:
    from mien import studio

    result = studio.speak(
        order.avatar,
        order.target,
        loaded,
        text=order.text,
        sound=order.sound,
        transcript=order.transcript,
        options=studio.SpeakOptions(
            **order.said, overwrite=order.overwrite, render=studio.RenderOptions(**order.drawn)
        ),
        report=report,
    )
    return asdict(result)


def _on(client: Client, order: _Order, report: Report) -> dict[str, Any]:
    _check(client, order)
    options = {name: value for name, value in (order.said | order.drawn).items() if name != "phonemes_model"}
    # The command takes the nearest possible speed; the server wants it to be one.
    options |= {"voice": order.said["voice"] or "", "rate": min(max(order.said["rate"], 0.5), 2.0)}
    job = client.speak(order.avatar, text=order.text, audio=order.sound, transcript=order.transcript, **options)
    job.wait(report, cancel_on_interrupt=True)
    same = pick(job.info.result, "frames", "fps", "engine", "voice", "remarks")
    made = pick(job.info.result, "subtitles", "seconds", "width", "height", "stages")
    subtitles = order.subtitles if made["subtitles"] else None
    if subtitles is not None:
        job.save(subtitles, file="video.srt", overwrite=order.overwrite)
    job.save(order.target, overwrite=order.overwrite)
    return same | {
        "output": order.target,
        "subtitles": subtitles,
        "video_seconds": made["seconds"],
        "size": (made["width"], made["height"]),
        "seconds": made["stages"],
    }


def _check(client: Client, order: _Order) -> None:
    """Refuses what cannot be, before a server has worked for it.

    Raises:
        UsageError, AlreadyExistsError, OutputError: as the command does without a server.
    """
    if Path(order.avatar).suffix and Path(order.avatar).exists():
        verb = "import" if order.avatar.endswith(".mien") else "create NAME"
        consent = "" if order.avatar.endswith(".mien") else " --consent WHO-AGREED"
        raise UsageError(
            f"{order.avatar} is a file here; the server needs an avatar that it has.",
            hint=f"Bring it there: mien --server {client.url} avatar {verb} {order.avatar}{consent}",
        )
    if order.said["phonemes_model"] is not None:
        raise UsageError(
            "--phonemes-model names a folder here; a server uses the one that its own settings name.",
            hint="Set MIEN_PHONEMES_MODEL where the server runs, and leave the option out.",
        )
    if order.subtitles is not None and order.text is None and order.transcript is None:
        raise UsageError(
            "A recording has no text for subtitles.", hint="Leave --subtitles out, or give the transcript."
        )
    if order.target.suffix.lower() != ".mp4":
        raise UsageError(f"{order.target} is not named like an MP4 file.", hint="For example: hello.mp4")
    from mien.media.files import check_output

    for path in filter(None, (order.target, order.subtitles)):
        check_output(path, overwrite=order.overwrite)


def _exactly_one(text: str | None, text_file: Path | None, audio: Path | None) -> None:
    given = [
        name for name, value in (("--text", text), ("--text-file", text_file), ("--audio", audio)) if value is not None
    ]
    if len(given) != 1:
        raise UsageError(
            f"Exactly one of --text, --text-file and --audio is needed, not {' and '.join(given) or 'none'}.",
            hint='For example: mien speak -a astronaut -t "Hello."',
        )


def _with_recording(
    audio: Path | None, transcript: str | None, transcript_file: Path | None, language: str, phonemes_model: Path | None
) -> None:
    if transcript is not None and transcript_file is not None:
        raise UsageError("Either --transcript or --transcript-file is needed, not both.", hint="Leave one of them out.")
    transcribed = transcript is not None or transcript_file is not None
    if transcribed and audio is None:
        raise UsageError("A transcript goes with a recording.", hint="Give --audio, or --text alone.")
    if language and not transcribed:
        raise UsageError("--language is that of a transcript.", hint="Give --transcript, or leave --language out.")
    if phonemes_model is not None and audio is None:
        raise UsageError("--phonemes-model goes with a recording.", hint="Give --audio, or leave it out.")


def _stem(avatar: str) -> str:
    return Path(avatar).stem or "speech"


def _text(text: str | None, text_file: Path | None) -> str | None:
    if STDIN not in (text, str(text_file)) and text_file is None:
        return text
    from mien.studio import MAX_TEXT_BYTES, decode_text, read_text

    if text_file is None or str(text_file) == STDIN:
        # One byte too many is enough to see that it is too long: it need not end.
        return decode_text(sys.stdin.buffer.read(MAX_TEXT_BYTES + 1), "Standard input")
    return read_text(text_file)


def _transcript(transcript: str | None, transcript_file: Path | None) -> str | None:
    if transcript_file is None:
        return transcript
    from mien.studio import read_text

    return read_text(transcript_file)


def _sound(audio: Path | None) -> Path | bytes | None:
    return sys.stdin.buffer.read() if str(audio) == STDIN else audio


def _print(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(told | {"seconds": {stage: round(value, 3) for stage, value in told["seconds"].items()}})
        return
    for remark in told["remarks"]:
        note(remark)
    width, height = told["size"]
    say(
        f"{told['output']}: {told['video_seconds']:.1f} s, {width} x {height}, {told['frames']} frames"
        f" at {told['fps']:g} fps, made in {told['seconds']['total']:.1f} s"
    )
    if told["subtitles"] is not None:
        say(f"{told['subtitles']}: subtitles")
