"""The network that hears speech: 20 ms of sound after another go in, what the mouth does and which sounds are spoken comes out.

It is a causal one-dimensional convolutional network with explicit state (`mien.motion.training` makes it). It answers late, so that it
has heard a little of what follows: by `AHEAD["near"]` steps for a microphone, by `AHEAD["far"]` where the sound is known ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal, TypeAlias

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mien.face.session import open_session
from mien.motion.articulation import MOUTH_CHANNELS
from mien.motion.ear import BLOCK, HOP, REACH, WINDOW, Ear
from mien.motion.phones import PHONE_CLASSES
from mien.types import SAMPLE_RATE, Samples

__all__ = ["AHEAD", "PHONE_CLASSES", "STEP_S", "Ahead", "Heard", "Stream", "listen", "session", "waits_s"]

FRAMES_PER_STEP = 2
STEP_S = FRAMES_PER_STEP * HOP / SAMPLE_RATE
STEPS = BLOCK // FRAMES_PER_STEP
"""Steps are always computed this many at a time, so that cutting the sound differently cannot change the last bit."""

Ahead: TypeAlias = Literal["near", "far"]

AHEAD: Mapping[Ahead, int] = {"near": 0, "far": 6}
"""Steps of sound after the one that is answered, which the network hears before it answers."""

MOUTH = len(MOUTH_CHANNELS) - 1
"""Channels before `speech`, in their order; then come `speech` and the phone classes."""
OUTPUTS = MOUTH + 1 + len(PHONE_CLASSES)

_WEIGHTS = "mouth.onnx"

Outputs: TypeAlias = NDArray[np.float32]


def waits_s(ahead: Ahead) -> float:
    """An answer comes once this much sound after its step is known, however the sound is cut."""
    last_frame = FRAMES_PER_STEP * AHEAD[ahead] + BLOCK - 1 + REACH
    return (last_frame * HOP + (WINDOW - HOP) / 2) / SAMPLE_RATE


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What was heard, one row per step; row n is at `n * STEP_S` seconds.

    Args:
        mouth: float32 (N, 7), the channels of `MOUTH_CHANNELS` before `speech`, in their units, not limited to their range.
        phones: float32 (N, len(PHONE_CLASSES)), natural logarithms of probabilities.
        speech: float32 (N,), probability that someone speaks.
    """

    mouth: NDArray[np.float32]
    phones: NDArray[np.float32]
    speech: NDArray[np.float32]

    @staticmethod
    def of(outputs: Outputs) -> Heard:
        """Of rows as `Stream` gives them, shape (N, OUTPUTS)."""
        return Heard(outputs[:, :MOUTH], outputs[:, MOUTH + 1 :], outputs[:, MOUTH])


@lru_cache(maxsize=1)
def session() -> onnxruntime.InferenceSession:
    """The network that comes with the package; one for the process, and safe to run from several threads."""
    return open_session(resources.files("mien.motion").joinpath(_WEIGHTS).read_bytes(), _WEIGHTS)


class Stream:
    """The network with its state: one listener.

    Args:
        ahead: how long it waits before it answers.
        network: a network made by `mien.motion.training`; the one that comes with the package if None.
    """

    def __init__(self, ahead: Ahead = "far", network: onnxruntime.InferenceSession | None = None) -> None:
        self._session = network or session()
        self._state = {
            given.name: np.zeros(given.shape, np.float32)
            for given in self._session.get_inputs()
            if given.name.startswith("state")
        }
        self._outputs = ["answers", *(f"next_{name}" for name in self._state)]
        self._which = list(AHEAD).index(ahead)
        self._early = AHEAD[ahead]

    def step(self, cues: NDArray[np.float32]) -> Outputs:
        """Hears the next frames, shape (BLOCK, CUES); gives the next answers, (STEPS, OUTPUTS), fewer at the very beginning."""
        outputs, *states = self._session.run(self._outputs, {"cues": cues[None], **self._state})
        self._state = dict(zip(self._state, states, strict=True))
        known = np.asarray(outputs)[0, self._which]
        early = min(self._early, STEPS)
        self._early -= early
        return known[early:]


def listen(samples: Samples, ahead: Ahead = "far", network: onnxruntime.InferenceSession | None = None) -> Heard:
    """The whole of a sound; its last step is the one in which the sound ends.

    Args:
        samples: float32 mono 16 kHz, shape (T,).
        ahead: how much of what follows a step has a say in it.
        network: as in `Stream`.
    """
    stream = Stream(ahead, network)
    steps = -(-len(samples) // (HOP * FRAMES_PER_STEP))
    silence = np.zeros((AHEAD[ahead] + 2 * STEPS) * FRAMES_PER_STEP * HOP + WINDOW, np.float32)
    cues, _ = Ear().push(np.concatenate([samples, silence]))
    answers = [stream.step(cues[start : start + BLOCK]) for start in range(0, len(cues), BLOCK)]
    return Heard.of(np.concatenate([np.zeros((0, OUTPUTS), np.float32), *answers])[:steps])
