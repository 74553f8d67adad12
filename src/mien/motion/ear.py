"""What is heard, piece by piece: how much each 10 ms of sound resembles each of 40 speech sounds, to someone who knows real voices.

The likenesses come from an acoustic model that many people's recorded speech went into: the Gaussian mixtures of CMU Sphinx's English
model, one per speech sound, brought from 128 densities to 32 (`mien.motion.training.ear`; BSD licence, see THIRD_PARTY.md). Synthetic
speech alone does not teach a network what strangers sound like; on these likenesses, what it learns from synthetic speech holds better for people.

The front end is the one that the model was made with (Sphinx: 25 mel bands from 130 to 6800 Hz, 13 liftered cepstra, their differences over
± 2 frames and the differences of those), but for the mean, which is a running one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from mien.motion.articulation import MOUTH_RATE
from mien.types import SAMPLE_RATE, Samples

HOP = round(SAMPLE_RATE / MOUTH_RATE)
WINDOW = 410
"""Samples: 25.6 ms."""
BLOCK = 4
"""Frames are always computed this many at a time, so that cutting the sound differently cannot change the last bit."""
REACH = 3
"""Frames after the one that is judged, which its differences need."""

SOUNDS = 42
CUES = 2 * SOUNDS + 1
"""What is known of a frame: for each sound how likely it is beside the others, and how far it is behind the likeliest; the loudness."""

CEPSTRA = 13
STREAMS = 3
"""Cepstra, their differences, the differences of those."""
_BANDS, _LOW_HZ, _HIGH_HZ = 25, 130.0, 6800.0
_FFT = 512
_EMPHASIS = 0.97
_LIFTER = 22
_FULL_SCALE = 32768.0
_SHARPNESS, _SHARE = 0.5, 3.0
"""Likelihoods of single frames are too sure of themselves."""
BEHIND, _FARTHEST = 0.1, -6.0
_LEAST = 1e-30
"""Of a likelihood beside the likeliest; what is so unlikely counts no further (`_FARTHEST`)."""
_LOUDER, _QUIETEST = 0.05, -3.0
_FLOOR = 10.0
"""Added to the energy of every band: a faint hiss, so that digital silence resembles a quiet room."""

_SLOWEST = 500
"""Frames: the mean of the cepstra follows within 5 s …"""
_PRIOR = 25
"""… and starts from what is typical, at the level of the first sound, which counts as much as 0.25 s of sound."""
QUIET_DB, BELOW_PEAK_DB = -60.0, 35.0
"""Below these, of full scale and below the loudest, nothing is speech."""
_PEAK_FALLS_DB = 0.03

_SLICES = HOP * np.arange(BLOCK)[:, None] + np.arange(WINDOW + 1)

Frames = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Mixtures:
    """Gaussian mixtures of S sounds with D densities in each of `STREAMS` streams, and three states that weigh them.

    Args:
        names: of the sounds, in the order of the rows.
        means, variances: float32 (STREAMS, S, D, CEPSTRA).
        weights: float32 (STREAMS, S, D, 3), each state's sum to 1.
        typical: float32 (CEPSTRA,), the mean of the cepstra of speech.
    """

    names: tuple[str, ...]
    means: NDArray[np.float32]
    variances: NDArray[np.float32]
    weights: NDArray[np.float32]
    typical: NDArray[np.float32]


@lru_cache(maxsize=1)
def mixtures() -> Mixtures:
    """Those that come with the package."""
    with resources.files("mien.motion").joinpath("ear.npz").open("rb") as file, np.load(file) as stored:
        return Mixtures(
            tuple(str(name) for name in stored["names"]),
            *(stored[name].astype(np.float32) for name in ("means", "variances", "weights", "typical")),
        )


class _Judge:
    """Log-likelihoods of frames, prepared for speed: one matrix product per stream."""

    def __init__(self, model: Mixtures) -> None:
        inverse = 1.0 / model.variances
        constant = -0.5 * (np.log(2 * np.pi * model.variances) + model.means**2 * inverse).sum(axis=3)
        self._sounds, self._densities = model.means.shape[1:3]
        self._products = np.concatenate([model.means * inverse, -0.5 * inverse], axis=3)
        self._products = np.ascontiguousarray(self._products.reshape(STREAMS, -1, 2 * CEPSTRA).transpose(0, 2, 1))
        self._constants = constant.reshape(STREAMS, 1, -1).astype(np.float32)
        self._weights = model.weights

    def __call__(self, streams: NDArray[np.float32]) -> Frames:
        """(STREAMS, N, CEPSTRA) → (N, S), the sum over the states, below the likeliest: 0 and less."""
        given = np.concatenate([streams, streams * streams], axis=2)
        densities = given @ self._products + self._constants  # (STREAMS, N, S * D)
        densities -= densities.max(axis=2, keepdims=True)
        np.exp(densities, out=densities)
        densities = densities.reshape(STREAMS, -1, self._sounds, self._densities).transpose(0, 2, 1, 3)
        states = (densities @ self._weights).astype(np.float64) + _LEAST  # (STREAMS, S, N, 3)
        scores = np.log(states.prod(axis=0).sum(axis=2)).T  # (N, S)
        return (scores - scores.max(axis=1, keepdims=True)).astype(np.float32)


@lru_cache(maxsize=1)
def _judge() -> _Judge:
    return _Judge(mixtures())


class Ear:
    """Frames of sound, one per `HOP`; frame t is centred on sample `t * HOP - HOP / 2`: that saves half a frame of waiting.

    Each has `CUES`, and its loudness in dB of full scale. It is given with the block in which the frame `REACH` after it is heard.
    """

    def __init__(self) -> None:
        self._buffer = np.zeros(
            (WINDOW + HOP) // 2 + 1 + HOP, np.float32
        )  # one frame more, so that blocks come out whole
        self._mean = mixtures().typical.astype(np.float64)
        self._heard = 0
        self._peak_db = -40.0
        self._cepstra: Frames | None = None
        self._loudness: list[float] = []
        self._levels: list[float] = []

    def push(self, samples: Samples) -> tuple[Frames, list[float]]:
        """The frames that became known: cues (N, CUES) and loudness; N is a multiple of `BLOCK`."""
        self._buffer = np.concatenate([self._buffer, samples])
        cues: list[Frames] = []
        loudness: list[float] = []
        needed = (BLOCK - 1) * HOP + WINDOW + 1
        used = 0
        while len(self._buffer) - used >= needed:
            found = self._block(self._buffer[used + _SLICES])
            if found is not None:
                cues.append(found)
                loudness += self._loudness[:BLOCK]
                self._loudness = self._loudness[BLOCK:]
            used += BLOCK * HOP
        self._buffer = self._buffer[used:]
        return np.concatenate(cues) if cues else np.zeros((0, CUES), np.float32), loudness

    def _block(self, windows: NDArray[np.float32]) -> Frames | None:
        """Hears the next frames; gives those whose differences are known now."""
        found, db = cepstra(windows)
        self._follow(found, db)
        self._loudness += db.tolist()
        self._levels += np.clip(_LOUDER * (db - self._peak_db), _QUIETEST, 0.0).tolist()
        here = (found - self._mean).astype(np.float32)
        if self._cepstra is None:
            self._cepstra = np.concatenate([np.repeat(here[:1], REACH - 1, axis=0), here])
            del self._loudness[0], self._levels[0]
            return None
        whole = np.concatenate([self._cepstra, here])
        self._cepstra = whole[-2 * REACH :]
        levels, self._levels = self._levels[:BLOCK], self._levels[BLOCK:]
        return _cues(_judge()(_streams(whole)), levels)

    def _follow(self, found: NDArray[np.float64], db: NDArray[np.float64]) -> None:
        self._peak_db = max(self._peak_db - BLOCK * _PEAK_FALLS_DB, float(db.max()))
        voiced = found[db > max(QUIET_DB, self._peak_db - BELOW_PEAK_DB)]
        if len(voiced):
            if not self._heard:
                self._mean[0] = voiced[:, 0].mean()
            self._heard = min(self._heard + len(voiced), _SLOWEST - _PRIOR)
            self._mean += len(voiced) / (self._heard + _PRIOR) * (voiced - self._mean).mean(axis=0)


def cepstra(windows: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N, WINDOW + 1) → cepstra (N, CEPSTRA) and loudness in dB of full scale (N,)."""
    frames = windows[:, 1:].astype(np.float64)
    emphasised = _FULL_SCALE * (frames - _EMPHASIS * windows[:, :-1])
    spectrum = np.fft.rfft(emphasised * _taper(), _FFT)
    power = spectrum.real**2 + spectrum.imag**2
    db = 10.0 * np.log10(np.einsum("ij,ij->i", frames, frames) / WINDOW + 1e-12)
    return np.log(power @ _filters() + _FLOOR) @ _cosines(), db


