"""Piper: small neural voices on the CPU, with the times of their sounds. The light part; see `voice.py`."""

from __future__ import annotations

from mien.speech.voice import VoiceSpec

SPEC = VoiceSpec(
    name="piper",
    summary="Piper: natural voices from files of your own, on the CPU, with exact mouth shapes",
    licence="GPL-3.0-or-later",
    factory="mien.speech.voices.piper.voice:PiperEngine",
    modules=("piper",),
    install="pip install 'mien[piper]'",
    phonemes=True,
)
