"""The contract between sound and anything that understands it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mien.plugins import Spec
from mien.settings import Settings
from mien.types import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognizerSpec(Spec):
    """A speech recogniser before it is loaded; `factory` names a `RecognizerFactory`.

    Args:
        languages: BCP 47 base languages it understands; () = many.
        streaming: it tells what it understood while the user still speaks.
        network: a server does the work, perhaps on another machine; the sound is sent there.
    """

    languages: tuple[str, ...] = ()
    streaming: bool = False
    network: bool = False


@runtime_checkable
class Recognition(Protocol):
    """One utterance. One caller at a time."""

    def push(self, samples: Samples) -> str:
        """More sound of the utterance: float32 mono 16 kHz; blocks while it is worked on.

        Returns:
            What is understood so far, which may still change; "" if it does not know yet or does not say.
        """
        ...

    def finish(self) -> str:
        """The utterance is over.

        Returns:
            What was understood; "" if there was no speech in it.

        Raises:
            RecognizerError: it failed.
        """
        ...

    def cancel(self) -> None:
        """Nobody waits for the answer; frees what the utterance holds. Called instead of `finish`."""
        ...


@runtime_checkable
class Recognizer(Protocol):
    """A recogniser that is ready, in a process of its own; several recognitions may be open at once, used in turns by one thread.

    If its spec says `network`, `finish` of several recognitions is called at once, each in a thread of its own.
    """

    def recognize(self, language: str = "") -> Recognition:
        """Begins an utterance.

        Args:
            language: BCP 47 tag; "" if not known.
        """
        ...


class RecognizerFactory(Protocol):
    """What `RecognizerSpec.factory` names."""

    def __call__(self, settings: Settings, model: str) -> Recognizer:
        """Loads it; may take seconds.

        Args:
            settings: see `mien.settings`.
            model: what stands after `ENGINE:`; "" for its own choice.

        Raises:
            WeightsError: its model is missing; the hint says how to get it.
            RecognizerError: it cannot be started.
        """
        ...
