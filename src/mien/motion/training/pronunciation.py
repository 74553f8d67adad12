"""How espeak-ng would say a text: the phonemes with their stress, which other voices do not tell."""

from __future__ import annotations

from mien.settings import load
from mien.speech.voices.espeak.voice import EspeakVoice
from mien.types import Phoneme


class Pronunciation:
    """Safe to use from several threads, which take turns.

    Args:
        language: espeak's name of it.
    """

    def __init__(self, language: str) -> None:
        self._language = language
        self._voice = EspeakVoice(load())

    def of(self, text: str) -> tuple[Phoneme, ...]:
        """The phonemes of the text, without pauses; their times are espeak-ng's own."""
        chunks = self._voice.synthesize(text, voice=self._language, rate=2.0, pitch=1.0)
        return tuple(sound for chunk in chunks for sound in chunk.phonemes or () if sound.ipa)

    def close(self) -> None:
        self._voice.close()
