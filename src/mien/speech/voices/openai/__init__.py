"""Any server with OpenAI's `POST /v1/audio/speech`. The light part; see `voice.py`."""

from __future__ import annotations

from mien.speech.voice import VoiceSpec

SPEC = VoiceSpec(
    name="openai",
    summary="Any server with OpenAI's /v1/audio/speech, in the cloud or your own; the text is sent there",
    licence="Apache-2.0 AND LicenseRef-service",
    factory="mien.speech.voices.openai.voice:OpenaiVoice",
    network=True,
)