def cues_of(streams: NDArray[np.float32], levels: Sequence[float], *, surer: float = 1.0) -> Frames:
    """What would be heard of frames that are known otherwise.

    Args:
        streams: (STREAMS, N, CEPSTRA), the cepstra freed of their mean, their differences, the differences of those.
        levels: (N,), the loudness as in the last cue.
        surer: factor of the log-likelihoods.

    Returns:
        (N, CUES).
    """
    return _cues(np.float32(surer) * _judge()(streams), levels)


def _cues(scores: Frames, levels: Sequence[float]) -> Frames:
    """(N, SOUNDS) and (N,) → (N, CUES)."""
    likely = np.exp(_SHARPNESS * scores)
    likely *= _SHARE / likely.sum(axis=1, keepdims=True)
    behind = np.maximum(BEHIND * scores, _FARTHEST)
    return np.concatenate([likely, behind, np.array(levels, np.float32)[:, None]], axis=1)


def _streams(found: Frames) -> NDArray[np.float32]:
    """(N + 2 * REACH, CEPSTRA) → (STREAMS, N, CEPSTRA)."""
    count = len(found) - 2 * REACH

    def at(offset: int) -> Frames:
        return found[REACH + offset : REACH + offset + count]

    return np.stack([at(0), at(2) - at(-2), at(3) - at(-1) - at(1) + at(-3)])


