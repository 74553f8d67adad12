"""Microsoft Edge's read-aloud voices, through the internet. The light part; see `voice.py`."""

from __future__ import annotations

from mien.speech.voice import VoiceSpec

SPEC = VoiceSpec(
    name="edge",
    summary="Microsoft Edge's voices: natural, many languages; the text is sent to Microsoft",
    licence="LGPL-3.0-only AND LicenseRef-Microsoft-service",
    factory="mien.speech.voices.edge.voice:EdgeVoice",
    modules=("edge_tts",),
    install="pip install 'mien[edge]'",
    network=True,
)
