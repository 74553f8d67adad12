"""Gaussians of person space seen in a picture: weak perspective, and its gradients.

Convention: a point X of person space is seen at `scale · (rotation @ X)[:2] + shift`, as in `mien.training.Person`; the third coordinate of
`rotation @ X` is its depth. A Gaussian's covariance is Q diag(exp(2 log_scale)) Qᵀ, Q the rotation of its quaternion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]

BLUR = 0.3
"""px², added to what is seen of every covariance: a splat smaller than a pixel would be missed by all pixel centres."""


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """What `project` gives: mean (N, 2), conic (N, 3), depth (N,) as in `Splats2D`, and what it was made from."""

    mean: Floats
    conic: Floats
    depth: Floats
    position: Floats
    log_scale: Floats
    quaternion: Floats
    rotation: Floats
    scale: float


class ProjectionGradients(NamedTuple):
    """What the loss changes by with each argument of `project`, in its shapes; float32, the pose's summed in float64.

    Those of rotation are of its nine numbers as if they were free; the third row's are 0: depth has no gradient.
    """

    position: Floats
    log_scale: Floats
    quaternion: Floats
    rotation: Floats
    scale: float
    shift: Floats


def project(
    position: Floats, log_scale: Floats, quaternion: Floats, rotation: Floats, scale: float, shift: Floats
) -> Projection:
    """Where and how N Gaussians are seen.

    Args:
        position: float32 (N, 3), person space.
        log_scale: float32 (N, 3), natural logarithm of the standard deviations along the Gaussian's own axes, in units of person space.
        quaternion: float32 (N, 4), w x y z, of any length but 0.
        rotation: float32 (3, 3), person space to picture axes (x right, y down, z away from the viewer).
        scale: pixels per unit of person space.
        shift: float32 (2,) pixels.

    All arrays are C-contiguous.
    """
    scale = float(scale)
    mean, conic, depth = _project(position, log_scale, quaternion, rotation, scale, shift)
    return Projection(mean, conic, depth, position, log_scale, quaternion, rotation, scale)


def projection_gradients(projection: Projection, d_mean: Floats, d_conic: Floats) -> ProjectionGradients:
    """How a loss changes with the Gaussians and the pose, from `SplatGradients.mean` (N, 2) and `.conic` (N, 3)."""
    p = projection
    position, log_scale, quaternion, rotation, scale, shift = _back(
        p.position, p.log_scale, p.quaternion, p.rotation, p.scale, p.conic, d_mean, d_conic
    )
    return ProjectionGradients(
        position, log_scale, quaternion, rotation.astype(np.float32), float(scale), shift.astype(np.float32)
    )


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _axes(quaternion, length):  # noqa: ANN001
    """The rotation (3 × 3) of a quaternion of this length, row by row."""
    w, x, y, z = quaternion[0] / length, quaternion[1] / length, quaternion[2] / length, quaternion[3] / length
    return (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _project(
    position: Floats, log_scale: Floats, quaternion: Floats, rotation: Floats, scale: float, shift: Floats
) -> tuple[Floats, Floats, Floats]:
    count = len(position)
    mean, conic, depth = np.empty((count, 2), np.float32), np.empty((count, 3), np.float32), np.empty(count, np.float32)
    for n in range(count):
        for axis in range(2):
            at = 0.0
            for k in range(3):
                at += rotation[axis, k] * position[n, k]
            mean[n, axis] = scale * at + shift[axis]
        depth[n] = rotation[2, 0] * position[n, 0] + rotation[2, 1] * position[n, 1] + rotation[2, 2] * position[n, 2]
        own = _axes(quaternion[n], np.sqrt((quaternion[n] * quaternion[n]).sum()))
        xx, xy, yy = BLUR, 0.0, BLUR
        for k in range(3):
            spread = scale * np.exp(log_scale[n, k])
            u = spread * (rotation[0, 0] * own[0][k] + rotation[0, 1] * own[1][k] + rotation[0, 2] * own[2][k])
            v = spread * (rotation[1, 0] * own[0][k] + rotation[1, 1] * own[1][k] + rotation[1, 2] * own[2][k])
            xx += u * u
            xy += u * v
            yy += v * v
        inverse = 1 / (xx * yy - xy * xy)
        conic[n, 0], conic[n, 1], conic[n, 2] = yy * inverse, -xy * inverse, xx * inverse
    return mean, conic, depth


@njit(cache=True, nogil=True, error_model="numpy")
def _back(
    position: Floats, log_scale: Floats, quaternion: Floats, rotation: Floats, scale: float,
    conic: Floats, d_mean: Floats, d_conic: Floats,
) -> tuple[Floats, Floats, Floats, NDArray[np.float64], float, NDArray[np.float64]]:  # fmt: skip
    count = len(position)
    d_position, d_log_scale = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
    d_quaternion = np.empty((count, 4), np.float32)
    d_rotation, d_shift = np.zeros((3, 3)), np.zeros(2)
    d_scale = 0.0
    d_own = np.empty((3, 3))
    for n in range(count):
        gx, gy = np.float64(d_mean[n, 0]), np.float64(d_mean[n, 1])
        d_shift[0] += gx
        d_shift[1] += gy
        for k in range(3):
            d_position[n, k] = scale * (rotation[0, k] * gx + rotation[1, k] * gy)
            d_rotation[0, k] += scale * gx * position[n, k]
            d_rotation[1, k] += scale * gy * position[n, k]
            d_scale += (rotation[0, k] * gx + rotation[1, k] * gy) * position[n, k]

        # With P the conic as a matrix and G its gradient, the covariance's is H = -P G P.
        a, b, c = np.float64(conic[n, 0]), np.float64(conic[n, 1]), np.float64(conic[n, 2])
        g, h, i = np.float64(d_conic[n, 0]), np.float64(d_conic[n, 1]) / 2, np.float64(d_conic[n, 2])
        xx = -(a * a * g + 2 * a * b * h + b * b * i)
        xy = -(a * b * g + (a * c + b * b) * h + b * c * i)
        yy = -(b * b * g + 2 * b * c * h + c * c * i)

        length = np.sqrt((quaternion[n] * quaternion[n]).sum())
        own = _axes(quaternion[n], length)
        for k in range(3):
            # The covariance is the sum of m mᵀ over the three axes as they are seen, m = s · (u, v).
            s = scale * np.exp(log_scale[n, k])
            u = rotation[0, 0] * own[0][k] + rotation[0, 1] * own[1][k] + rotation[0, 2] * own[2][k]
            v = rotation[1, 0] * own[0][k] + rotation[1, 1] * own[1][k] + rotation[1, 2] * own[2][k]
            d_u, d_v = 2 * s * s * (xx * u + xy * v), 2 * s * s * (xy * u + yy * v)
            along = d_u * u + d_v * v
            d_log_scale[n, k] = along
            d_scale += along / scale
            for j in range(3):
                d_own[j, k] = rotation[0, j] * d_u + rotation[1, j] * d_v
                d_rotation[0, j] += d_u * own[j][k]
                d_rotation[1, j] += d_v * own[j][k]

        w, x = quaternion[n, 0] / length, quaternion[n, 1] / length
        y, z = quaternion[n, 2] / length, quaternion[n, 3] / length
        d_w = 2 * (x * (d_own[2, 1] - d_own[1, 2]) + y * (d_own[0, 2] - d_own[2, 0]) + z * (d_own[1, 0] - d_own[0, 1]))
        d_x = 2 * (
            w * (d_own[2, 1] - d_own[1, 2]) + y * (d_own[0, 1] + d_own[1, 0]) + z * (d_own[0, 2] + d_own[2, 0])
        ) - 4 * x * (d_own[1, 1] + d_own[2, 2])
        d_y = 2 * (
            w * (d_own[0, 2] - d_own[2, 0]) + x * (d_own[0, 1] + d_own[1, 0]) + z * (d_own[1, 2] + d_own[2, 1])
        ) - 4 * y * (d_own[0, 0] + d_own[2, 2])
        d_z = 2 * (
            w * (d_own[1, 0] - d_own[0, 1]) + x * (d_own[0, 2] + d_own[2, 0]) + y * (d_own[1, 2] + d_own[2, 1])
        ) - 4 * z * (d_own[0, 0] + d_own[1, 1])
        along = w * d_w + x * d_x + y * d_y + z * d_z  # has no effect: only the direction counts
        d_quaternion[n, 0], d_quaternion[n, 1] = (d_w - w * along) / length, (d_x - x * along) / length
        d_quaternion[n, 2], d_quaternion[n, 3] = (d_y - y * along) / length, (d_z - z * along) / length
    return d_position, d_log_scale, d_quaternion, d_rotation, d_scale, d_shift
