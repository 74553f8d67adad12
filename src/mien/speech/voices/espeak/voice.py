"""The espeak voice: each language of a sentence spoken by its own voice."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from mien.settings import Settings
from mien.speech.text import LanguageRun, language_runs
from mien.speech.voice import VoiceInfo
from mien.speech.voices.espeak import events
from mien.speech.voices.espeak.catalog import Catalog
from mien.speech.voices.espeak.process import EspeakProcess
from mien.types import Phoneme, SpeechChunk

_WORDS_PER_MINUTE = 165
"""Slightly under espeak's own 175: a face that speaks faster looks hasty."""

_PITCH_RANGE = (20, 95)
"""espeak's 0 … 100; the notes' crash is below it (pitch 19, with a wider range of pitch than is ever set here)."""

_PITCH_PER_OCTAVE = 65
"""Measured on en-us and cmn: +10 raises the voice by 11 %."""

_CLAUSE_PAUSE_S, _SENTENCE_PAUSE_S = 0.15, 0.3
"""At normal speed; as long as espeak's own between two clauses or sentences of one text."""

_ENDS_CLAUSE = re.compile(r"[,;:，；：、—]\W*$")
_ENDS_SENTENCE = re.compile(r"[.!?。！？…]\W*$")


class EspeakVoice:
    """See `mien.speech.voice.Voice`."""

    def __init__(self, settings: Settings) -> None:
        self._process = EspeakProcess()
        self._catalog: Catalog | None = None

    @property
    def pid(self) -> int | None:
        """The process that runs espeak-ng, if it runs."""
        return self._process.pid

    def synthesize(self, text: str, *, voice: str, rate: float, pitch: float) -> Iterator[SpeechChunk]:
        catalog = self._voices()
        runs = language_runs(text, catalog.language(voice) if voice else "")
        begins = text
        for run, following in pairwise([*runs, None]):
            assert run is not None
            chunk = self._speak(run, catalog.identifier(voice, run.language), rate, pitch, joined=following is not None)
            if any(phoneme.ipa for phoneme in chunk.phonemes or ()):
                yield SpeechChunk(chunk.samples, chunk.sample_rate, chunk.phonemes, chunk.words, begins)
                begins = ""

    def voices(self) -> list[VoiceInfo]:
        return self._voices().list()

    def close(self) -> None:
        self._process.close()

    def _voices(self) -> Catalog:
        if self._catalog is None:
            answer, _ = self._process.ask({})
            self._catalog = Catalog(answer["voices"], answer["variants"])
        return self._catalog

    def _speak(self, run: LanguageRun, identifier: str, rate: float, pitch: float, joined: bool) -> SpeechChunk:
        pause = _pause(run.text, joined)
        request = {
            "voice": identifier,
            "text": run.text if pause else f"{run.text},",  # a comma keeps the voice up: the sentence goes on
            "rate": round(_WORDS_PER_MINUTE * rate),
            "pitch": _espeak_pitch(pitch),
        }
        answer, sound = self._process.ask(request)
        samples = np.frombuffer(sound, dtype="<i2").astype(np.float32) / 32768.0
        sample_rate = self._process.sample_rate
        phonemes = events.phonemes(answer["events"], len(samples), sample_rate)
        words = events.words(answer["events"], run.text, phonemes, sample_rate)
        chunk = SpeechChunk(samples, sample_rate, phonemes, words)
        return _with_pause(chunk, pause / rate) if pause else chunk


def _pause(text: str, joined: bool) -> float:
    """Seconds of silence after a run; 0 where the sentence goes on in another language."""
    if _ENDS_CLAUSE.search(text):
        return _CLAUSE_PAUSE_S
    return 0.0 if joined and not _ENDS_SENTENCE.search(text) else _SENTENCE_PAUSE_S


def _espeak_pitch(factor: float) -> int:
    low, high = _PITCH_RANGE
    return min(max(round(50 + _PITCH_PER_OCTAVE * math.log2(factor)), low), high)


def _with_pause(chunk: SpeechChunk, seconds: float) -> SpeechChunk:
    """The chunk with silence behind it; espeak itself stops where the last sound does."""
    silence = np.zeros(round(seconds * chunk.sample_rate), np.float32)
    samples = np.concatenate([chunk.samples, silence])
    begin, end = len(chunk.samples) / chunk.sample_rate, len(samples) / chunk.sample_rate
    return SpeechChunk(samples, chunk.sample_rate, (*(chunk.phonemes or ()), Phoneme("", begin, end)), chunk.words)
