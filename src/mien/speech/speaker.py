"""The front door of speech: text in, pieces of sound out, one sentence at a time."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from types import TracebackType

from mien import plugins
from mien.errors import TextError, UsageError, VoiceError
from mien.settings import Settings
from mien.speech.text import clean, speakable, split_sentences
from mien.speech.voice import Voice, VoiceInfo, VoiceSpec
from mien.types import SpeechChunk

logger = logging.getLogger(__name__)

MAX_TEXT_BYTES = 200_000
"""About three hours of speech."""

_FACTORS = (0.5, 2.0)


class Speaker:
    """One voice that stays ready between texts; `with Speaker(settings) as speaker: …`.

    Args:
        settings: see `mien.settings`.
        voice: `ENGINE` or `ENGINE:NAME`; default `settings.voice`.

    Raises:
        NotFoundError: no such speech engine.
        MissingDependency: its package is not installed.
    """

    def __init__(self, settings: Settings, voice: str | None = None) -> None:
        engine, _, self.name = (voice or settings.voice).partition(":")
        self.spec: VoiceSpec = plugins.spec(plugins.VOICES, engine.strip())
        self.name = self.name.strip()
        self._voice: Voice = plugins.load(self.spec)(settings)

    def speak(self, text: str, *, rate: float = 1.0, pitch: float = 1.0) -> Iterator[SpeechChunk]:
        """Says a text sentence by sentence, each when it is asked for.

        Args:
            text: in any language, or several.
            rate: factor on the speed; clamped to 0.5 … 2.0.
            pitch: factor on the voice's pitch; clamped to 0.5 … 2.0.

        Raises:
            TextError: nothing in it can be spoken, or it is too long; raised at once.
            UsageError: rate or pitch is not a number; raised at once.
            NotFoundError: the engine has no such voice; raised at the first sentence.
            VoiceError: the engine failed; raised at the sentence where it did.
        """
        sentences = _sentences(text)
        rate, pitch = _factor("rate", rate), _factor("pitch", pitch)
        return self._chunks(sentences, rate, pitch)

    def voices(self) -> list[VoiceInfo]:
        """The voices of this engine."""
        return self._voice.voices()

    def close(self) -> None:
        """Frees what the engine holds."""
        self._voice.close()

    def __enter__(self) -> Speaker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _chunks(self, sentences: Iterator[str], rate: float, pitch: float) -> Iterator[SpeechChunk]:
        sample_rate = 0
        for sentence in sentences:
            for chunk in self._voice.synthesize(sentence, voice=self.name, rate=rate, pitch=pitch):
                if sample_rate and chunk.sample_rate != sample_rate:
                    raise VoiceError(
                        f"The voice {self.spec.name!r} changed its sample rate from {sample_rate} to {chunk.sample_rate} Hz.",
                        hint="Choose another voice with --voice.",
                    )
                sample_rate = chunk.sample_rate
                yield chunk
        if not sample_rate:
            raise TextError(
                f"The voice {self.spec.name!r} has no sound for this text.",
                hint="Choose a voice of its language; `mien voices` lists them.",
            )


def speak(
    text: str, settings: Settings, voice: str | None = None, *, rate: float = 1.0, pitch: float = 1.0
) -> Iterator[SpeechChunk]:
    """Says one text with a voice that is closed afterwards; see `Speaker`."""
    speaker = Speaker(settings, voice)
    chunks = speaker.speak(text, rate=rate, pitch=pitch)

    def closing() -> Iterator[SpeechChunk]:
        with speaker:
            yield from chunks

    return closing()


def _sentences(text: str) -> Iterator[str]:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_TEXT_BYTES:
        raise TextError(
            f"The text has {size} bytes; {MAX_TEXT_BYTES} can be spoken at once.", hint="Divide it into several texts."
        )
    cleaned = clean(text)
    if not speakable(cleaned):
        raise TextError(f"There is nothing to say in {_shown(text)}.", hint="Give at least one letter or digit.")
    return (sentence.strip() for sentence in split_sentences(cleaned) if speakable(sentence))


def _shown(text: str) -> str:
    if not text.strip():
        return "an empty text"
    return repr(text) if len(text) <= 20 else f"{text[:20]!r} …"


def _factor(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise UsageError(f"The {name} is {value}, not a number.", hint="Give a factor from 0.5 to 2.")
    return min(max(value, _FACTORS[0]), _FACTORS[1])
