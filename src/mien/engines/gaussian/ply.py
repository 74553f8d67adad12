"""Gaussians as a .ply file in the layout of the official 3D Gaussian Splatting code, which viewers and editors of splats read.

Binary little endian, one element `vertex` of float32: x y z, nx ny nz (0), f_dc_0 … 2, opacity, scale_0 … 2, rot_0 … 3. Colour is the constant of
spherical harmonics, opacity a logit, scale a logarithm, the rotation a quaternion w x y z.

Source: 3D Gaussian Splatting (Kerbl et al., 2023), as described by its supplementary code's file format.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError, OutputError

Floats = NDArray[np.float32]

HARMONIC = 0.28209479177387814
"""The spherical harmonic of degree 0, sqrt(1 / 4 pi): colour = 0.5 + HARMONIC · f_dc."""

_PROPERTIES = (
    "x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2",
    "opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3",
)  # fmt: skip
_MOST_LOGIT = 20.0  # of opacities of 0 and 1, whose logits are infinite
_LONGEST_HEADER = 65536


class Gaussians(NamedTuple):
    """N Gaussians in space; float32.

    Args:
        position: (N, 3), any unit.
        log_scale: (N, 3), natural logarithm of the standard deviations.
        quaternion: (N, 4), w x y z.
        opacity: (N,), 0 … 1.
        colour: (N, 3) RGB, 0 … 1.
    """

    position: Floats
    log_scale: Floats
    quaternion: Floats
    opacity: Floats
    colour: Floats


def write_ply(path: Path, gaussians: Gaussians) -> None:
    """Writes the file, over one that is there.

    Raises:
        OutputError: it cannot be written.
    """
    opacity = np.clip(gaussians.opacity.astype(float), 0, 1)
    with np.errstate(divide="ignore"):
        logit = np.clip(np.log(opacity) - np.log1p(-opacity), -_MOST_LOGIT, _MOST_LOGIT)
    columns = (
        gaussians.position,
        np.zeros_like(gaussians.position),
        (gaussians.colour - 0.5) / HARMONIC,
        logit[:, None],
        gaussians.log_scale,
        gaussians.quaternion,
    )
    table = np.concatenate(columns, axis=1).astype("<f4")
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(table)}"]
    header += [*(f"property float {name}" for name in _PROPERTIES), "end_header", ""]
    try:
        path.write_bytes("\n".join(header).encode("ascii") + table.tobytes())
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.", hint="Give another file.") from error


def read_ply(path: Path) -> Gaussians:
    """Reads what `write_ply` writes, and files of other programs that have its properties as float32, in any order and among others.

    Spherical harmonics of higher degrees (f_rest_…) are left out.

    Raises:
        InputError: the file cannot be read or has another layout.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", hint="Check the path.") from error
    head, mark, body = data[:_LONGEST_HEADER].partition(b"end_header\n")
    lines = head.decode("ascii", "replace").split("\n")
    elements = [line.split() for line in lines if line.startswith("element ")]
    properties = [line.split() for line in lines if line.startswith("property ")]
    layout_is_known = (
        mark
        and lines[:2] == ["ply", "format binary_little_endian 1.0"]
        and [words[:2] for words in elements] == [["element", "vertex"]]
        and len(elements[0]) == 3
        and elements[0][2].isdecimal()
        and all(len(words) == 3 and words[1] in ("float", "float32") for words in properties)
    )
    names = [words[-1] for words in properties]
    if not layout_is_known or not set(_PROPERTIES) - {"nx", "ny", "nz"} <= set(names):
        raise InputError(
            f"{path} is no file of Gaussian splats.", hint="Give a binary little-endian .ply of float properties."
        )
    body = data[len(head) + len(mark) :]
    count = int(elements[0][2])
    if len(body) < count * 4 * len(names):
        raise InputError(f"{path} ends before its {count} Gaussians do.", hint="The file is cut off: copy it again.")
    table = np.frombuffer(body, "<f4", count * len(names)).reshape(count, len(names)).astype(np.float32)

    def column(name: str) -> Floats:
        return table[:, names.index(name)]

    def columns(name: str, size: int) -> Floats:
        return np.stack([column(f"{name}_{index}") for index in range(size)], axis=1)

    return Gaussians(
        np.stack([column(axis) for axis in "xyz"], axis=1),
        columns("scale", 3),
        columns("rot", 4),
        (1 / (1 + np.exp(-column("opacity")))).astype(np.float32),
        (0.5 + HARMONIC * columns("f_dc", 3)).astype(np.float32),
    )
