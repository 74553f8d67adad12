"""Mien from Python: `avatar = mien.open("me.jpg"); avatar.speak("Hello").save("out.mp4")`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from mien import settings as settings_module
from mien.avatars import AvatarPackage
from mien.errors import UsageError
from mien.evaluation import QualityReport
from mien.settings import Settings
from mien.studio.create import open_avatar
from mien.studio.engines import AUTO, RenderOptions, engine_of_package, load_engine, open_session
from mien.studio.evaluate import evaluate_held_out
from mien.studio.render import render
from mien.studio.sources import SoundSource
from mien.studio.speak import SpeakOptions, SpeakResult, prepared, speak
from mien.studio.stages import Stages
from mien.studio.train import Preparation, train_avatar, unmeasured, unseen
from mien.training import ClipCheck, Dataset
from mien.training import check_clip as check
from mien.types import AvatarFrame, Driver, Engine, Image, Metric, Report, silent


class Avatar:
    """A face that can speak. Its engine is loaded once, when it is first needed.

    Args:
        package: the avatar's data.
        settings: see `mien.settings`.
        evaluation: how good it is, where `train` has just looked.
    """

    def __init__(self, package: AvatarPackage, settings: Settings, evaluation: QualityReport | None = None) -> None:
        self.package = package
        self.evaluation = evaluation
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


def check_clip(video: str | Path, *, settings: Settings | None = None, report: Report = silent) -> ClipCheck:
    """Tells in seconds whether a video is good enough to learn an avatar from, and what to do about it if not.

    Args:
        video: of one person who speaks.
        settings: None: read from the environment and the settings file.
        report: progress.

    Raises:
        MienError: see `mien.training.check_clip`.
    """
    return check(Path(video), settings or settings_module.load(), report)


def train(
    video: str | Path,
    name: str,
    *,
    engine: str = AUTO,
    licence: str = "",
    consent: str = "",
    size: int | None = None,
    au_csv: str | Path | None = None,
    background: str | Path | None = None,
    dataset: str | Path | None = None,
    skip_preprocess: bool = False,
    resume: bool = True,
    settings: Settings | None = None,
    report: Report = silent,
    metric: Metric = unmeasured,
    preview: Callable[[int, Image], None] = unseen,
    evaluate: bool = True,
) -> Avatar:
    """Learns an avatar from a video and keeps it; one that was broken off goes on where it was.

    Args:
        video: of one person who speaks, best half a minute or more; see `check_clip`.
        name: how the avatar is called from now on.
        engine: "auto", "clip", "gaussian", or another that can be trained.
        licence: of the video.
        consent: who agreed to be shown, and how that is recorded.
        size: width and height of the avatar's frames in pixels; None: 512.
        au_csv: OpenFace's table of action units for the video: its blinks and parted lips take the place of Mien's own.
        background: a picture, or a colour like "#00b140", that is shown behind the person instead of what was filmed.
        dataset: the prepared video is kept in this folder, and taken from it if it is there already.
        skip_preprocess: `dataset` has to be there already.
        resume: False: what an earlier training of this video left is forgotten.
        settings: None: read from the environment and the settings file.
        report: progress; it stops the work by raising `mien.errors.Cancelled`.
        metric: numbers of each step, such as losses.
        preview: pictures of how far it has come.
        evaluate: look in the end how good it is, on a part of the video that it has not learnt from: `evaluation` and `remarks` of the avatar tell.

    Raises:
        MienError: see `mien.studio.train.train_avatar`.
    """
    chosen = settings or settings_module.load()
    preparation = Preparation.of(size, au_csv, dataset, background=background, only_reuse=skip_preprocess)
    found: list[QualityReport] = []
    package = train_avatar(
        name,
        Path(video),
        chosen,
        engine=engine,
        licence=licence,
        consent=consent,
        preparation=preparation,
        anew=not resume,
        report=report,
        metric=metric,
        preview=preview,
        evaluate=evaluate,
        evaluated=found.append,
    )
    return Avatar(package, chosen, *found)


def evaluate_avatar(
    avatar: str | Path | Avatar,
    dataset: str | Path,
    *,
    lpips: Sequence[Path] = (),
    identity: Path | None = None,
    side_by_side: Path | None = None,
    overwrite: bool = False,
    settings: Settings | None = None,
    report: Report = silent,
) -> QualityReport:
    """Measures how good a trained avatar is on the part of its video that it has not learnt from.

    Args:
        avatar: its name, its package, or itself.
        dataset: the folder that was kept when it was trained: `train(…, dataset=…)`.
        lpips, identity, side_by_side, overwrite: as of `mien.evaluate_quality`.
        settings: None: read from the environment and the settings file.
        report: progress.

    Returns:
        Figures of "generated", the mouth as the sound moves it, and "tracked", as the real mouth was moved; baselines beside.

    Raises:
        MienError: see `mien.studio.evaluate.evaluate_held_out`.
    """
    chosen = settings or settings_module.load()
    opened = avatar if isinstance(avatar, Avatar) else open_(avatar, settings=chosen, report=report)
    return evaluate_held_out(
        opened.package,
        Dataset.open(Path(dataset)),
        chosen,
        lpips=lpips,
        identity=identity,
        side_by_side=side_by_side,
        overwrite=overwrite,
        report=report,
    )
