"""Teaches the network: many short pieces, the average of its later selves is what is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mien.errors import InputError
from mien.motion.ear import SOUNDS
from mien.motion.network import AHEAD, FRAMES_PER_STEP, MOUTH, Ahead
from mien.motion.training.features import Features
from mien.motion.training.network import MouthNetwork
from mien.motion.visemes import CLOSURE, FV

PIECE = 128
"""Steps of one piece: 2.56 s, twice what the network remembers."""
_AT_A_START = 0.2
"""Share of pieces that begin where a listener begins."""
_WHERE_NOBODY_SPEAKS = 0.15
"""Share that is chosen among those in which nobody does."""
_RATE, _WARM_UP, _DECAY, _LONGEST_GRADIENT = 2.5e-3, 200, 0.02, 1.0
_KEEP = 0.998
"""Of the average, in one step."""
_HEAD_WEIGHTS: Mapping[Ahead, float] = {"far": 1.0, "near": 0.5}
_VELOCITY, _PHONES, _SPEECH = 2.0, 0.25, 0.75
_CLOSURE_MORE, _FV_MORE = 3.0, 2.0
_LABEL_SMOOTHING = 0.05
_NOISE, _TILT, _LEVEL = 0.15, 0.1, 0.2
"""What is heard is shaken: noise on every cue, how likely each sound seems all along, the loudness."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and with what.

    Args:
        steps: of gradient descent.
        seed: of the first weights and of the choice of pieces.
        batch: pieces that it looks at in one step.
        device: torch's name, "cpu" or "cuda".
        save_every: steps from one checkpoint, and one look at the held-out voices, to the next.
    """

    steps: int
    seed: int
    batch: int = 16
    device: str = "cpu"
    save_every: int = 500


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """Mean and standard deviation of the mouth channels in the training data, float32 (MOUTH,)."""

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]

    @staticmethod
    def of(data: Features) -> Scale:
        mouth = data.mouth.astype(np.float32)
        return Scale(mouth.mean(axis=0), mouth.std(axis=0) + 1e-4)


class Training:
    """A network on its way; `save` and `load` lose nothing."""

    def __init__(self, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.step = 0
        self.network = MouthNetwork().to(plan.device)
        self._optimizer = torch.optim.AdamW(self.network.parameters(), lr=_RATE, weight_decay=_DECAY)
        self._average = {name: value.clone() for name, value in self.network.state_dict().items()}

    def run(self, data: Features, checkpoint: Path, *, tell: Callable[[Training, Mapping[str, float]], None]) -> None:
        """Learns until the plan's last step.

        Args:
            data: to learn from.
            checkpoint: written every `save_every` steps.
            tell: is called then, with the mean losses since the last time; once, with none, if there is nothing left to learn.
        """
        if self.step >= self.plan.steps:
            tell(self, {})
        source = _Pieces(data, Scale.of(data), self.plan)
        losses: list[dict[str, float]] = []
        self.network.train()
        while self.step < self.plan.steps:
            losses.append(self._descend(source.batch(self.step)))
            if self.step % self.plan.save_every == 0 or self.step == self.plan.steps:
                self.save(checkpoint)
                tell(self, {name: float(np.mean([loss[name] for loss in losses])) for name in losses[0]})
                losses = []

    def _descend(self, batch: _Batch) -> dict[str, float]:
        for group in self._optimizer.param_groups:
            group["lr"] = _RATE * _schedule(self.step, self.plan.steps)
        parts = _losses(self.network(batch.cues), batch)
        total = torch.stack(list(parts.values())).sum()
        self._optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LONGEST_GRADIENT)
        self._optimizer.step()
        self.step += 1
        self._remember()
        return {name: value.item() for name, value in parts.items()}

    @torch.no_grad()
    def _remember(self) -> None:
        keep = min(_KEEP, self.step / (self.step + 10))
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self._average[name].lerp_(value, 1.0 - keep)

    def averaged(self) -> MouthNetwork:
        """What has been learnt so far, ready to be used."""
        network = MouthNetwork()
        network.load_state_dict(self._average)
        return network.eval()

    def save(self, path: Path) -> None:
        """Writes everything as npz; a reader sees all of it or nothing."""
        stored = {"step": np.array(self.step), "plan": np.array([self.plan.steps, self.plan.seed])}
        stored |= {f"network/{name}": value.cpu().numpy() for name, value in self.network.state_dict().items()}
        stored |= {f"average/{name}": value.cpu().numpy() for name, value in self._average.items()}
        for index, moments in self._optimizer.state_dict()["state"].items():
            stored |= {f"optimizer/{index}/{name}": value.cpu().numpy() for name, value in moments.items()}
        part = path.with_suffix(".part.npz")
        np.savez(part, allow_pickle=False, **stored)
        part.replace(path)

    def load(self, path: Path) -> None:
        """Goes on where `save` was called.

        Raises:
            InputError: it is no checkpoint, or one of another plan.
        """
        try:
            with np.load(path) as file:
                stored = {name: torch.from_numpy(file[name]) for name in file.files}
            if stored["plan"].tolist() != [self.plan.steps, self.plan.seed]:
                raise InputError(f"{path} belongs to another plan.", hint="Delete it to begin anew.")
            self.network.load_state_dict(_under("network/", stored))
            average = _under("average/", stored)
            moments = _under("optimizer/", stored)
            state: dict[int, dict[str, Tensor]] = {}
            for name, value in moments.items():
                index, moment = name.split("/")
                state.setdefault(int(index), {})[moment] = value
            self._optimizer.load_state_dict(self._optimizer.state_dict() | {"state": state})
            self._average = {name: average[name].to(self.plan.device) for name in self._average}
            self.step = int(stored["step"])
        except (OSError, EOFError, ValueError, TypeError, KeyError, RuntimeError, BadZipFile) as error:
            raise InputError(f"{path} is no checkpoint: {error}.", hint="Delete it to begin anew.") from error


def _under(prefix: str, stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in stored.items() if name.startswith(prefix)}


def _schedule(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / min(_WARM_UP, 0.1 * steps)) * (
        0.02 + 0.98 * 0.5 * (1.0 + math.cos(math.pi * step / steps))
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    cues: Tensor  # (B, 2 * PIECE, CUES)
    mouth: Tensor  # (B, PIECE, MOUTH), in units of the spread
    more: Tensor  # (B, PIECE, MOUTH), how much it counts
    phones: Tensor  # (B, PIECE)
    speech: Tensor  # (B, PIECE)


class _Pieces:
    """Random pieces of the data, shaken; the same ones for the same seed and step."""

    def __init__(self, data: Features, scale: Scale, plan: Plan) -> None:
        self._data = data
        self._scale = scale
        self._plan = plan
        self._last = len(data.phones) - PIECE
        self._starts = data.starts[data.starts <= self._last]
        spoken = np.concatenate([[0], np.cumsum(data.speech)])
        begins = np.arange(max(0, self._last + 1))
        self._quiet = begins[spoken[begins + PIECE] == spoken[begins]]
        if self._last < 0:
            raise InputError(f"{data.seconds:.1f} s of speech are too few to learn from.", hint="Ask for more hours.")

    def batch(self, step: int) -> _Batch:
        rng = np.random.default_rng([self._plan.seed, step])
        count = self._plan.batch
        begins = rng.integers(0, self._last + 1, count)
        begins = np.where(rng.random(count) < _AT_A_START, rng.choice(self._starts, count), begins)
        if len(self._quiet):
            begins = np.where(rng.random(count) < _WHERE_NOBODY_SPEAKS, rng.choice(self._quiet, count), begins)
        at = begins[:, None] + np.arange(PIECE)
        frames = FRAMES_PER_STEP * begins[:, None] + np.arange(FRAMES_PER_STEP * PIECE)
        mouth = self._data.mouth[at].astype(np.float32)
        more = np.ones_like(mouth)
        more[..., CLOSURE] += _CLOSURE_MORE * mouth[..., CLOSURE]
        more[..., FV] += _FV_MORE * mouth[..., FV]

        def tensor(values: NDArray[np.generic]) -> Tensor:
            return torch.from_numpy(values).to(self._plan.device)

        return _Batch(
            tensor(_shaken(self._data.cues[frames].astype(np.float32), rng)),
            tensor((mouth - self._scale.mean) / self._scale.spread),
            tensor(more),
            tensor(self._data.phones[at].astype(np.int64)),
            tensor(self._data.speech[at].astype(np.float32)),
        )


def _shaken(cues: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """As by another voice and another microphone: some sounds seem likelier all along, all of them tremble."""
    count = len(cues)
    cues[:, :, SOUNDS : 2 * SOUNDS] += _TILT * rng.standard_normal((count, 1, SOUNDS), dtype=np.float32)
    cues[:, :, -1:] += _LEVEL * rng.standard_normal((count, 1, 1), dtype=np.float32)
    loud = rng.uniform(0.0, _NOISE, (count, 1, 1)).astype(np.float32)
    cues += loud * rng.standard_normal(cues.shape, dtype=np.float32)
    return cues


def _losses(answers: Mapping[Ahead, Tensor], batch: _Batch) -> dict[str, Tensor]:
    """Of each kind, over all lookaheads."""
    sums: dict[str, Tensor] = {}
    for name, weight in _HEAD_WEIGHTS.items():
        late = AHEAD[name]
        given = answers[name][:, late:]
        known = PIECE - late
        wanted = batch.mouth[:, :known]
        off = (given[..., :MOUTH] - wanted).square() * batch.more[:, :known]
        speed = (given[..., :MOUTH].diff(dim=1) - wanted.diff(dim=1)).square()
        parts = {
            "mouth": off.mean(),
            "velocity": _VELOCITY * speed.mean(),
            "speech": _SPEECH
            * torch.nn.functional.binary_cross_entropy_with_logits(given[..., MOUTH], batch.speech[:, :known]),
            "phones": _PHONES
            * torch.nn.functional.cross_entropy(
                given[..., MOUTH + 1 :].flatten(0, 1),
                batch.phones[:, :known].flatten(),
                label_smoothing=_LABEL_SMOOTHING,
            ),
        }
        for part, value in parts.items():
            sums[part] = sums.get(part, torch.zeros((), device=value.device)) + weight * value
    return sums
