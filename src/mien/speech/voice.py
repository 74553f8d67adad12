"""The contract between text and anything that can say it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mien.plugins import Spec
from mien.settings import Settings
from mien.types import SpeechChunk


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSpec(Spec):
    """A speech engine before it is loaded; `factory` names a `VoiceFactory`.

    Args:
        phonemes: it tells which sounds it makes and when, so the mouth need not be guessed from the audio.
        network: the text leaves this machine.
    """

    phonemes: bool = False
    network: bool = False


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """One voice of a speech engine.

    Args:
        name: what stands after `ENGINE:`.
        language: BCP 47 tag as the engine writes it; "" if it speaks many or does not say.
        gender: "female", "male" or "".
        description: a few words for listings.
    """

    name: str
    language: str = ""
    gender: str = ""
    description: str = ""


@runtime_checkable
class Voice(Protocol):
    """A speech engine that is ready to speak. One caller at a time; others wait."""

    def synthesize(self, text: str, *, voice: str, rate: float, pitch: float) -> Iterator[SpeechChunk]:
        """Says one sentence; blocks while it does.

        Args:
            text: clean text with at least one letter or digit, as `mien.speech.text` gives it.
            voice: a name from `voices()` or an alias of one; "" lets the engine choose by the text.
            rate: 0.5 … 2.0; 1 is the engine's normal speed.
            pitch: 0.5 … 2.0; factor on the voice's own pitch; engines that cannot change it leave it.

        Returns:
            Pieces of speech, to be played without a gap; none if it has no sound for this text.

        Raises:
            NotFoundError: it has no such voice.
            VoiceError: it failed.
        """
        ...

    def voices(self) -> list[VoiceInfo]:
        """Its voices; empty if it cannot say."""
        ...

    def close(self) -> None:
        """Frees processes and connections; it may be called twice."""
        ...


class VoiceFactory(Protocol):
    """What `VoiceSpec.factory` names."""

    def __call__(self, settings: Settings) -> Voice:
        """Makes the engine ready; quick: what is slow is done at the first sentence."""
        ...
