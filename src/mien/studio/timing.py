"""Phonemes for speech that comes without them: of its text, where that is known, or of a recogniser that the user has."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np

from mien.errors import NotFoundError, TextError, VoiceError
from mien.media import Resampler, resample
from mien.motion.alignment import Aligner, Alignment
from mien.motion.features import PhonemeRecognizer
from mien.settings import Settings
from mien.types import SAMPLE_RATE, Phoneme, Report, Samples, SpeechChunk, Word

logger = logging.getLogger(__name__)

_Timed = TypeVar("_Timed", Phoneme, Word)

_TAG = re.compile(r"([a-z]{2,3})-[A-Z]{2}\b")
"""With what the names of online voices begin: de-DE-KatjaNeural."""


def timed(chunks: Iterable[SpeechChunk], settings: Settings, voice: str, *, required: bool) -> Iterator[SpeechChunk]:
    """The speech of a voice; a sentence whose sounds it does not tell is laid over its text, and then comes in one piece.

    Args:
        chunks: as the voice gives them.
        settings: see `mien.settings`.
        voice: `ENGINE:NAME`; its language may stand in the name.
        required: a sentence whose sounds cannot be found is an error; else it keeps to be without.

    Raises:
        VoiceError: there is such a sentence.
    """
    waiting: list[SpeechChunk] = []
    with _Sentences(settings, voice, required=required) as sentences:
        for chunk in chunks:
            if waiting and (chunk.text or chunk.phonemes is not None):
                yield sentences.timed(waiting)
                waiting = []
            if chunk.phonemes is None:
                waiting.append(chunk)
            else:
                yield chunk
        if waiting:
            yield sentences.timed(waiting)


class _Sentences:
    def __init__(self, settings: Settings, voice: str, *, required: bool) -> None:
        self._voice, self._required = voice, required
        tag = _TAG.match(voice.partition(":")[2].strip())
        self._aligners = [Aligner(settings, language) for language in ([tag[1]] if tag else [])] + [Aligner(settings)]

    def __enter__(self) -> _Sentences:
        return self

    def __exit__(self, *_: object) -> None:
        for aligner in self._aligners:
            aligner.close()

    def timed(self, pieces: Sequence[SpeechChunk]) -> SpeechChunk:
        samples = np.concatenate([piece.samples for piece in pieces])
        rate = pieces[0].sample_rate
        whole = SpeechChunk(samples, rate, None, tuple(_words(pieces)), pieces[0].text)
        found = self._align(resample(samples, rate, SAMPLE_RATE), whole)
        if found.fits:
            return replace(whole, phonemes=found.phonemes, words=whole.words or found.words)
        if self._required:
            raise VoiceError(
                f"The mouth was to follow phonemes, but those of the voice {self._voice!r} are not known.",
                hint="Use the driver auto, or a voice that tells its phonemes, such as espeak.",
            )
        logger.info("sentence_not_aligned", extra={"quality": round(found.quality, 3)})
        return whole

    def _align(self, samples: Samples, chunk: SpeechChunk) -> Alignment:
        for aligner in self._aligners:
            try:
                return aligner.align([samples], chunk.text, chunk.words)
            except NotFoundError:
                logger.debug("language_unknown_to_espeak")
            except TextError:
                break
        return Alignment()


def _words(pieces: Sequence[SpeechChunk]) -> Iterator[Word]:
    seconds = 0.0
    for piece in pieces:
        yield from (_moved(word, seconds) for word in piece.words)
        seconds += len(piece.samples) / piece.sample_rate


def aligned(
    blocks: Iterable[Samples], sample_rate: int, transcript: str, settings: Settings, language: str
) -> Alignment:
    """When the transcript of a recording is said in it.

    Args:
        blocks: of the recording; read once.
        sample_rate: theirs, Hz.
        transcript: what is said in it.
        settings: see `mien.settings`.
        language: "": the one that the script tells.

    Raises:
        TextError: there is nothing to say in the transcript.
        NotFoundError: espeak-ng does not know the language.
    """
    with Aligner(settings, language) as aligner:
        return aligner.align(_resampled(blocks, sample_rate), transcript)


def recognised(blocks: Iterable[Samples], sample_rate: int, seconds: float, model: Path, report: Report) -> Alignment:
    """When a recogniser hears the sounds of a recording whose text nobody knows.

    Args:
        blocks: of the recording; read once.
        sample_rate: theirs, Hz.
        seconds: how long it is.
        model: see `mien.motion.features.PhonemeRecognizer`.
        report: progress, stage "listen", in seconds of sound.

    Raises:
        WeightsError: there is no such model.
        MissingDependency: it needs PyTorch, which is not installed.
    """
    return Alignment(tuple(PhonemeRecognizer(model).recognise(_resampled(blocks, sample_rate), seconds, report)))


def _resampled(blocks: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
    resampler = Resampler(sample_rate, SAMPLE_RATE)
    for block in blocks:
        yield resampler.push(block)
    yield resampler.finish()


def told(blocks: Iterable[Samples], sample_rate: int, alignment: Alignment) -> Iterator[SpeechChunk]:
    """A recording with what was found in it; a sentence begins a chunk of its own."""
    starts = {round(start_s * sample_rate): text for text, start_s in alignment.sentences}
    first = 0
    for block in blocks:
        inside = [start for start in sorted(starts) if first < start < first + len(block)]
        for start, end in pairwise([first, *inside, first + len(block)]):
            from_s, to_s = start / sample_rate, end / sample_rate
            yield SpeechChunk(
                block[start - first : end - first],
                sample_rate,
                tuple(_within(alignment.phonemes, from_s, to_s)),
                tuple(_within(alignment.words, from_s, to_s)),
                starts.get(start, ""),
            )
        first += len(block)


def _within(timed: Sequence[_Timed], start_s: float, end_s: float) -> Iterator[_Timed]:
    """Those that begin in this time, relative to it."""
    return (_moved(one, -start_s) for one in timed if start_s <= one.start_s < end_s)


def _moved(one: _Timed, seconds: float) -> _Timed:
    return replace(one, start_s=one.start_s + seconds, end_s=one.end_s + seconds)
