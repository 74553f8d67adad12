"""A recogniser of phonemes, for recordings whose text is not known and for those who fetch its weights.

Made for facebook/wav2vec2-xlsr-53-espeak-cv-ft (Xu et al., "Simple and Effective Zero-shot Cross-lingual Phoneme Recognition", 2021), whose
symbols are the phonemes of espeak-ng in many languages; any wav2vec 2.0 or HuBERT with a CTC layer over IPA will do.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np

from mien.errors import WeightsError
from mien.motion.features.ctc import phonemes_of
from mien.motion.features.encoder import Features, FeatureStream, SpeechEncoder, open_posteriors
from mien.motion.features.exported import ExportedEncoder
from mien.motion.features.folder import read_config
from mien.types import SAMPLE_RATE, Phoneme, Progress, Report, Samples, silent

_STRESS = "ˈˌ'"
_BLOCK = 10 * SAMPLE_RATE


class PhonemeRecognizer:
    """Hears phonemes with their times.

    Args:
        path: a folder with config.json, vocab.json and the weights, as Hugging Face keeps it, or an ONNX file with vocab.json beside it.
        device: as PyTorch names it; an ONNX file runs on the processor.

    Raises:
        WeightsError: files are missing, damaged, of another model, or do not belong together.
        MissingDependency: PyTorch is not installed, and the model is no ONNX file.
    """

    def __init__(self, path: Path, device: str = "cpu") -> None:
        if path.suffix == ".onnx":
            self._encoder: SpeechEncoder = ExportedEncoder(path)
            self._symbols = read_vocabulary(path.parent)
        else:
            self._symbols = read_vocabulary(path)
            self._encoder = open_posteriors(path, device)
        if self._encoder.width != len(self._symbols):
            raise WeightsError(
                f"{path} tells {self._encoder.width} symbols apart, and vocab.json beside it names {len(self._symbols)}.",
                hint="Check that all files come from the same model.",
            )

    def recognise(self, samples: Samples, report: Report = silent) -> list[Phoneme]:
        """The phonemes of a recording, from its start to its end without gaps; pauses are "".

        Args:
            samples: (T,), 16 kHz, of any length.
            report: progress, in seconds of sound.
        """
        stream = FeatureStream(self._encoder)
        seconds = len(samples) / SAMPLE_RATE
        given: list[Features] = []
        for start in range(0, len(samples), _BLOCK):
            report(Progress("listen", start / SAMPLE_RATE, seconds, "seconds"))
            given.append(stream.push(samples[start : start + _BLOCK]))
        given.append(stream.finish())
        report(Progress("listen", seconds, seconds, "seconds"))
        return phonemes_of(np.concatenate(given)[:, 0], self._symbols, samples)


def read_vocabulary(folder: Path) -> list[str | None]:
    """The symbols of vocab.json in their order: in IPA without stress and tones; None for blank and whatever else is no sound.

    Raises:
        WeightsError: there is no such file, or it does not number its symbols.
    """
    numbers = read_config(folder, "vocab.json")
    by_number = {number: name for name, number in numbers.items() if isinstance(number, int)}
    if by_number.keys() != set(range(len(numbers))):
        raise WeightsError(
            f"{folder / 'vocab.json'} does not number its symbols from 0.",
            hint="Fetch the vocab.json of the model again.",
        )
    return [_ipa(by_number[index]) for index in range(len(numbers))]


def _ipa(symbol: str) -> str | None:
    if symbol[:1] in ("<", "[") and symbol[-1:] in (">", "]"):
        return None
    ipa = "".join(mark for mark in symbol if not mark.isdigit() and mark not in _STRESS)
    return ipa if any(unicodedata.category(mark).startswith("L") for mark in ipa) else None
