"""Utterances by espeak-ng: many languages, and its variants, which are other throats for the same language."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from queue import SimpleQueue

import numpy as np

from mien.errors import VoiceError
from mien.media import resample
from mien.motion.training.dating import released
from mien.motion.training.texts import sentence
from mien.motion.training.utterance import Utterance
from mien.motion.training.words import WORDS
from mien.settings import load
from mien.speech.voices.espeak.voice import EspeakVoice
from mien.types import SAMPLE_RATE, Phoneme, Samples, SpeechChunk

logger = logging.getLogger(__name__)

LANGUAGES = tuple(language for language in WORDS if language != "cmn")
"""All but Mandarin."""

VARIANTS = (
    "", "f1", "f2", "f3", "f5", "m1", "m2", "m3", "m4", "m5", "m7", "m8", "Alex", "Andrea", "Annie", "belinda", "benjamin",
    "caleb", "david", "ed", "edward", "fast", "Gene", "grandma", "grandpa", "iven", "iven2", "john", "kaukovalta", "klatt",
    "klatt3", "linda", "Marco", "Mario", "max", "Michael", "miguel", "Mike", "norbert", "pablo", "paul", "pedro", "quincy",
    "rob", "robert", "sandro", "shelby", "steph", "steph2", "Tweaky", "victor", "whisper", "zac",
)  # fmt: skip
HELD_OUT = ("f4", "m6", "Andy", "anika", "klatt2", "marcelo", "michel", "steph3")

_AS_SOUNDS = {"ʲ": "j"}
"""In Russian and Polish espeak-ng tells of a soft consonant's glide as if it were a sound."""

_RATES = (0.75, 1.5)
"""Factors on 165 words a minute."""
_PITCHES = (0.75, 1.45)
"""Factors that the voice keeps within what espeak-ng can bear."""


class EspeakSource:
    """A `Source`.

    Args:
        languages: keys of `mien.motion.training.words.WORDS`.
        held_out: the variants that training never uses, instead of the others.
        workers: as many processes of espeak-ng are kept.
    """

    def __init__(self, languages: Sequence[str], *, held_out: bool = False, workers: int = 1) -> None:
        self._languages = languages
        self._variants = HELD_OUT if held_out else VARIANTS
        self._voices = [EspeakVoice(load()) for _ in range(max(1, workers))]
        self._free: SimpleQueue[EspeakVoice] = SimpleQueue()
        for voice in self._voices:
            self._free.put(voice)

    def utterance(self, rng: np.random.Generator) -> Utterance | None:
        language = self._languages[int(rng.integers(len(self._languages)))]
        variant = self._variants[int(rng.integers(len(self._variants)))]
        name = f"{language}+{variant}" if variant else language
        text = sentence(language, rng)
        rate, pitch = float(rng.uniform(*_RATES)), float(rng.uniform(*_PITCHES))
        voice = self._free.get()
        try:
            chunks = list(voice.synthesize(text, voice=name, rate=rate, pitch=pitch))
        except VoiceError:
            logger.info("espeak_utterance_failed", exc_info=True)
            return None
        finally:
            self._free.put(voice)
        if not chunks:
            return None
        samples, phonemes = _joined(chunks)
        return Utterance(samples, released(samples, phonemes, rate), language, f"espeak:{name}", text)

    def close(self) -> None:
        for voice in self._voices:
            voice.close()


def _joined(chunks: Sequence[SpeechChunk]) -> tuple[Samples, list[Phoneme]]:
    """The sound of consecutive chunks at 16 kHz, and its phonemes without pauses."""
    sample_rate, before_s = chunks[0].sample_rate, 0.0
    phonemes: list[Phoneme] = []
    for chunk in chunks:
        phonemes += [
            Phoneme(
                _AS_SOUNDS.get(sound.ipa, sound.ipa), before_s + sound.start_s, before_s + sound.end_s, sound.stress
            )
            for sound in chunk.phonemes or ()
            if sound.ipa
        ]
        before_s += len(chunk.samples) / sample_rate
    return resample(np.concatenate([chunk.samples for chunk in chunks]), sample_rate, SAMPLE_RATE), phonemes
