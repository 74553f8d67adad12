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

BLUR = np.float32(0.3)
"""px², added to what is seen of every covariance: a splat smaller than a pixel would be missed by all pixel centres."""

_ZERO, _HALF, _ONE, _TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """What `project` gives: mean (N, 2), conic (N, 3), depth (N,) as in `Splats2D`, and what it was made from."""

    mean: Floats
    conic: Floats
    depth: Floats
    position: Floats
    spread: Floats
    quaternion: Floats
    rotation: Floats
    scale: np.float32


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
    spread, size = np.exp(log_scale), np.float32(scale)
    mean, conic, depth = _project(position, spread, quaternion, rotation, size, shift)
    return Projection(mean, conic, depth, position, spread, quaternion, rotation, size)


def projection_gradients(projection: Projection, d_mean: Floats, d_conic: Floats) -> ProjectionGradients:
    """How a loss changes with the Gaussians and the pose, from `SplatGradients.mean` (N, 2) and `.conic` (N, 3)."""
    p = projection
    position, log_scale, quaternion, rotation, scale, shift = _back(
        p.position, p.spread, p.quaternion, p.rotation, p.scale, p.conic, d_mean, d_conic
    )
    return ProjectionGradients(
        position, log_scale, quaternion, rotation.astype(np.float32), float(scale), shift.astype(np.float32)
    )


