"""The light part of the espeak plug-in."""

from __future__ import annotations

from mien.speech.voice import VoiceSpec

SPEC = VoiceSpec(
    name="espeak",
    summary="eSpeak NG: 140 voices, always there, exact mouth shapes; sounds like a robot",
    licence="GPL-3.0-or-later",
    factory="mien.speech.voices.espeak.voice:EspeakVoice",
    modules=("espeakng_loader",),
    install="pip install espeakng-loader",
    phonemes=True,
)
