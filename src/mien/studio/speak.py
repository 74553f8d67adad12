"""The verb `speak`: an avatar and a text or recording become a video."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from mien.avatars import AvatarPackage
from mien.errors import UsageError, VoiceError
from mien.media import METADATA, XMP, Label, VideoWriter, atomic_output, check_output, write_srt
from mien.settings import Settings
from mien.studio.create import open_avatar
from mien.studio.engines import AUTO, RenderOptions, engine_of_package, load_engine, open_session
from mien.studio.render import render
from mien.studio.sources import SoundSource, Speech, Transcript, recording, spoken_text, visible
from mien.studio.stages import Stages
from mien.studio.subtitles import Subtitles
from mien.types import Engine, Progress, RenderSession, Report, SpeechChunk, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakOptions:
    """How it is spoken and what is written.

    Args:
        engine: "auto" or an engine's name.
        voice: `ENGINE` or `ENGINE:NAME`; None: the one of the settings.
        rate: factor on the voice's speed.
        language: of the transcript, as espeak-ng calls it; "": the one that its script tells.
        phonemes_model: of a recording; see `mien.studio.sources.recording`.
        render: how it is drawn, and what moves the mouth.
        subtitles: an SRT file is written beside the video.
        overwrite: existing files are replaced.
        label: the visible mark "AI-generated"; the file's metadata say it in any case.
    """

    engine: str = AUTO
    voice: str | None = None
    rate: float = 1.0
    language: str = ""
    phonemes_model: Path | None = None
    render: RenderOptions = field(default_factory=RenderOptions)
    subtitles: bool = False
    overwrite: bool = False
    label: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakResult:
    """What was made.

    Args:
        output: the video.
        subtitles: the file of subtitles; None if none was asked for.
        frames: how many.
        fps: frames per second.
        video_seconds: its length.
        size: width, height.
        engine: which drew it.
        voice: which spoke it; None for a recording.
        remarks: what was noticed, one sentence each.
        seconds: wall time by stage, "total" in all.
    """

    output: Path
    subtitles: Path | None
    frames: int
    fps: float
    video_seconds: float
    size: tuple[int, int]
    engine: str
    voice: str | None
    remarks: tuple[str, ...]
    seconds: dict[str, float]


def speak(
    avatar: str | Path | AvatarPackage,
    output: Path,
    settings: Settings,
    *,
    text: str | None = None,
    sound: SoundSource | None = None,
    transcript: str | None = None,
    options: SpeakOptions | None = None,
    loaded: Engine | None = None,
    report: Report = silent,
) -> SpeakResult:
    """Makes a video; it appears whole or not at all.

    Args:
        avatar: what `open_avatar` takes, or an opened one.
        output: the mp4 file.
        settings: see `mien.settings`.
        text: what shall be said, or
        sound: the recording that shall be spoken.
        transcript: what is said in the recording, if that is known: the mouth then follows its phonemes.
        options: see there.
        loaded: the avatar's engine, if it is at hand.
        report: progress.

    Raises:
        UsageError: not exactly one of `text` and `sound`, or impossible options.
        OutputError, AlreadyExistsError: the output cannot be written; said before the work, if it is known then.
        MienError: as the parts raise them.
    """
    began = time.perf_counter()
    options = options or SpeakOptions()
    stages = Stages()
    outputs = _Outputs.check(output, options)
    with stages.of("voice"):
        speech = prepared(text, sound, transcript, settings, options, report)
    if not speech.titled:
        outputs = replace(outputs, subtitles=None)
    with stages.of("avatar"):
        report(Progress("avatar", 0))
        package = (
            avatar
            if isinstance(avatar, AvatarPackage)
            else open_avatar(avatar, settings, engine=options.engine, report=report)
        )
    with stages.of("engine"):
        report(Progress("engine", 0))
        engine = loaded or load_engine(engine_of_package(package, options.engine), settings)
        session = open_session(engine, package, options.render)
    terms = engine.spec.terms
    frames = _write(session, speech, outputs, options, terms, stages, report)
    return SpeakResult(
        output=output,
        subtitles=outputs.subtitles,
        frames=frames,
        fps=session.fps,
        video_seconds=frames / session.fps,
        size=session.size,
        engine=engine.spec.name,
        voice=speech.voice,
        remarks=(*package.manifest.remarks, *speech.remarks, *filter(None, [terms])),
        seconds=stages.seconds | {"total": time.perf_counter() - began},
    )


@dataclass(frozen=True, slots=True)
class _Outputs:
    video: Path
    subtitles: Path | None

    @classmethod
    def check(cls, video: Path, options: SpeakOptions) -> _Outputs:
        subtitles = video.with_suffix(".srt") if options.subtitles else None
        if video.suffix.lower() != ".mp4":
            named = video / "video.mp4" if video.is_dir() else video.with_suffix(".mp4")
            raise UsageError(f"{video} is not named like an MP4 file.", hint=f"For example: {named}")
        for path in filter(None, (video, subtitles)):
            check_output(path, overwrite=options.overwrite)
        return cls(video, subtitles)


def prepared(
    text: str | None,
    sound: SoundSource | None,
    transcript: str | None,
    settings: Settings,
    options: SpeakOptions,
    report: Report = silent,
) -> Speech:
    """What shall be spoken.

    Raises:
        UsageError: not exactly one of `text` and `sound`, or options that do not go with it.
        MienError: as `spoken_text` and `recording`.
    """
    if (text is None) == (sound is None):
        raise UsageError("Exactly one of a text and a recording is needed.", hint="Give one of them.")
    if transcript is not None and sound is None:
        raise UsageError("A transcript goes with a recording.", hint="Give the recording, or the text alone.")
    if options.phonemes_model is not None and sound is None:
        raise UsageError("A recogniser of phonemes goes with a recording.", hint="Give the recording, or leave it out.")
    if options.language and transcript is None:
        raise UsageError("A language goes with a transcript.", hint="Give the transcript, or choose a voice of it.")
    if text is not None:
        return spoken_text(text, settings, options.voice, options.rate, options.render.driver)
    assert sound is not None
    if options.subtitles and transcript is None:
        raise UsageError(
            "A recording has no text for subtitles.", hint="Leave --subtitles out, or give the transcript."
        )
    known = None if transcript is None else Transcript(text=transcript, language=options.language)
    return recording(sound, settings, known, options.render.driver, options.phonemes_model, report)


def _write(
    session: RenderSession,
    speech: Speech,
    outputs: _Outputs,
    options: SpeakOptions,
    terms: str,
    stages: Stages,
    report: Report,
) -> int:
    subtitles = Subtitles()
    meter = _Meter(speech, session.fps, report)
    frames = render(session, meter.watch(subtitles.watch(speech.chunks)), stages)
    first = next(frames, None)
    if first is None:
        raise VoiceError("The speech has no length.", hint="Give a longer text, or choose another voice.")
    label = Label(session.size) if options.label else None
    with ExitStack() as stack:
        # Entered first, so that the subtitles appear only when the video has.
        part = (
            stack.enter_context(atomic_output(outputs.subtitles, overwrite=options.overwrite))
            if outputs.subtitles
            else None
        )
        writer = stack.enter_context(_writer(outputs.video, session, first.sample_rate, options, terms))
        for spoken in chain([first], frames):
            with stages.of("encode"):
                writer.write(label.apply(spoken.frame.image) if label else spoken.frame.image, spoken.sound)
            meter.drawn(writer.frames)
        if part is not None:
            write_srt(part, subtitles.cues(), overwrite=True)
        with stages.of("encode"):
            stack.pop_all().close()
    return writer.frames


def _writer(video: Path, session: RenderSession, sample_rate: int, options: SpeakOptions, terms: str) -> VideoWriter:
    told = METADATA | {"copyright": terms} if terms else METADATA
    return VideoWriter(
        video, session.size, session.fps, sample_rate, metadata=told, xmp=XMP, overwrite=options.overwrite
    )


class _Meter:
    """Says how far the drawing is; of a text the length is guessed from the share that was said."""

    def __init__(self, speech: Speech, fps: float, report: Report) -> None:
        self._speech, self._fps, self._report = speech, fps, report
        self._characters = 0
        self._seconds = 0.0

    def watch(self, chunks: Iterator[SpeechChunk]) -> Iterator[SpeechChunk]:
        for chunk in chunks:
            self._characters += visible(chunk.text)
            self._seconds += len(chunk.samples) / chunk.sample_rate
            yield chunk

    def drawn(self, frames: int) -> None:
        self._report(Progress("render", frames, max(self._expected(), frames), "frames"))

    def _expected(self) -> int:
        if self._speech.seconds is not None:
            return round(self._speech.seconds * self._fps)
        share = min(self._characters / max(self._speech.characters, 1), 1.0) or 1.0
        return round(self._seconds / share * self._fps)