@njit(nogil=True, error_model="numpy", fastmath=True, inline="always")
def _axes(w, x, y, z):  # noqa: ANN001
    """The rotation (3 × 3) of a quaternion of any length, row by row, and 1 / length."""
    shrink = _ONE / np.sqrt(w * w + x * x + y * y + z * z)
    w, x, y, z = w * shrink, x * shrink, y * shrink, z * shrink
    return (
        (_ONE - _TWO * (y * y + z * z), _TWO * (x * y - w * z), _TWO * (x * z + w * y)),
        (_TWO * (x * y + w * z), _ONE - _TWO * (x * x + z * z), _TWO * (y * z - w * x)),
        (_TWO * (x * z - w * y), _TWO * (y * z + w * x), _ONE - _TWO * (x * x + y * y)),
    ), shrink


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _project(
    position: Floats, spread: Floats, quaternion: Floats, rotation: Floats, scale: np.float32, shift: Floats
) -> tuple[Floats, Floats, Floats]:
    count = len(position)
    mean, conic, depth = np.empty((count, 2), np.float32), np.empty((count, 3), np.float32), np.empty(count, np.float32)
    r = rotation
    for n in range(count):
        x, y, z = position[n, 0], position[n, 1], position[n, 2]
        mean[n, 0] = scale * (r[0, 0] * x + r[0, 1] * y + r[0, 2] * z) + shift[0]
        mean[n, 1] = scale * (r[1, 0] * x + r[1, 1] * y + r[1, 2] * z) + shift[1]
        depth[n] = r[2, 0] * x + r[2, 1] * y + r[2, 2] * z
        own, _ = _axes(quaternion[n, 0], quaternion[n, 1], quaternion[n, 2], quaternion[n, 3])
        xx, xy, yy = BLUR, _ZERO, BLUR
        for k in range(3):
            s = scale * spread[n, k]
            u = s * (r[0, 0] * own[0][k] + r[0, 1] * own[1][k] + r[0, 2] * own[2][k])
            v = s * (r[1, 0] * own[0][k] + r[1, 1] * own[1][k] + r[1, 2] * own[2][k])
            xx += u * u
            xy += u * v
            yy += v * v
        # Of long, thin Gaussians the products are nearly equal.
        inverse = np.float32(1 / (np.float64(xx) * yy - np.float64(xy) * xy))
        conic[n, 0], conic[n, 1], conic[n, 2] = yy * inverse, -xy * inverse, xx * inverse
    return mean, conic, depth


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def _back(
    position: Floats, spread: Floats, quaternion: Floats, rotation: Floats, scale: np.float32,
    conic: Floats, d_mean: Floats, d_conic: Floats,
) -> tuple[Floats, Floats, Floats, NDArray[np.float64], float, NDArray[np.float64]]:  # fmt: skip
    count = len(position)
    d_position, d_log_scale = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
    d_quaternion = np.empty((count, 4), np.float32)
    d_rotation, d_shift = np.zeros((3, 3)), np.zeros(2)
    d_scale = 0.0
    d_own = np.empty((3, 3), np.float32)
    for n in range(count):
        gx, gy = d_mean[n, 0], d_mean[n, 1]
        d_shift[0] += gx
        d_shift[1] += gy
        for k in range(3):
            d_position[n, k] = scale * (rotation[0, k] * gx + rotation[1, k] * gy)
            d_rotation[0, k] += scale * gx * position[n, k]
            d_rotation[1, k] += scale * gy * position[n, k]
            d_scale += (rotation[0, k] * gx + rotation[1, k] * gy) * position[n, k]

        # With P the conic as a matrix and G its gradient, the covariance's is H = -P G P.
        a, b, c = conic[n, 0], conic[n, 1], conic[n, 2]
        g, h, i = d_conic[n, 0], d_conic[n, 1] * _HALF, d_conic[n, 2]
        xx = -(a * a * g + _TWO * a * b * h + b * b * i)
        xy = -(a * b * g + (a * c + b * b) * h + b * c * i)
        yy = -(b * b * g + _TWO * b * c * h + c * c * i)

        w, x, y, z = quaternion[n, 0], quaternion[n, 1], quaternion[n, 2], quaternion[n, 3]
        own, shrink = _axes(w, x, y, z)
        for k in range(3):
            # The covariance is the sum of m mᵀ over the three axes as they are seen, m = s · (u, v).
            s = scale * spread[n, k]
            u = rotation[0, 0] * own[0][k] + rotation[0, 1] * own[1][k] + rotation[0, 2] * own[2][k]
            v = rotation[1, 0] * own[0][k] + rotation[1, 1] * own[1][k] + rotation[1, 2] * own[2][k]
            d_u, d_v = _TWO * s * s * (xx * u + xy * v), _TWO * s * s * (xy * u + yy * v)
            along = d_u * u + d_v * v
            d_log_scale[n, k] = along
            d_scale += along / scale
            for j in range(3):
                d_own[j, k] = rotation[0, j] * d_u + rotation[1, j] * d_v
                d_rotation[0, j] += d_u * own[j][k]
                d_rotation[1, j] += d_v * own[j][k]

        w, x, y, z = w * shrink, x * shrink, y * shrink, z * shrink
        odd_x, odd_y, odd_z = d_own[2, 1] - d_own[1, 2], d_own[0, 2] - d_own[2, 0], d_own[1, 0] - d_own[0, 1]
        even_xy, even_xz, even_yz = d_own[0, 1] + d_own[1, 0], d_own[0, 2] + d_own[2, 0], d_own[1, 2] + d_own[2, 1]
        d_w = _TWO * (x * odd_x + y * odd_y + z * odd_z)
        d_x = _TWO * (w * odd_x + y * even_xy + z * even_xz - _TWO * x * (d_own[1, 1] + d_own[2, 2]))
        d_y = _TWO * (w * odd_y + x * even_xy + z * even_yz - _TWO * y * (d_own[0, 0] + d_own[2, 2]))
        d_z = _TWO * (w * odd_z + x * even_xz + y * even_yz - _TWO * z * (d_own[0, 0] + d_own[1, 1]))
        along = w * d_w + x * d_x + y * d_y + z * d_z  # has no effect: only the direction counts
        d_quaternion[n, 0], d_quaternion[n, 1] = (d_w - w * along) * shrink, (d_x - x * along) * shrink
        d_quaternion[n, 2], d_quaternion[n, 3] = (d_y - y * along) * shrink, (d_z - z * along) * shrink
    return d_position, d_log_scale, d_quaternion, d_rotation, d_scale, d_shift
