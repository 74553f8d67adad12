"""Any server with OpenAI's `POST /v1/audio/transcriptions`. The light part; see `recognizer.py`."""

from __future__ import annotations

from mien.speech.recognizer import RecognizerSpec

SPEC = RecognizerSpec(
    name="openai",
    summary="Any server with OpenAI's /v1/audio/transcriptions, in the cloud or your own; the sound is sent there",
    licence="Apache-2.0 AND LicenseRef-service",
    factory="mien.speech.recognizers.openai.recognizer:OpenaiRecognizer",
    network=True,
)
