"""Streaming transducers by sherpa-onnx, Chinese and English among others. The light part; see `recognizer.py`."""

from __future__ import annotations

from mien.speech.recognizer import RecognizerSpec

SPEC = RecognizerSpec(
    name="sherpa-onnx",
    summary="sherpa-onnx: streaming zipformer models from a folder of your own, such as Chinese + English; quick on a CPU",
    licence="Apache-2.0",
    factory="mien.speech.recognizers.sherpa.recognizer:SherpaRecognizer",
    modules=("sherpa_onnx",),
    install="pip install 'mien[sherpa]'",
    streaming=True,
)
