"""What shall be spoken: a text with a voice, a file, or samples, all as one stream of chunks."""

from __future__ import annotations

import codecs
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from mien.errors import MediaError, NotFoundError, TextError, UsageError
from mien.media import AudioReader, is_silent
from mien.settings import Settings
from mien.speech import speak
from mien.studio.timing import aligned, recognised, timed, told
from mien.types import Driver, Report, Samples, Sound, SpeechChunk, silent

logger = logging.getLogger(__name__)

MAX_TEXT_BYTES = 50_000
"""About an hour of speech, in English as in Chinese: as much as a recording may have."""

_DOES_NOT_FIT = "The transcript does not seem to be what is said in the recording; it was not used."

SoundSource: TypeAlias = Path | bytes | Sound
"""A file, its content, or the samples themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """Something to be spoken.

    Args:
        chunks: to be read once, in order, each when it is needed.
        voice: which voice speaks; None if it is a recording.
        seconds: how long it will be; None if that is only known in the end.
        characters: of the text, see `visible`; 0 for a recording.
        titled: what is said is known, and when: there can be subtitles.
        remarks: what was noticed, one sentence each.
    """

    chunks: Iterator[SpeechChunk]
    voice: str | None = None
    seconds: float | None = None
    characters: int = 0
    titled: bool = True
    remarks: tuple[str, ...] = ()


def spoken_text(text: str, settings: Settings, voice: str | None, rate: float, driver: Driver = "auto") -> Speech:
    """A text, said sentence by sentence.

    Args:
        text: what shall be said.
        settings: see `mien.settings`.
        voice: `ENGINE` or `ENGINE:NAME`; None: the one of the settings.
        rate: factor on the voice's speed.
        driver: with "auto" and "phonemes", the sounds are worked out where the voice does not tell them.

    Raises:
        TextError: there is nothing to say in it, or too much.
        NotFoundError, MissingDependency: the voice is not there.
    """
    _check_size(len(text.encode("utf-8", "surrogatepass")), "The text")
    name = voice or settings.voice
    chunks = speak(text, settings, voice, rate=rate)
    if driver in ("auto", "phonemes"):
        chunks = timed(chunks, settings, name, required=driver == "phonemes")
    return Speech(chunks=chunks, voice=name, characters=visible(text))


def visible(text: str) -> int:
    """How many characters are not spaces: the measure of how much of a text was said."""
    return len("".join(text.split()))


def read_text(file: Path) -> str:
    """A text file in UTF-8 (or UTF-16 with its mark).

    Raises:
        NotFoundError: there is no such file.
        TextError: it is a folder, no text, or far too long.
    """
    if file.is_dir():
        raise TextError(f"{file} is a folder.", hint="Name a text file in it.")
    if not file.is_file():
        raise NotFoundError(f"There is no text file {file}.", hint="Look at the path.")
    _check_size(file.stat().st_size, str(file))
    return decode_text(file.read_bytes(), str(file))


def decode_text(data: bytes, name: str) -> str:
    """Text from bytes in UTF-8, or UTF-16 with its mark; errors as in `read_text`."""
    _check_size(len(data), name)
    encoding = "utf-16" if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise TextError(f"{name} is not text in UTF-8.", hint="Save it as plain text in UTF-8.") from error


def _check_size(size: int, name: str) -> None:
    if size > MAX_TEXT_BYTES:
        raise TextError(
            f"{name} has more than {MAX_TEXT_BYTES} bytes, which is what can be spoken in one video.",
            hint="Divide it into several texts.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What is said in a recording.

    Args:
        text: all of it, and nothing else.
        language: as espeak-ng calls it, such as "de"; "": the one that the script tells.
    """

    text: str
    language: str = ""


