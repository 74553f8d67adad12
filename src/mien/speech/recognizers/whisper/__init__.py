"""Whisper by faster-whisper: a hundred languages, on CPU or GPU. The light part; see `recognizer.py`."""

from __future__ import annotations

from mien.speech.recognizer import RecognizerSpec

SPEC = RecognizerSpec(
    name="faster-whisper",
    summary="Whisper by CTranslate2: many languages, accurate; understands only when the sentence is over",
    licence="MIT",
    factory="mien.speech.recognizers.whisper.recognizer:WhisperRecognizer",
    modules=("faster_whisper",),
    install="pip install 'mien[whisper]'",
)
