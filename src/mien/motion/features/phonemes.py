"""A recogniser of phonemes, for recordings whose text is not known and for those who fetch its weights.

Made for facebook/wav2vec2-xlsr-53-espeak-cv-ft (Xu et al., "Simple and Effective Zero-shot Cross-lingual Phoneme Recognition", 2021), whose
symbols are the phonemes of espeak-ng in many languages; any wav2vec 2.0 or HuBERT with a CTC layer over IPA will do.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from mien.errors import WeightsError
from mien.motion.features.ctc import Decoder
from mien.motion.features.encoder import FeatureStream, SpeechEncoder, open_posteriors
from mien.motion.features.exported import ExportedEncoder
from mien.motion.features.folder import read_config
from mien.types import SAMPLE_RATE, Phoneme, Progress, Report, Samples, silent

_STRESS = "ˈˌ'"
_THIRD_TONE = "ɜ"
"""So espeak-ng's IPA writes its Mandarin 3; no diphthong of any of its languages ends in the vowel."""
_BLOCK = 10 * SAMPLE_RATE


class PhonemeRecognizer:
    """Hears phonemes with their times.

    Args:
        path: a folder with config.json, vocab.json and the weights, as Hugging Face keeps it; or one with vocab.json and model.onnx, or
            that file itself under any name. preprocessor_config.json beside them tells whether the samples are normalised.
        device: as PyTorch names it; an ONNX file runs on the processor.

    Raises:
        WeightsError: files are missing, damaged, of another model, or do not belong together.
        MissingDependency: PyTorch is not installed, and the model is no ONNX file.
    """

    def __init__(self, path: Path, device: str = "cpu") -> None:
        if not path.exists():
            raise WeightsError(f"There is no folder {path}.", hint="Name the folder of a recogniser of phonemes.")
        exported = path / "model.onnx" if path.is_dir() else path
        folder = exported.parent
        self._symbols = read_vocabulary(folder)
        self._encoder: SpeechEncoder = (
            ExportedEncoder(exported) if exported.is_file() else open_posteriors(folder, device)
        )
        if self._encoder.width != len(self._symbols):
            raise WeightsError(
                f"{path} tells {self._encoder.width} symbols apart, and vocab.json beside it names {len(self._symbols)}.",
                hint="Check that all files come from the same model.",
            )

    def recognise(
        self, sound: Iterable[Samples], seconds: float | None = None, report: Report = silent
    ) -> list[Phoneme]:
        """The phonemes of a recording, from its start to its end without gaps; pauses are "".

        Memory does not grow with the sound, but for some hundred bytes a second.

        Args:
            sound: float32 mono 16 kHz, in blocks of any lengths.
            seconds: its length, for the progress.
            report: progress, in seconds of sound.
        """
        stream, decoder = FeatureStream(self._encoder), Decoder(self._symbols)
        done = 0
        report(Progress("listen", 0.0, seconds, "seconds"))
        for block in _blocks(sound):
            decoder.hear(block)
            decoder.push(stream.push(block)[:, 0])
            done += len(block)
            report(Progress("listen", done / SAMPLE_RATE, seconds, "seconds"))
        decoder.push(stream.finish()[:, 0])
        return decoder.phonemes()


def _blocks(sound: Iterable[Samples]) -> Iterator[Samples]:
    """The same sound in blocks of `_BLOCK`: the stream copies what it holds with each."""
    waiting: list[Samples] = []
    count = 0
    for piece in sound:
        waiting.append(piece)
        count += len(piece)
        if count >= _BLOCK:
            yield np.concatenate(waiting)
            waiting, count = [], 0
    if waiting:
        yield np.concatenate(waiting)


def read_vocabulary(folder: Path) -> list[str | None]:
    """The symbols of vocab.json in their order: in IPA without stress and tones; None for blank and whatever else is no sound.

    Raises:
        WeightsError: there is no such file, it does not number its symbols, or they are letters of a script.
    """
    numbers = read_config(folder, "vocab.json")
    by_number = {number: name for name, number in numbers.items() if isinstance(number, int)}
    if by_number.keys() != set(range(len(numbers))):
        raise WeightsError(
            f"{folder / 'vocab.json'} does not number its symbols from 0.",
            hint="Fetch the vocab.json of the model again.",
        )
    symbols = [_ipa(by_number[index]) for index in range(len(numbers))]
    if not any("ɐ" <= mark <= "ʯ" for symbol in symbols for mark in symbol or ""):
        raise WeightsError(
            f"{folder / 'vocab.json'} names letters, not the sounds of speech in IPA.",
            hint="Name a recogniser of phonemes, such as facebook/wav2vec2-xlsr-53-espeak-cv-ft.",
        )
    return symbols


def _ipa(symbol: str) -> str | None:
    if symbol[:1] in ("<", "[") and symbol[-1:] in (">", "]"):
        return None
    ipa = "".join(mark for mark in symbol if not mark.isdigit() and mark not in _STRESS)
    if len(ipa) > 1:
        ipa = ipa.removesuffix(_THIRD_TONE)
    return ipa if any(unicodedata.category(mark).startswith("L") for mark in ipa) else None
