"""Utterances by flite: English voices made from recordings of people, with exact phone times.

flite (Festival Lite, BSD licence) is a program that the user installs.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mien.errors import MissingDependency, VoiceError
from mien.media import read_audio, resample
from mien.motion.training.arpabet import IPA, PAUSES
from mien.motion.training.dating import at_bursts, with_stress
from mien.motion.training.pronunciation import Pronunciation
from mien.motion.training.texts import sentence
from mien.motion.training.utterance import Utterance
from mien.types import SAMPLE_RATE, Phoneme

LANGUAGE = "en-us"
VOICES: Mapping[str, float] = {"slt": 165.0, "kal16": 105.0, "rms": 95.0}
"""Names and their own pitch in Hz."""
HELD_OUT: Mapping[str, float] = {"awb": 125.0}

_STRETCHES = (0.75, 1.35)
_PITCHES = (0.75, 1.35)
"""Factors, drawn evenly on a logarithmic scale."""
_TIMEOUT_S = 60.0
_INSTALL = "Install flite with all its voices: apt install flite (Debian, Ubuntu), brew install flite (macOS)."


class FliteSource:
    """A `Source`.

    Args:
        held_out: the voices that training never uses, instead of the others.

    Raises:
        MissingDependency: there is no flite, or it lacks a voice.
    """

    def __init__(self, *, held_out: bool = False) -> None:
        self._voices = HELD_OUT if held_out else VOICES
        self._program = _program(self._voices)
        self._pronunciation = Pronunciation(LANGUAGE)

    def utterance(self, rng: np.random.Generator) -> Utterance | None:
        voice = list(self._voices)[int(rng.integers(len(self._voices)))]
        text = sentence(LANGUAGE, rng)
        stretch = float(np.exp(rng.uniform(*np.log(_STRETCHES))))
        pitch_hz = self._voices[voice] * float(np.exp(rng.uniform(*np.log(_PITCHES))))
        with tempfile.TemporaryDirectory(prefix="mien-flite-") as folder:
            file = Path(folder) / "spoken.wav"
            options = ["--setf", f"duration_stretch={stretch:.3f}", "--setf", f"int_f0_target_mean={pitch_hz:.1f}"]
            said = _run([self._program, "-voice", voice, *options, "-psdur", "-t", text, "-o", str(file)])
            sound = read_audio(file)
        samples = resample(sound.samples, sound.sample_rate, SAMPLE_RATE)
        phonemes = at_bursts(samples, spoken(said, sound.seconds))
        phonemes = with_stress(phonemes, self._pronunciation.of(text))
        return Utterance(samples, phonemes, LANGUAGE, f"flite:{voice}", text)

    def close(self) -> None:
        self._pronunciation.close()


def spoken(said: str, seconds: float) -> tuple[Phoneme, ...]:
    """The phonemes of flite's `phone:end_s phone:end_s …`, without pauses.

    Raises:
        VoiceError: it is not that.
    """
    result: list[Phoneme] = []
    start_s = 0.0
    for item in said.split():
        name, _, end = item.partition(":")
        try:
            end_s = min(float(end), seconds)
            ipa = "" if name in PAUSES else IPA[name]
        except (ValueError, KeyError) as error:
            raise VoiceError(f"flite said {item!r}, which is no phone with its time.", hint=_INSTALL) from error
        if ipa and end_s > start_s:
            result.append(Phoneme(ipa, start_s, end_s))
        start_s = end_s
    return tuple(result)


def _program(voices: Mapping[str, float]) -> str:
    program = shutil.which("flite")
    if program is None:
        raise MissingDependency("The program flite, which speaks half of the corpus, is not installed.", hint=_INSTALL)
    has = _run([program, "-lv"]).partition(":")[2].split()
    lacking = [voice for voice in voices if voice not in has]
    if lacking:  # asked for a voice that it lacks, flite would take another one in silence
        raise MissingDependency(f"flite ({program}) has no voice {', '.join(lacking)}.", hint=_INSTALL)
    return program


def _run(command: Sequence[str]) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=_TIMEOUT_S).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
        raise VoiceError(f"flite failed: {error}.", hint=_INSTALL) from error
