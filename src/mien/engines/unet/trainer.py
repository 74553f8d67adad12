"""Learns to draw a mouth: small steps that can be broken off and taken up again."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mien.engines.unet.graph import exported
from mien.engines.unet.lessons import Lessons
from mien.engines.unet.network import HALF, MouthUnet
from mien.errors import InputError
from mien.types import Image

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

_PAIRS = 4
"""Successive frames in a step: what is drawn shall change as the film does, too."""
_RATE, _LAST_RATE = 2e-3, 2e-5
"""The first and the last, along half a cosine."""
_AVERAGED = 0.995
"""Share of the old in the running average of the parameters, at each step."""
_EDGES, _CHANGES = 0.5, 0.5
"""How much differences of neighbouring pixels and of successive frames count, beside the pixels."""
_NOISE = 0.1
"""Spread of what is added to the coefficients, lest the picture answers to each of their tremors."""
_APART = 8
"""In half of the steps a mouth is drawn into a frame up to so many frames away, as in a film: what is around it must not betray it."""
_RIDGE = 3.0
"""Strictness of the linear map from which the learning starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long.

    Args:
        steps: in all; the rate falls towards the last.
        seed: of everything random.
    """

    steps: int = 2000
    seed: int = 0

    @classmethod
    def of(cls, frames: int) -> Plan:
        """For so many frames to learn from."""
        return cls(steps=int(np.clip(4 * frames, 1200, 4000)))


class Trainer:
    """One training.

    Args:
        lessons: to learn from.
        plan: see there.
        threads: processor cores it may use.
    """

    def __init__(self, lessons: Lessons, plan: Plan, threads: int = 1) -> None:
        self.plan, self.step = plan, 0
        self._lessons = lessons
        torch.set_num_threads(threads)
        torch.manual_seed(plan.seed)
        first = lessons.features(lessons.learnt[:1], lessons.learnt[:1])
        self._network = MouthUnet(first.shape[1])
        self._start()
        self._average = {name: value.clone() for name, value in self._network.state_dict().items()}
        self._optimizer = torch.optim.Adam(self._network.parameters(), lr=_RATE, betas=(0.9, 0.99))
        self._pairs = _successive(lessons)

    def _start(self) -> None:
        """The linear map by least squares, so that the rest need not wait for it."""
        lessons = self._lessons
        told = lessons.features(lessons.learnt, lessons.learnt).astype(np.float64)
        told = np.concatenate([told, np.ones((len(told), 1))], axis=1)
        small = lessons.crops[lessons.learnt].reshape(-1, HALF, 2, HALF, 2, 3).mean(axis=(2, 4))
        wanted = small.transpose(0, 3, 1, 2).reshape(len(told), -1) / 255 - 0.5
        strict = np.eye(told.shape[1]) * _RIDGE
        strict[-1, -1] = 1e-6
        found = np.linalg.solve(told.T @ told + strict, told.T @ wanted).astype(np.float32)
        with torch.no_grad():
            self._network.linear.weight.copy_(torch.from_numpy(found[:-1].T.copy()))
            self._network.linear.bias.copy_(torch.from_numpy(found[-1].copy()))

    def advance(self) -> float:
        """One step; the loss."""
        rng = np.random.default_rng([self.plan.seed, self.step])
        share = self.step / self.plan.steps
        rate = _LAST_RATE + (_RATE - _LAST_RATE) * 0.5 * (1 + math.cos(math.pi * share))
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        first = rng.choice(self._pairs, _PAIRS)
        wanted = np.concatenate([first, first + 1])
        rims = self._rims(first, rng)
        coefficients = self._lessons.expression.shape[1]
        noise = np.tile(rng.normal(scale=_NOISE, size=(_PAIRS, coefficients)), (2, 1)).astype(np.float32)
        drawn = self._network(*self._inputs(wanted, rims, noise))
        loss = self._loss(drawn, wanted)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimizer.step()
        self.step += 1
        with torch.no_grad():
            kept = min(_AVERAGED, self.step / (self.step + 10))
            for name, value in self._network.state_dict().items():
                self._average[name].lerp_(value, 1 - kept)
        return float(loss.detach())

    def _rims(self, first: Numbers, rng: np.random.Generator) -> Numbers:
        """The frames into which pairs are drawn: their own, or a pair nearby."""
        if rng.random() < 0.5:
            return np.concatenate([first, first + 1])
        lessons, last = self._lessons, len(self._lessons.learnt) - 1
        other = np.clip(first + rng.integers(-_APART, _APART + 1, len(first)), 0, last - 1)
        near = np.abs(lessons.numbers[other] - lessons.numbers[first]) <= _APART
        same = near & (lessons.scenes[other] == lessons.scenes[first])
        other = np.where(same, other, first)
        return np.concatenate([other, other + 1])

    def _inputs(self, indices: Numbers, rims: Numbers, noise: Floats | float = 0.0) -> tuple[Tensor, Tensor]:
        lessons = self._lessons
        rim = (_pictures(lessons.crops[rims]) - 0.5) * torch.from_numpy(lessons.known.astype(np.float32))
        return rim, torch.from_numpy(lessons.features(indices, rims, noise))

    def _loss(self, drawn: Tensor, indices: Numbers) -> Tensor:
        real = _pictures(self._lessons.crops[indices]) - 0.5
        weights = torch.from_numpy(self._lessons.weights[indices].astype(np.float32) / 16)[:, None]
        off = drawn - real
        loss = (off.abs() * weights).mean()
        across, down = off.diff(dim=3).abs() * weights[..., 1:], off.diff(dim=2).abs() * weights[:, :, 1:]
        change = (off[_PAIRS:] - off[:_PAIRS]).abs() * weights[:_PAIRS]
        return loss + _EDGES * (across.mean() + down.mean()) + _CHANGES * change.mean()

    def judge(self) -> tuple[float, Image]:
        """How near the drawn mouths are to real ones that are not learnt from: dB over what is drawn; and the worst one: real, drawn, and eight times their
        difference, side by side.
        """
        lessons = self._lessons
        share = lessons.crop.drawn[..., None]
        real = lessons.crops[lessons.judged] / np.float32(255)
        drawn = self._drawn(lessons.judged)
        errors = (np.square(drawn - real) * share).sum(axis=(1, 2, 3)) / (3 * share.sum())
        worst = int(errors.argmax())
        off = np.abs(drawn[worst] - real[worst]) * share
        sheet = np.concatenate([real[worst], real[worst] + (drawn[worst] - real[worst]) * share, 8 * off], axis=1)
        return float(-10 * np.log10(errors).mean()), np.rint(np.clip(sheet, 0, 1) * 255).astype(np.uint8)

    def _drawn(self, indices: Numbers) -> Floats:
        """(n, SIZE, SIZE, 3), 0 … 1, by the averaged network."""
        network = MouthUnet(self._network.linear.in_features)
        network.load_state_dict(self._average)
        with torch.no_grad():
            drawn = network(*self._inputs(indices, indices)) + 0.5
        return drawn.clamp(0, 1).permute(0, 2, 3, 1).numpy()

    def averaged(self) -> dict[str, Floats]:
        """What was learnt so far, by name."""
        return {name: value.numpy().copy() for name, value in self._average.items()}

    def exported(self, arrays: dict[str, Floats]) -> bytes:
        """What was learnt as ONNX."""
        return exported(arrays, self._lessons.known, MouthUnet.filmed())

    def state(self) -> dict[str, NDArray[Any]]:
        """All that `restore` needs to go on from here as if nothing had happened."""
        moments = self._optimizer.state_dict()["state"]
        return {
            "step": np.array(self.step),
            **{f"network.{name}": value.numpy() for name, value in self._network.state_dict().items()},
            **{f"average.{name}": value.numpy() for name, value in self._average.items()},
            **{
                f"moment.{number}.{name}": value.numpy()
                for number, values in moments.items()
                for name, value in values.items()
            },
        }

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Raises:
        InputError: it is the state of another training.
        """
        try:
            self._restore(state)
        except (KeyError, ValueError, RuntimeError) as error:
            raise InputError(
                "The checkpoint is of another training.", hint="Train without resuming, in an empty folder."
            ) from error

    def _restore(self, state: dict[str, NDArray[Any]]) -> None:
        def kept(kind: str) -> dict[str, Tensor]:
            return {name.removeprefix(kind): torch.from_numpy(v) for name, v in state.items() if name.startswith(kind)}

        self._network.load_state_dict(kept("network."))
        average = kept("average.")
        if average.keys() != self._average.keys():
            raise ValueError("average")
        self._average = average
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in kept("moment.").items():
            number, field = name.split(".")
            moments.setdefault(int(number), {})[field] = value
        self._optimizer.load_state_dict({**self._optimizer.state_dict(), "state": moments})
        self.step = int(state["step"])


def _pictures(crops: NDArray[np.uint8]) -> Tensor:
    """(N, 3, SIZE, SIZE), 0 … 1."""
    return torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255


def _successive(lessons: Lessons) -> Numbers:
    """Indices of learnt frames that are followed by their next one."""
    numbers, scenes = lessons.numbers[lessons.learnt], lessons.scenes[lessons.learnt]
    return np.flatnonzero((np.diff(numbers) == 1) & (np.diff(scenes) == 0))
