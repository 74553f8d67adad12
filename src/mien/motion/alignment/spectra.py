"""What is compared: how the spectrum looks and how it changes, in units that two voices share."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mien.motion.from_sound import SoundMouth
from mien.motion.mel import BANDS, BLOCK, HOP, WINDOW, Hearing
from mien.motion.visemes import SPEECH
from mien.types import SAMPLE_RATE, Samples

FRAME_S = HOP / SAMPLE_RATE
"""Seconds from one frame to the next; frame t is centred on `t * FRAME_S`."""

_SLOPE_FRAMES = 3
_BELOW_PEAK_DB, _QUIETEST_DB = 35.0, -65.0
_NOISE_DB, _PAUSE_BELOW_PEAK_DB, _SOFTNESS_DB = 12.0, 20.0, 3.0
"""A pause is less than so much louder than the quietest, or so much quieter than the loudest, whichever is less; with a soft border."""
_BESIDE_FRAMES = 8
"""So far beside what the network takes for speech there may be more of it: it opens the mouth when it is sure."""
_PAUSE_SURELY_DB = 30.0
"""What is so much quieter than the loudest is a pause, even where something quieter is: a noise gate leaves digital silence beside the room."""


class Spectra:
    """The frames of a whole sound.

    Args:
        blocks: float32 mono 16 kHz, of any lengths; only their frames are kept (160 bytes a frame, a megabyte a minute).
    """

    def __init__(self, blocks: Iterable[Samples]) -> None:
        hearing, mouth, samples = Hearing(), SoundMouth(), 0
        bands: list[NDArray[np.float32]] = []
        loudness: list[float] = []
        likely: list[NDArray[np.float32]] = []
        for block in blocks:
            samples += len(block)
            mouth.push(block, ())
            likely.append(mouth.take(sys.maxsize)[:, SPEECH])
            heard, loud = hearing.push(block)
            bands.append(heard)
            loudness += loud
        heard, loud = hearing.push(np.zeros(BLOCK * HOP + WINDOW, np.float32))
        mouth.finish()
        likely.append(mouth.take(sys.maxsize)[:, SPEECH])
        count = -(-samples // HOP)
        shown = np.concatenate(likely)[:count] > 0.0
        around = np.convolve(np.pad(shown, _BESIDE_FRAMES), np.ones(2 * _BESIDE_FRAMES + 1), "valid")
        self._likely = around > 0.5
        self.bands = np.concatenate([*bands, heard])[:count]
        """float32 (N, BANDS), normalised as `Hearing` does while it listens."""
        self.loudness = np.array([*loudness, *loud], np.float32)[:count]
        """(N,), dB of full scale."""

    def __len__(self) -> int:
        return len(self.bands)

    @property
    def speech(self) -> NDArray[np.bool_]:
        """(N,), where there is more than the room."""
        return self.loudness > max(float(np.percentile(self.loudness, 95)) - _BELOW_PEAK_DB, _QUIETEST_DB)

    def pauses(self) -> NDArray[np.float32]:
        """(N,), 0 … 1: how unlikely a frame is as part of a pause; loud frames that the network takes for no speech are as likely as silence."""
        quiet, loud = np.percentile(self.loudness, [5, 95])
        border = max(min(quiet + _NOISE_DB, loud - _PAUSE_BELOW_PEAK_DB), loud - _PAUSE_SURELY_DB)
        return (self._likely / (1.0 + np.exp((border - self.loudness) / _SOFTNESS_DB))).astype(np.float32)

    def compared(self) -> NDArray[np.float32]:
        """(N, 2 * BANDS): bands and their slopes, each with mean 0 and the same spread over the speech; a frame's length is about 1."""
        values = np.concatenate([self.bands, _slopes(self.bands)], axis=1)
        heard = values[self.speech]
        mean, spread = heard.mean(axis=0), heard.std(axis=0) + 1e-3
        del heard  # as large as the values themselves
        values -= mean
        values /= spread * np.float32(np.sqrt(2 * BANDS))
        return values


def _slopes(bands: NDArray[np.float32]) -> NDArray[np.float32]:
    """The regression line's slope over `_SLOPE_FRAMES` frames to each side."""
    padded = np.pad(bands, ((_SLOPE_FRAMES, _SLOPE_FRAMES), (0, 0)), mode="edge")
    count = len(bands)
    weighted = [
        step * (padded[_SLOPE_FRAMES + step :][:count] - padded[_SLOPE_FRAMES - step :][:count])
        for step in range(1, _SLOPE_FRAMES + 1)
    ]
    return np.sum(weighted, axis=0) / (2 * sum(step * step for step in range(1, _SLOPE_FRAMES + 1)))