@lru_cache(maxsize=1)
def _taper() -> NDArray[np.float64]:
    return np.hamming(WINDOW)


@lru_cache(maxsize=1)
def _filters() -> NDArray[np.float64]:
    """Triangles of equal area, their corners at frequencies of the transform: (_FFT / 2 + 1, _BANDS)."""

    def mel(hz: float) -> float:
        return 2595.0 * np.log10(1.0 + hz / 700.0)

    step = SAMPLE_RATE / _FFT
    corners = 700.0 * (10.0 ** (np.linspace(mel(_LOW_HZ), mel(_HIGH_HZ), _BANDS + 2) / 2595.0) - 1.0)
    corners = np.round(corners / step) * step
    hz = np.arange(_FFT // 2 + 1)[:, None] * step
    rising = (hz - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - hz) / (corners[2:] - corners[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling)) * 2.0 / (corners[2:] - corners[:-2])


@lru_cache(maxsize=1)
def _cosines() -> NDArray[np.float64]:
    """From log energies to liftered cepstra: (_BANDS, CEPSTRA)."""
    order = np.arange(CEPSTRA)
    angles = np.pi * order * (np.arange(_BANDS)[:, None] + 0.5) / _BANDS
    scale = np.where(order == 0, np.sqrt(1.0 / _BANDS), np.sqrt(2.0 / _BANDS))
    return np.cos(angles) * scale * (1.0 + _LIFTER / 2 * np.sin(np.pi * order / _LIFTER))
