"""The face layer: Gaussians in person space whose place, colour and opacity follow the expression linearly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.engines.gaussian.raster import Projection, Splats2D, project

Floats = NDArray[np.float32]

CHANNELS = 7
"""Of what is linear in the expression: x, y, z in IOD, red, green, blue, and the logit of the opacity."""
PLACE = 3
"""The first of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Where a head is in a picture, as in `mien.training.Person`.

    Args:
        rotation: (3, 3), person space to picture axes.
        scale: pixels per IOD.
        shift: (2,) pixels, where person space's origin is seen.
        torso: (2,) pixels, how far the neck has moved in the picture beside what it would as a part of the head.
    """

    rotation: Floats
    scale: float
    shift: Floats
    torso: Floats

    def at(self, origin: ArrayLike) -> Pose:
        """The same pose in a window of the picture that begins at `origin`, x and y."""
        return Pose(self.rotation, self.scale, (self.shift - np.asarray(origin)).astype(np.float32), self.torso)

    def torso_in_head(self) -> Floats:
        """(3,), the torso's movement in person space."""
        return (self.torso @ self.rotation[:2] / self.scale).astype(np.float32)


@dataclass(slots=True, eq=False)
class FaceModel:
    """N Gaussians, K expression coefficients; float32, C-contiguous.

    Args:
        linear: (N, 7, 1 + K); channels as in `CHANNELS`; column 0 is the face whose coefficients are 0, the others are added to it,
            each times its coefficient.
        log_scale: (N, 3), natural logarithm of the standard deviations in IOD.
        quaternion: (N, 4), w first, any length.
        torso: (N,), how much of the torso's movement each follows, about 0 … 1.
    """

    linear: Floats
    log_scale: Floats
    quaternion: Floats
    torso: Floats

    def learnt(self) -> dict[str, Floats]:
        """What training changes, by name; the arrays themselves."""
        return {
            "linear": self.linear,
            "log_scale": self.log_scale,
            "quaternion": self.quaternion,
            "torso": self.torso,
        }

    def copy(self) -> FaceModel:
        """One that can be changed by itself."""
        return FaceModel(**{name: values.copy() for name, values in self.learnt().items()})

    def values(self, coefficients: Floats) -> Floats:
        """(N, 7), what the channels are in one frame with the coefficients (K,)."""
        flat = self.linear.reshape(-1, self.linear.shape[2])
        return (flat @ with_one(coefficients)).reshape(-1, CHANNELS)

    def frozen(self) -> Callable[[Floats], Floats]:
        """`values` of the face as it is now, with the numbers of each coefficient side by side in memory: in half the time."""
        columns = np.ascontiguousarray(self.linear.reshape(-1, self.linear.shape[2]).T)
        return lambda coefficients: (with_one(coefficients) @ columns).reshape(-1, CHANNELS)

    def values_of(self, coefficients: Floats, looks: Floats) -> Floats:
        """The same, but colours and opacities are those of other coefficients, `looks` (K,)."""
        values = self.values(looks)
        values[:, :PLACE] = self.values(coefficients)[:, :PLACE]
        return values

    def expression_gradient(self, d_values: Floats) -> Floats:
        """(K,), a loss's gradient for the coefficients, from that for the values (N, 7)."""
        return d_values.ravel() @ self.linear.reshape(-1, self.linear.shape[2])[:, 1:]

    def splats(self, values: Floats, pose: Pose) -> tuple[Splats2D, Projection]:
        """What is drawn of one frame's values (N, 7), and what `backward` needs."""
        position, colour, opacity = _unpack(values, self.torso, pose.torso_in_head())
        projected = project(position, self.log_scale, self.quaternion, pose.rotation, pose.scale, pose.shift)
        return Splats2D(projected.mean, projected.conic, opacity, colour, projected.depth), projected


def with_one(coefficients: Floats) -> Floats:
    """(…, 1 + K): a 1 before the coefficients (…, K)."""
    return np.concatenate([np.ones((*coefficients.shape[:-1], 1)), coefficients], axis=-1, dtype=np.float32)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _unpack(values: Floats, torso: Floats, moved: Floats) -> tuple[Floats, Floats, Floats]:
    count = len(values)
    position = np.empty((count, 3), np.float32)
    colour = np.empty((count, 3), np.float32)
    opacity = np.empty(count, np.float32)
    for n in range(count):
        for axis in range(3):
            position[n, axis] = values[n, axis] + torso[n] * moved[axis]
            colour[n, axis] = values[n, 3 + axis]
        opacity[n] = np.float32(1) / (np.float32(1) + np.exp(-values[n, 6]))
    return position, colour, opacity


def pack_gradient(d_position: Floats, d_colour: Floats, d_opacity: Floats, opacity: Floats) -> Floats:
    """The gradient of one frame's values (N, 7)."""
    d_logit = d_opacity * opacity * (1 - opacity)
    return np.concatenate([d_position, d_colour, d_logit[:, None]], axis=1)
