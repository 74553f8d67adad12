"""Piper voices, `NAME.onnx` + `NAME.onnx.json` in a folder (https://github.com/OHF-Voice/piper1-gpl)."""

from __future__ import annotations

import difflib
import json
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import piper
from google.protobuf.message import DecodeError
from onnxruntime.capi import onnxruntime_pybind11_state as onnx_errors  # pyright: ignore[reportAttributeAccessIssue]
from piper.config import PhonemeType, SynthesisConfig
from piper.const import BOS, EOS

from mien.errors import NotFoundError, VoiceError
from mien.media import resample
from mien.settings import Settings
from mien.speech.phonemes import without_joints
from mien.speech.text import language_runs
from mien.speech.voice import VoiceInfo
from mien.types import Phoneme, SpeechChunk

_SAMPLE_RATE = 22_050
"""Hz; of most voices. The others (16 kHz) are brought to it, so that two voices can share one speech."""

_MODEL_ERRORS = (
    DecodeError,
    onnx_errors.Fail,
    onnx_errors.InvalidArgument,
    onnx_errors.InvalidGraph,
    onnx_errors.InvalidProtobuf,
    onnx_errors.NoSuchFile,
    onnx_errors.NotImplemented,
    onnx_errors.RuntimeException,
)
_STRESS = {"ˈ": 2, "ˌ": 1}
_NOT_IPA = (PhonemeType.TEXT, PhonemeType.PINYIN)


class PiperEngine:
    """See `mien.speech.voice.Voice`. A voice is loaded when it first speaks (about a second) and kept; pitch is ignored."""

    def __init__(self, settings: Settings) -> None:
        self._folder: Path = settings.piper_dir or settings.data_dir / "piper"
        self._loaded: dict[str, piper.PiperVoice] = {}
        self._lock = threading.Lock()

    def synthesize(self, text: str, *, voice: str, rate: float, pitch: float) -> Iterator[SpeechChunk]:
        del pitch  # a property of the recorded speaker
        begins = text
        with self._lock:
            model = self._load(self._named(voice) if voice else self._for_text(text))
            for sound in self._run(model, text, rate):
                samples = resample(sound.audio_float_array, sound.sample_rate, _SAMPLE_RATE)
                yield SpeechChunk(samples, _SAMPLE_RATE, _phonemes(sound, model.config.phoneme_type), text=begins)
                begins = ""

    def voices(self) -> list[VoiceInfo]:
        return [self._info(name) for name in self._names()]

    def close(self) -> None:
        self._loaded.clear()

    def _run(self, model: piper.PiperVoice, text: str, rate: float) -> Iterator[piper.AudioChunk]:
        config = SynthesisConfig(length_scale=model.config.length_scale / rate)
        try:
            yield from model.synthesize(text, config, include_alignments=True)
        except _MODEL_ERRORS as error:
            raise VoiceError(f"The piper voice failed: {error}.", hint="Fetch the voice's two files again.") from error

    def _names(self) -> list[str]:
        return sorted(path.name.removesuffix(".onnx") for path in self._folder.glob("*.onnx"))

    def _named(self, voice: str) -> str:
        names = self._names()
        if voice in names:
            return voice
        near = difflib.get_close_matches(voice, names, n=5, cutoff=0.3)
        hint = f"Did you mean {', '.join(near)}?" if near else self._how_to_get()
        raise NotFoundError(f"There is no piper voice {voice!r} in {self._folder}.", hint=hint)

    def _for_text(self, text: str) -> str:
        """The first voice, by name, of the text's first language; else the first."""
        infos = self.voices()
        if not infos:
            raise NotFoundError(f"There is no piper voice in {self._folder}.", hint=self._how_to_get())
        language = language_runs(text)[0].language
        return next((info.name for info in infos if info.language.split("-")[0] == language), infos[0].name)

    def _how_to_get(self) -> str:
        return f"Fetch one: python -m piper.download_voices --download-dir {self._folder} en_US-lessac-medium"

    def _info(self, name: str) -> VoiceInfo:
        config = self._config(name)
        language = config.get("language", {}).get("code") or config.get("espeak", {}).get("voice", "")
        return VoiceInfo(name, language.replace("_", "-"), description=f"{config.get('num_speakers', 1)} speaker(s)")

    def _config(self, name: str) -> dict[str, Any]:
        path = self._folder / f"{name}.onnx.json"
        try:
            return json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise VoiceError(
                f"{path} cannot be read: {error}.", hint="A Piper voice needs this file beside its .onnx file."
            ) from error

    def _load(self, name: str) -> piper.PiperVoice:
        if name not in self._loaded:
            self._config(name)
            path = self._folder / f"{name}.onnx"
            try:
                self._loaded[name] = piper.PiperVoice.load(path, include_alignments=True)
            except (*_MODEL_ERRORS, OSError, KeyError, ValueError) as error:
                raise VoiceError(
                    f"{path} is not a Piper voice: {error}.", hint="Fetch the voice's two files again."
                ) from error
        return self._loaded[name]


def _phonemes(sound: piper.AudioChunk, kind: PhonemeType) -> tuple[Phoneme, ...] | None:
    """The sounds of a chunk; None where the model does not tell, or tells letters or pinyin."""
    if sound.phoneme_alignments is None or kind in _NOT_IPA:
        return None
    total = len(sound.audio_float_array) / sound.sample_rate
    spans = ((item.phoneme, int(item.num_samples) / sound.sample_rate) for item in sound.phoneme_alignments)
    return without_joints(_sounds(spans, total))


def _sounds(spans: Iterable[tuple[str, float]], total: float) -> Sequence[Phoneme]:
    """Joins Piper's code points to sounds: a stress mark belongs to the next one, length and diacritics to the one before."""
    result: list[Phoneme] = []
    position, stress, stressed_from = 0.0, 0, None
    for name, seconds in spans:
        start, position = position, min(position + seconds, total)
        if name in _STRESS:
            stress, stressed_from = _STRESS[name], start
        elif result and result[-1].ipa and _modifies(name):
            last = result[-1]
            result[-1] = Phoneme(last.ipa + name, last.start_s, position, last.stress)
        else:
            begin = start if stressed_from is None else stressed_from
            result.append(Phoneme("" if _is_pause(name) else name, begin, position, stress))
            stress, stressed_from = 0, None
    if result and position < total:
        result.append(Phoneme("", position, total))
    return result


def _modifies(name: str) -> bool:
    return bool(name) and all(unicodedata.category(char) in ("Mn", "Lm") or char in "ːˑ" for char in name)


def _is_pause(name: str) -> bool:
    return name in (BOS, EOS) or not any(char.isalpha() for char in name)
