"""Whisper models in CTranslate2's form (https://github.com/SYSTRAN/faster-whisper)."""

from __future__ import annotations

import logging
from pathlib import Path

import faster_whisper  # pyright: ignore[reportMissingImports]  # an extra
import numpy as np

from mien.errors import RecognizerError, WeightsError
from mien.settings import Settings
from mien.speech.recognizers.models import find_model, models_folder
from mien.types import Samples

logger = logging.getLogger(__name__)

_NEEDED = ("model.bin", "config.json", "tokenizer.json")
_SILENT = 0.6  # Whisper's own threshold on the probability that nobody speaks


class WhisperRecognizer:
    """See `mien.speech.recognizer.Recognizer`. A folder of `recognizer_dir`, or a size that faster-whisper knows: that is fetched once."""

    def __init__(self, settings: Settings, model: str) -> None:
        path = _known_size(settings, model) or str(
            find_model(settings, "faster-whisper", model, _NEEDED, _how_to_get(settings))
        )
        try:
            self.model = faster_whisper.WhisperModel(
                path,
                compute_type="auto",
                cpu_threads=settings.threads,
                download_root=str(models_folder(settings)),
                local_files_only=settings.offline,
            )
        except (RuntimeError, ValueError, OSError) as error:  # CTranslate2's and the hub's
            raise WeightsError(
                f"The Whisper model {path} cannot be used: {str(error).rstrip('.')}.", hint=_how_to_get(settings)
            ) from error
        self._languages = set(self.model.supported_languages)

    def recognize(self, language: str = "") -> _Utterance:
        base = language.split("-")[0].lower()
        return _Utterance(self.model, base if base in self._languages else None)


class _Utterance:
    """See `mien.speech.recognizer.Recognition`."""

    def __init__(self, model: faster_whisper.WhisperModel, language: str | None) -> None:
        self._model, self._language = model, language
        self._pieces: list[Samples] = []

    def push(self, samples: Samples) -> str:
        self._pieces.append(samples)
        return ""

    def finish(self) -> str:
        if not self._pieces:
            return ""
        try:
            segments, _ = self._model.transcribe(
                np.concatenate(self._pieces),
                language=self._language,
                beam_size=1,
                condition_on_previous_text=False,
                without_timestamps=True,
            )
            texts = [segment.text.strip() for segment in segments if segment.no_speech_prob < _SILENT]
        except RuntimeError as error:
            raise RecognizerError(f"Whisper failed: {error}.", hint="Try a smaller model.", retryable=True) from error
        return " ".join(text for text in texts if text)

    def cancel(self) -> None:
        self._pieces.clear()


def _known_size(settings: Settings, model: str) -> str:
    """The model's name if faster-whisper knows it by that and no folder has it; it is then fetched, or found in the hub's cache."""
    if model not in faster_whisper.available_models() or (models_folder(settings) / model).is_dir():
        return ""
    logger.warning("whisper_model_from_the_hub", extra={"model": model, "offline": settings.offline})
    return model


def _how_to_get(settings: Settings) -> str:
    folder: Path = models_folder(settings)
    return (
        f"Fetch one: python -c \"import faster_whisper; faster_whisper.download_model('base', '{folder / 'base'}')\""
        ", or name a size and let it be fetched: faster-whisper:base"
    )
