"""Recorded sentences with their text, in the form of LJ Speech, aligned by pocketsphinx."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import InputError, MissingDependency, NotFoundError
from mien.media import read_audio, resample
from mien.motion.training.arpabet import IPA, PAUSES, arpabet
from mien.motion.training.dating import at_bursts, with_stress
from mien.motion.training.pronunciation import Pronunciation
from mien.motion.training.utterance import Utterance
from mien.types import SAMPLE_RATE, Phoneme, Samples

logger = logging.getLogger(__name__)

LANGUAGE = "en-us"
METADATA = "metadata.csv"
_HELD_OUT_EVERY = 4
"""Of as many sentences the last one is kept from training."""

_HISS = 0.001
"""Added to the sound, −60 dB: pocketsphinx cannot bear digital silence."""
_FRAME_S = 0.01
_MIDDLE_S = 0.0078
"""A frame is computed from 25.6 ms that begin with it: what it hears is this much later. (On flite's speech, whose times are
exact, phones come out 7 ms early without it.)"""
_LONGEST_S = 0.5
"""No sound of a sentence read aloud is longer: the alignment is lost."""
_HINT = "Give a folder like LJ Speech's: metadata.csv with lines `NAME|TEXT|TEXT IN WORDS`, and NAME.wav beside it or in wavs/."


@dataclass(frozen=True, slots=True)
class Sentence:
    """A recording and its text, numbers written as words."""

    file: Path
    text: str


def sentences(folder: Path) -> list[Sentence]:
    """The sentences of a folder whose recordings are there, in the order of its metadata.csv.

    Raises:
        NotFoundError: no folder, no metadata.csv, or none of its recordings.
        InputError: a line of it is broken.
    """
    path = folder / METADATA
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text.", hint=_HINT) from error
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}.", hint=_HINT) from error
    found = [sentence for number, line in enumerate(lines, 1) if (sentence := _sentence(folder, number, line))]
    if not found:
        raise NotFoundError(f"None of the recordings that {path} names is there.", hint=_HINT)
    return found


def _sentence(folder: Path, number: int, line: str) -> Sentence | None:
    if not line.strip():
        return None
    name, *texts = (field.strip() for field in line.split("|"))
    if not texts or not texts[-1] or not re.fullmatch(r"[\w.-]+", name):
        raise InputError(f"Line {number} of {folder / METADATA} is broken: {line[:60]!r}.", hint=_HINT)
    files = [folder / f"{name}.wav", folder / "wavs" / f"{name}.wav"]
    file = next((file for file in files if file.is_file()), None)
    return Sentence(file, texts[-1]) if file else None


class RecordedSource:
    """A `Source`. Each sentence is aligned once, when it is first drawn.

    Args:
        folder: see `sentences`.
        held_out: the sentences that training never uses, instead of the others.

    Raises:
        MissingDependency: pocketsphinx is not installed.
        NotFoundError, InputError: see `sentences`.
    """

    def __init__(self, folder: Path, *, held_out: bool = False) -> None:
        found = sentences(folder)
        self._sentences = [
            sentence
            for index, sentence in enumerate(found)
            if (index % _HELD_OUT_EVERY == _HELD_OUT_EVERY - 1) == held_out
        ]
        if not self._sentences:
            raise NotFoundError(f"{folder} has too few sentences to keep some from training.", hint=_HINT)
        self._pronunciation = Pronunciation(LANGUAGE)
        self._aligner = Aligner(self._pronunciation)
        self._made: dict[int, Utterance | None] = {}
        self._lock = threading.Lock()

    def utterance(self, rng: np.random.Generator) -> Utterance | None:
        index = int(rng.integers(len(self._sentences)))
        with self._lock:
            if index not in self._made:
                self._made[index] = self._aligned(self._sentences[index])
            return self._made[index]

    def close(self) -> None:
        self._pronunciation.close()

    def _aligned(self, sentence: Sentence) -> Utterance | None:
        sound = read_audio(sentence.file)
        samples = resample(sound.samples, sound.sample_rate, SAMPLE_RATE)
        phonemes = self._aligner.align(samples, sentence.text)
        if phonemes is None:
            logger.info("recording_not_aligned", extra={"file": sentence.file.name})
            return None
        phonemes = with_stress(at_bursts(samples, phonemes), self._pronunciation.of(sentence.text))
        return Utterance(samples, phonemes, LANGUAGE, f"recorded:{sentence.file.stem}", sentence.text)


class Aligner:
    """Finds when each sound of a known English text is spoken, with pocketsphinx.

    Args:
        pronunciation: of words that pocketsphinx does not know.

    Raises:
        MissingDependency: it is not installed.
    """

    def __init__(self, pronunciation: Pronunciation) -> None:
        self._pronunciation = pronunciation
        try:
            import pocketsphinx
        except ModuleNotFoundError as error:
            raise MissingDependency(
                "pocketsphinx, which aligns recordings with their text, is not installed.",
                hint="Run: pip install pocketsphinx",
            ) from error
        self._module = pocketsphinx

    def align(self, samples: Samples, text: str) -> tuple[Phoneme, ...] | None:
        """The phonemes without pauses, stops beginning with their closure; None if sound and text do not fit together."""
        # Its search for the best path through the words' lattice loses the end of every third sentence. A new decoder for each:
        # it takes the mean of its features over from the sound before.
        decoder = self._module.Decoder(lm=None, samprate=SAMPLE_RATE, cmn="batch", bestpath=False, loglevel="FATAL")
        words = re.findall(r"[a-z']*[a-z][a-z']*", text.lower().replace("’", "'"))
        if not words or not all(self._pronounceable(word, decoder) for word in words):
            logger.info("words_without_pronunciation", extra={"words": len(words)})
            return None
        hiss = _HISS * np.random.default_rng(0).standard_normal(len(samples))
        data = (np.clip(samples + hiss, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
        try:
            decoder.set_align_text(" ".join(words))
            _decode(decoder, data)
            decoder.set_alignment()
            _decode(decoder, data)
            alignment = decoder.get_alignment()
        except RuntimeError:
            logger.info("alignment_failed", exc_info=True)
            return None
        # A word and its phones live only until the next one is asked for.
        spoken = [
            _phonemes((phone.name, phone.start, phone.duration) for phone in word)
            for word in alignment or ()
            if word.name[0] not in "<[+"
        ]
        if len(spoken) < len(words):
            logger.info("alignment_incomplete", extra={"words": len(words) - len(spoken)})
            return None
        result = tuple(sound for word in spoken for sound in word)
        return None if any(sound.end_s - sound.start_s > _LONGEST_S for sound in result) else result

    def _pronounceable(self, word: str, decoder: Any) -> bool:
        """Whether the decoder knows the word, or does so now: espeak-ng has told it."""
        if decoder.lookup_word(word) is None:
            phones = arpabet(self._pronunciation.of(word))
            if not phones:
                return False
            decoder.add_word(word, " ".join(phones).upper(), True)
        return True


def _decode(decoder: Any, data: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(data, full_utt=True)
    decoder.end_utt()


def _phonemes(phones: Iterable[tuple[str, int, int]]) -> list[Phoneme]:
    """The phonemes of phones' names, starts and durations in frames."""
    return [
        Phoneme(IPA[name.lower()], start * _FRAME_S + _MIDDLE_S, (start + duration) * _FRAME_S + _MIDDLE_S)
        for name, start, duration in phones
        if name.lower() not in PAUSES
    ]
