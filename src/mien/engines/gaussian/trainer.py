"""Learns a face layer from footage: small steps that can be broken off and taken up again at any one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.engines.gaussian.adam import Adam
from mien.engines.gaussian.compare import SHAPE, Comparison, compare
from mien.engines.gaussian.expression import Expressions
from mien.engines.gaussian.footage import Footage, mask
from mien.engines.gaussian.model import PLACE, with_one
from mien.engines.gaussian.poses import Poses, Windows
from mien.engines.gaussian.raster import PROCESSOR, Rasterizer
from mien.engines.gaussian.region import Region
from mien.engines.gaussian.register import find_head
from mien.engines.gaussian.seeds import Seeds
from mien.errors import InputError
from mien.types import Image

Floats = NDArray[np.float32]

_RATES = np.array([2e-4, 2e-4, 1e-4, 5e-3, 5e-3, 5e-3, 3e-2], np.float32)
"""Of x, y, z in IOD, red, green, blue, logit."""
_ANSWERS = np.array([0.05, 0.05, 0.05, 0.25, 0.25, 0.25, 0.1], np.float32)
"""How fast the channels' answers to the expression are learnt, by what their constant parts are. Places hardly leave the movement of the
landmarks around them: each by itself, they would scatter in every expression that was not learnt from."""
_SHAPE_RATES = np.array([1e-2] * 3 + [5e-3] * 4 + [5e-3], np.float32)
"""Of the logarithms of size, the quaternion, and the share in the torso's movement."""
_EXPRESSION_RATE = 0.03
_READ_STEPS, _READ_RATE = 6, 0.15
"""Steps in which the expression of a frame that is not learnt from is read from its picture."""
_LAST_RATE = 0.05
"""All rates fall to this share along a half cosine."""
_NOISE = 0.3
"""Spread of what is added to the coefficients that colours and opacities follow, lest they answer to each of their tremors. Places do not
follow it: lips that tremble would be learnt blurred."""
_AVERAGED = 0.99
"""Share of the old in the running average of the parameters, at each step."""
_AVERAGE_EVERY = 4
_BATCH = 4
_PASSES = 12
"""How often each frame is learnt from …"""
_STEPS = 800, 4500
"""… within these bounds."""
_GREY = np.full(3, 0.5, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how much.

    Args:
        gaussians: of the face layer.
        steps: in all; the rates fall towards the last.
        batch: frames a step.
        look_again: shares of the steps after which the heads' places are found anew; after the first, expressions are read from the pictures, too.
        seed: of everything random.
    """

    gaussians: int = 6000
    steps: int = 2400
    batch: int = _BATCH
    look_again: tuple[float, ...] = (0.05, 0.2)
    seed: int = 0

    @classmethod
    def of(cls, frames: int) -> Plan:
        """For so many frames to learn from."""
        return cls(steps=int(np.clip(_PASSES * frames / _BATCH, *_STEPS)))

    def looks(self) -> list[int]:
        """After which steps the heads' places are found anew."""
        return [round(share * self.steps) for share in self.look_again]


class Trainer:
    """One training.

    Args:
        region: of the person.
        seeds: what it begins with; changed in place.
        footage: to learn from.
        expression: (N, K) of all frames of the dataset.
        poses: of all frames; changed where heads are found more exactly.
        plan: see there.
        pixels: of a whole frame.
        threads: how many share the work; the result does not depend on it.
        raster: that draws and differentiates.
    """

    def __init__(
        self,
        region: Region,
        seeds: Seeds,
        footage: Footage,
        expression: Floats,
        poses: Poses,
        plan: Plan,
        pixels: int,
        threads: int = 1,
        raster: Rasterizer = PROCESSOR,
    ) -> None:
        self.region, self.footage, self.poses, self.plan = region, footage, poses, plan
        self.expressions = Expressions(expression)
        self.model, self.average = seeds.model, seeds.model.copy()
        self.step = 0
        self._pixels = pixels
        self._raster = raster
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="gaussian")
        count, channels, columns = self.model.linear.shape
        self._free = np.repeat((seeds.freedom > 0).astype(np.float32).reshape(-1, 1), columns, axis=1)
        self._free[:, 0] = 1
        rates, answers = np.tile(_RATES, count), np.tile(_RATES * _ANSWERS, count)
        self._linear = Adam((count * channels, columns), rates, np.ones(columns, np.float32), answers)
        self._shape = Adam((count, SHAPE), np.ones(count, np.float32), _SHAPE_RATES)

    def advance(self) -> float:
        """Takes one step; gives its loss."""
        random = np.random.default_rng((self.plan.seed, self.step))
        chosen = self._frames(self.step)
        numbers = self.footage.numbers[chosen]
        coefficients = self.expressions.values[numbers]
        noise = random.standard_normal(coefficients.shape, np.float32)
        looks = (coefficients + _NOISE * noise).astype(np.float32)
        # What is behind changes from step to step, so that the face learns to let nothing through.
        behind = random.random((len(chosen), 3), np.float32)
        compared = list(self._pool.map(self.compared, chosen, coefficients, behind, looks))
        rate = self._rate()
        if self.step >= self.plan.looks()[0]:
            slopes = np.stack([self.model.expression_gradient(one.values) for one in compared])
            visits = self.step * self.plan.batch // len(self.footage.numbers)
            self.expressions.move(numbers, slopes, visits, rate * _EXPRESSION_RATE)
        self._move(compared, coefficients, looks, rate)
        self.step += 1
        if self.step % _AVERAGE_EVERY == 0:
            self._remember()
        return float(np.mean([one.loss for one in compared]))

    def compared(
        self, index: int | np.int64, coefficients: Floats, behind: Floats, looks: Floats | None = None
    ) -> Comparison:
        """A frame of the footage with an expression (K,), before a colour (3,); `looks`: see `compare`."""
        pose, real = self.footage.pose(int(index), self.poses), self.footage.real(int(index))
        return compare(self.model, self.region, coefficients, pose, real, behind, looks, self._raster)

    def _move(self, compared: list[Comparison], coefficients: Floats, looks: Floats, rate: float) -> None:
        model, share = self.model, np.float32(1 / len(compared))
        d_values = np.stack([one.values for one in compared], axis=2) * share  # (N, 7, B)
        d_linear = d_values @ with_one(looks)
        d_linear[:, :PLACE] = d_values[:, :PLACE] @ with_one(coefficients)
        flat = (d_linear.reshape(self._free.shape) * self._free).astype(np.float32, copy=False)
        self._linear.step(model.linear.reshape(flat.shape), flat, self.step, rate)
        d_shape = np.sum([one.shape for one in compared], axis=0) * share
        shape = np.concatenate([model.log_scale, model.quaternion, model.torso[:, None]], axis=1)
        self._shape.step(shape, d_shape, self.step, rate)
        model.log_scale[:], model.quaternion[:], model.torso[:] = shape[:, :3], shape[:, 3:7], shape[:, 7]

    def _frames(self, step: int) -> NDArray[np.int64]:
        """Which frames a step learns from: all once before any comes again."""
        count = len(self.footage.numbers)
        batch = min(self.plan.batch, count)
        turn, place = divmod(step, count // batch)
        order = np.random.default_rng((self.plan.seed, 7, turn)).permutation(count)
        return order[place * batch : (place + 1) * batch]

    def _rate(self) -> float:
        done = self.step / self.plan.steps
        return _LAST_RATE + (1 - _LAST_RATE) * 0.5 * (1 + np.cos(np.pi * min(1.0, done)))

    def _remember(self) -> None:
        keep = np.float32(min(_AVERAGED**_AVERAGE_EVERY, self.step / (self.step + 10 * _AVERAGE_EVERY)))
        for name, new in self.model.learnt().items():
            old = self.average.learnt()[name]
            old *= keep
            old += (1 - keep) * new

    def find_heads(self, footage: Footage, rounds: int = 2) -> None:
        """Finds more exactly where the heads are in some frames, with the averaged model."""

        def find(index: int) -> None:
            self._find_head(int(footage.numbers[index]), footage.real(index), footage.origins[index], rounds)

        list(self._pool.map(find, range(len(footage.numbers))))

    def find_head(self, number: int, image: Image, windows: Windows) -> None:
        """The same for one whole frame, uint8 RGB."""
        x, y = windows.origin(self.poses[number])
        width, height = windows.size
        real = image[y : y + height, x : x + width] * np.float32(1 / 255)
        self._find_head(number, real, np.array([x, y]), 2)

    def _find_head(self, number: int, real: Floats, origin: NDArray[np.int64], rounds: int) -> None:
        coefficients, pose = self.expressions.values[number], self.poses[number].at(origin)
        found = find_head(self.average, self.region, coefficients, pose, real, rounds, self._raster)
        self.poses[number] = found.at(-origin)

    def read_faces(self, footage: Footage) -> None:
        """Reads the expressions of frames that are not learnt from, with the averaged model."""

        def read(index: int) -> None:
            number = footage.numbers[index]
            pose, real = footage.pose(index, self.poses), footage.real(index)
            for step in range(_READ_STEPS):
                coefficients = self.expressions.values[number]
                compared = compare(self.average, self.region, coefficients, pose, real, _GREY, raster=self._raster)
                slope = self.average.expression_gradient(compared.values)[None]
                self.expressions.move(number[None], slope, step, _READ_RATE * (1 - step / _READ_STEPS))

        list(self._pool.map(read, range(len(footage.numbers))))

    def picture(self, footage: Footage, index: int) -> Floats:
        """A frame of the footage with the drawn face in it, 0 … 1, by the averaged model."""
        real, pose = footage.real(index), footage.pose(index, self.poses)
        size = real.shape[1], real.shape[0]
        share = mask(self.region.outline, pose, size)[..., None]
        values = self.average.values(self.expressions.values[footage.numbers[index]])
        image, clear, _ = self._raster.render(self.average.splats(values, pose)[0], size)
        drawn = np.clip(image + clear[..., None] * real, 0, 1)
        return (real + share * (drawn - real)).astype(np.float32)

    def score(self, footage: Footage, index: int) -> float:
        """How near the drawn frame is to the real one: dB, all over the frame, of which only the face is drawn."""
        error = np.square(self.picture(footage, index) - footage.real(index)).sum() / self._pixels / 3
        return float(-10 * np.log10(max(error, 1e-10)))

    def state(self) -> dict[str, NDArray[Any]]:
        """All that `restore` needs to go on from here as if nothing had happened."""
        return {name: values.copy() for name, values in self._parts().items()} | {"step": np.array(self.step)}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Raises:
        InputError: it is the state of another training.
        """
        parts = self._parts()
        told = {name: values.shape for name, values in state.items() if name != "step"}
        if told != {name: values.shape for name, values in parts.items()}:
            raise InputError(
                "The checkpoint is of another training.", hint="Train without resuming, in an empty folder."
            )
        for name, values in parts.items():
            values[:] = state[name]
        self.step = int(state["step"])

    def _parts(self) -> dict[str, Floats]:
        moments = {"linear": self._linear, "shape": self._shape, "expression": self.expressions}
        return {
            **{f"model_{name}": values for name, values in self.model.learnt().items()},
            **{f"average_{name}": values for name, values in self.average.learnt().items()},
            **{f"{name}_first": moment.first for name, moment in moments.items()},
            **{f"{name}_second": moment.second for name, moment in moments.items()},
            **{f"pose_{name}": values for name, values in self.poses.arrays().items()},
            "expression": self.expressions.values,
        }
