"""PocketSphinx: English, with the model of its own wheel. The light part; see `recognizer.py`."""

from __future__ import annotations

from mien.speech.recognizer import RecognizerSpec

SPEC = RecognizerSpec(
    name="pocketsphinx",
    summary="PocketSphinx: English, always there, small and quick; mishears about one word in five",
    licence="BSD-2-Clause",
    factory="mien.speech.recognizers.pocketsphinx.recognizer:PocketsphinxRecognizer",
    modules=("pocketsphinx",),
    install="pip install 'mien[live]'",
    languages=("en",),
    streaming=True,
)
