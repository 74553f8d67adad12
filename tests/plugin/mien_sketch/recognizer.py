"""A recogniser that needs no time: it always understands the same, or does the mischief that its model names."""

from __future__ import annotations

import os
import time

from mien.errors import RecognizerError, WeightsError
from mien.settings import Settings
from mien.speech import RecognizerSpec
from mien.types import SAMPLE_RATE, Samples

TEXT = "hello there how are you"

SPEC = RecognizerSpec(
    name="canned",
    summary="Always understands the same.",
    licence="Apache-2.0",
    factory="mien_sketch.recognizer:CannedRecognizer",
    streaming=True,
)


class CannedRecognizer:
    """Models: "" understands `TEXT`, "deaf" nothing, "forgets" nothing in the end, "absent" is not installed, others are named like what they do."""

    def __init__(self, settings: Settings, model: str) -> None:
        if model == "absent":
            raise WeightsError("There is no such model.", hint="Fetch it.")
        if model == "broken":
            raise ValueError("a mistake in a plug-in")
        print("libraries print what they like", flush=True)
        self.model = model

    def recognize(self, language: str = "") -> CannedRecognition:
        return CannedRecognition(self.model)


class CannedRecognition:
    """Understands a word more with every quarter of a second."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._heard = 0

    def push(self, samples: Samples) -> str:
        self._heard += len(samples)
        if self._model == "hangs":
            time.sleep(60)
        loud = len(samples) > 0 and float(abs(samples).max()) > 0.99
        if loud and self._model == "dies":
            os._exit(9)
        if loud and self._model == "fails":
            raise RecognizerError("It was too loud.", hint="Speak softly.", retryable=True)
        return "" if self._model == "deaf" else " ".join(TEXT.split()[: 4 * self._heard // SAMPLE_RATE])

    def finish(self) -> str:
        return "" if self._model in ("deaf", "forgets") or not self._heard else TEXT

    def cancel(self) -> None:
        """Holds nothing."""
