"""Mien from Python: `avatar = mien.open("me.jpg"); avatar.speak("Hello").save("out.mp4")`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from mien import settings as settings_module
from mien.avatars import AvatarPackage
from mien.errors import UsageError
from mien.settings import Settings
from mien.studio.create import open_avatar
from mien.studio.engines import AUTO, RenderOptions, engine_of_package, load_engine, open_session
from mien.studio.render import render
from mien.studio.sources import SoundSource
from mien.studio.speak import SpeakOptions, SpeakResult, prepared, speak
from mien.studio.stages import Stages
from mien.types import AvatarFrame, Driver, Engine, Report, silent


class Avatar:
    """A face that can speak. Its engine is loaded once, when it is first needed.

    Args:
        package: the avatar's data.
        settings: see `mien.settings`.
    """

    def __init__(self, package: AvatarPackage, settings: Settings) -> None:
        self.package = package
        self._settings = settings

    @property
    def name(self) -> str:
        return self.package.manifest.name

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was noticed when it was made, one sentence each."""
        return self.package.manifest.remarks

    @cached_property
    def engine(self) -> Engine:
        return load_engine(engine_of_package(self.package), self._settings)

    def speak(
        self,
        text: str | None = None,
        *,
        audio: str | Path | SoundSource | None = None,
        transcript: str | None = None,
        language: str = "",
        phonemes_model: str | Path | None = None,
        voice: str | None = None,
        rate: float = 1.0,
        driver: Driver = "auto",
        fps: float = 25.0,
        size: int = 512,
        frame: Literal["head", "full"] = "head",
        seed: int = 0,
    ) -> AvatarSpeech:
        """Prepares to say a text or to speak a recording; the work is done when it is saved or iterated.

        Args:
            text: what shall be said, or
            audio: the recording that shall be spoken: a file, its content, or `mien.types.Sound`.
            transcript: what is said in the recording, if that is known: the mouth then follows its phonemes.
            language: of the transcript, as espeak-ng calls it; "": the one that its script tells.
            phonemes_model: a recogniser that hears the phonemes of a recording without transcript: a folder, see
                `mien.motion.features.PhonemeRecognizer`; None: that of the settings, if it names one.
            voice: `ENGINE` or `ENGINE:NAME`; None: the one of the settings.
            rate: factor on the voice's speed.
            driver: what moves the mouth: "phonemes", "network", "energy", or "auto", the best that is to be had.
            fps: frames per second.
            size: side of the square picture in pixels with frame "head".
            frame: "head" or "full".
            seed: chooses the blinks and movements.
        """
        if (text is None) == (audio is None):
            raise UsageError("Exactly one of text and audio is needed.", hint='avatar.speak("Hello")')
        drawing = RenderOptions(fps=fps, size=size, frame=frame, seed=seed, driver=driver)
        options = SpeakOptions(
            voice=voice,
            rate=rate,
            language=language,
            phonemes_model=None if phonemes_model is None else Path(phonemes_model),
            render=drawing,
        )
        source = Path(audio) if isinstance(audio, str) else audio
        return AvatarSpeech(self, self._settings, _Words(text, source, transcript), options)

    def render(
        self,
        audio: str | Path | SoundSource | None = None,
        *,
        text: str | None = None,
        transcript: str | None = None,
        language: str = "",
        phonemes_model: str | Path | None = None,
        voice: str | None = None,
        rate: float = 1.0,
        driver: Driver = "auto",
        fps: float = 25.0,
        size: int = 512,
        frame: Literal["head", "full"] = "head",
        seed: int = 0,
    ) -> Iterator[AvatarFrame]:
        """Frames, each with its slice of 16 kHz sound, drawn as they are asked for. Arguments as in `speak`."""
        speech = self.speak(
            text,
            audio=audio,
            transcript=transcript,
            language=language,
            phonemes_model=phonemes_model,
            voice=voice,
            rate=rate,
            driver=driver,
            fps=fps,
            size=size,
            frame=frame,
            seed=seed,
        )
        return iter(speech)


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """What is said; see `Avatar.speak`."""

    text: str | None
    audio: SoundSource | None
    transcript: str | None


class AvatarSpeech:
    """Something an avatar is about to say; may be saved and iterated any number of times. Made by `Avatar.speak`."""

    def __init__(self, avatar: Avatar, settings: Settings, words: _Words, options: SpeakOptions) -> None:
        self._avatar, self._settings, self._words, self._options = avatar, settings, words, options

    def save(
        self,
        output: str | Path,
        *,
        subtitles: bool = False,
        overwrite: bool = False,
        label: bool = True,
        report: Report = silent,
    ) -> SpeakResult:
        """Writes an mp4 file; it appears whole or not at all.

        Args:
            output: its path.
            subtitles: an SRT file is written beside it.
            overwrite: existing files are replaced.
            label: the visible mark "AI-generated".
            report: progress; it stops the work by raising `mien.errors.Cancelled`.
        """
        return speak(
            self._avatar.package,
            Path(output),
            self._settings,
            text=self._words.text,
            sound=self._words.audio,
            transcript=self._words.transcript,
            options=replace(self._options, subtitles=subtitles, overwrite=overwrite, label=label),
            loaded=self._avatar.engine,
            report=report,
        )

    def __iter__(self) -> Iterator[AvatarFrame]:
        words = self._words
        speech = prepared(words.text, words.audio, words.transcript, self._settings, self._options)
        session = open_session(self._avatar.engine, self._avatar.package, self._options.render)
        return (spoken.frame for spoken in render(session, speech.chunks, Stages()))


def open_(
    reference: str | Path, *, engine: str = AUTO, settings: Settings | None = None, report: Report = silent
) -> Avatar:
    """Opens an avatar: a picture, a package, the name of a stored avatar or of a built-in one.

    Args:
        reference: path or name.
        engine: "auto" or an engine's name.
        settings: None: read from the environment and the settings file.
        report: progress.

    Raises:
        MienError: see `mien.studio.create.open_avatar`.
    """
    chosen = settings or settings_module.load()
    return Avatar(open_avatar(reference, chosen, engine=engine, report=report), chosen)