def recording(
    source: SoundSource,
    settings: Settings,
    transcript: Transcript | None = None,
    driver: Driver = "auto",
    phonemes_model: Path | None = None,
    report: Report = silent,
) -> Speech:
    """A recording, read through once beforehand: what is broken or silent should not be noticed after minutes of drawing.

    Args:
        source: a file, its content, or the samples.
        settings: see `mien.settings`.
        transcript: if it is known, when its sounds are said is worked out; if it does not fit, the mouth follows the sound.
        driver: "phonemes" makes an error of what does not fit.
        phonemes_model: a recogniser that hears the sounds where no transcript tells them; None: that of the settings, if it names one.
        report: progress of that recogniser.

    Raises:
        NotFoundError: there is no such file, or espeak-ng does not know the language.
        MediaError: no sound, broken, silent, of zero length, or too long.
        UsageError: the driver is "phonemes", and there is neither transcript nor model.
        WeightsError, MissingDependency: the model cannot be used.
        TextError: it is, and the transcript is not that of the recording; or there is nothing to say in it, or too much.
    """
    if transcript is not None:
        _check_size(len(transcript.text.encode("utf-8", "surrogatepass")), "The transcript")
    model = phonemes_model or settings.phonemes_model
    if transcript is None and model is None and driver == "phonemes":
        raise UsageError(
            "The mouth was to follow phonemes, but nobody knows those of a recording without its transcript.",
            hint="Give the transcript, name a recogniser with phonemes_model, or use the driver auto.",
        )
    name = str(source) if isinstance(source, Path) else "the recording"
    sample_rate, blocks = _opened(source)
    seconds = _length(blocks(), sample_rate, name)
    if transcript is not None:
        alignment = aligned(blocks(), sample_rate, transcript.text, settings, transcript.language)
        if alignment.fits:
            return Speech(chunks=told(blocks(), sample_rate, alignment), seconds=seconds)
        logger.warning("transcript_does_not_fit", extra={"quality": round(alignment.quality, 3)})
        if driver == "phonemes":
            raise TextError(
                f"The transcript does not seem to be what is said in {name}.",
                hint="Write down exactly what is said, name its language, or use the driver auto.",
            )
    chunks = (SpeechChunk(block, sample_rate) for block in blocks())
    if model is not None and driver in ("auto", "phonemes"):
        chunks = told(blocks(), sample_rate, recognised(blocks(), sample_rate, seconds, model, report))
    remarks = (_DOES_NOT_FIT,) if transcript is not None else ()
    return Speech(chunks=chunks, seconds=seconds, titled=False, remarks=remarks)


def _length(blocks: Iterator[Samples], sample_rate: int, name: str) -> float:
    """Seconds; errors as in `recording`."""
    length, nothing_heard = 0, True
    for block in blocks:
        length += len(block)
        nothing_heard = nothing_heard and is_silent(Sound(block, sample_rate))
    if not length:
        raise MediaError(f"The length of {name} is zero.", hint="Record it again.")
    if nothing_heard:
        raise MediaError(
            f"Nothing can be heard in {name}: it is silent from beginning to end.",
            hint="Look whether the right track was recorded or exported.",
        )
    return length / sample_rate


def _opened(source: SoundSource) -> tuple[int, Callable[[], Iterator[Samples]]]:
    """Its sample rate, and its blocks as often as they are asked for."""
    if not isinstance(source, Sound):
        with AudioReader(source) as reader:
            return reader.sample_rate, lambda: _file_blocks(source)
    if not 1000 <= source.sample_rate <= 768_000:
        raise MediaError(f"The sound has a sample rate of {source.sample_rate} Hz.", hint="Give 16 to 48 kHz.")
    samples = source.samples
    if samples.ndim != 1 or samples.dtype != np.float32 or not np.isfinite(samples).all():
        raise MediaError(
            f"The sound is {samples.dtype} of shape {samples.shape}, not finite float32 mono.",
            hint="Mix it to one channel and divide integers by their largest value.",
        )
    step = source.sample_rate
    return step, lambda: (samples[start : start + step] for start in range(0, len(samples), step))


def _file_blocks(source: Path | bytes) -> Iterator[Samples]:
    with AudioReader(source) as reader:
        yield from reader
