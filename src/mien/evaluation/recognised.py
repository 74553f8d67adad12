"""The sounds of English speech whose words nobody wrote down: PocketSphinx's phone loop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from mien.errors import MissingDependency
from mien.media import is_silent
from mien.motion.coarticulation import BURST_S
from mien.types import SAMPLE_RATE, Phoneme, Progress, Report, Samples, Sound, silent

_PIECE_S = 15.0
"""At a time: so often it can be stopped, and the mean cepstrum is taken anew."""

_HOP = SAMPLE_RATE // 100
"""Samples of one of its frames."""

_IPA = {
    "AA": "ɑː",
    "AE": "æ",
    "AH": "ʌ",
    "AO": "ɔː",
    "AW": "aʊ",
    "AY": "aɪ",
    "B": "b",
    "CH": "tʃ",
    "D": "d",
    "DH": "ð",
    "EH": "ɛ",
    "ER": "ɚ",
    "EY": "eɪ",
    "F": "f",
    "G": "ɡ",
    "HH": "h",
    "IH": "ɪ",
    "IY": "iː",
    "JH": "dʒ",
    "K": "k",
    "L": "l",
    "M": "m",
    "N": "n",
    "NG": "ŋ",
    "OW": "oʊ",
    "OY": "ɔɪ",
    "P": "p",
    "R": "ɹ",
    "S": "s",
    "SH": "ʃ",
    "T": "t",
    "TH": "θ",
    "UH": "ʊ",
    "UW": "uː",
    "V": "v",
    "W": "w",
    "Y": "j",
    "Z": "z",
    "ZH": "ʒ",
}
"""ARPABET as CMUdict has it; what is not in it (SIL, noises) is a pause."""

_BURSTS = frozenset("ptk")


def english_sounds(samples: Samples, *, report: Report = silent) -> tuple[Phoneme, ...]:
    """What PocketSphinx takes the sounds for; without words to go by, about half are right, of p b m more.

    Args:
        samples: float32 mono 16 kHz.
        report: progress, stage "listen", in seconds of sound.

    Raises:
        MissingDependency: PocketSphinx is not installed.
    """
    try:
        import pocketsphinx
    except ImportError as error:
        raise MissingDependency(
            "English sounds are recognised by PocketSphinx, which is not installed.",
            hint="Run: pip install 'mien[serve]'",
        ) from error
    model = pocketsphinx.get_model_path("en-us")
    decoder = pocketsphinx.Decoder(
        pocketsphinx.Config(hmm=f"{model}/en-us", allphone=f"{model}/en-us-phone.lm.bin", lm=None, loglevel="FATAL")
    )
    step = round(_PIECE_S * SAMPLE_RATE)
    found: list[Phoneme] = []
    for start in range(0, len(samples), step):
        piece = samples[start : start + step]
        decoder.start_utt()
        decoder.process_raw((np.clip(piece, -1.0, 1.0) * 32767.0).astype("<i2").tobytes(), False, True)
        decoder.end_utt()
        found += _sounds(decoder.seg() or (), samples, start)
        report(Progress("listen", (start + len(piece)) / SAMPLE_RATE, len(samples) / SAMPLE_RATE, "seconds"))
    return _released(found)


def _sounds(segments: Iterable[Any], samples: Samples, start: int) -> list[Phoneme]:
    """What was recognised in the sound from sample `start` on; where that is silent, a pause."""
    found = []
    for segment in segments:
        begin, end = (start + frame * _HOP for frame in (segment.start_frame, segment.end_frame + 1))
        quiet = is_silent(Sound(samples[begin:end], SAMPLE_RATE))
        ipa = "" if quiet else _IPA.get(segment.word, "")
        found.append(Phoneme(ipa, begin / SAMPLE_RATE, end / SAMPLE_RATE))
    return found


def _released(sounds: list[Phoneme]) -> tuple[Phoneme, ...]:
    """Lets p t k begin at their burst, as voices and the mouth take it; PocketSphinx counts the silence before it among them."""
    starts = [
        min(sound.start_s + BURST_S, (sound.start_s + sound.end_s) / 2) if sound.ipa in _BURSTS else sound.start_s
        for sound in sounds
    ]
    ends = [*starts[1:], sounds[-1].end_s] if sounds else []
    return tuple(
        Phoneme(sound.ipa, start, end) for sound, start, end in zip(sounds, starts, ends, strict=True) if end > start
    )
