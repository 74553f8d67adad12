"""What a clip avatar knows: its film, and the person's real mouths. How it is put into a package and read again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.avatars import AvatarPackage, Film, Frames
from mien.engines.clip.patch import FloatArray, Patch, Pose
from mien.engines.clip.render import Example, Place, tones
from mien.errors import MediaError, PackageError
from mien.face.topology import ATTENTION_LIPS
from mien.media import VideoReader
from mien.motion.calibration import Calibration

PERSON, PLACES, EXAMPLES, TILES, CALIBRATION = "person", "places", "examples", "examples.mp4", "calibration.json"
"""Names of the files in the package: arrays, but for the last two."""

STEPS_PER_PIXEL = 32
"""Vertices are kept as whole numbers of this fraction."""

_DEGREE_IOD = 0.002
"""A degree that the head is turned differently counts like lips that are so far off."""
_OPENING = 1.0
"""Weight of what two mouths differ by in the opening of their lips: teeth must not be squeezed into a slit, nor shut lips torn open."""
_FURTHEST_PX = 16_384

_UPPER, _LOWER = (82, 13, 312), (87, 14, 317)
"""Landmarks on the inner edges of the lips that lie upon each other."""
_SHUT_PERCENTILE, _OPEN_PERCENTILE = 2.0, 75.0
"""Of the openings that were seen: lips are together, and surely apart."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Avatar:
    """A clip avatar, ready to be drawn; sessions share it.

    Args:
        film: behind the mouth.
        places: the head in each of its frames.
        patch: the person's lower face.
        examples: M real mouths.
        mouths: float32 (M, K), their coefficients.
        turns: float32 (M, 2), of their heads: yaw and pitch, degrees.
        successors: int32 (M,), the number of each one's next frame; its own if that is not there.
        calibration: from sound to coefficients.
        lips: how lips come together.
    """

    film: Frames
    places: list[Place]
    patch: Patch
    examples: list[Example]
    mouths: FloatArray
    turns: FloatArray
    successors: NDArray[np.int32]
    calibration: Calibration
    lips: Lips


@dataclass(frozen=True, slots=True, eq=False)
class Lips:
    """The opening between the lips as a linear function of the coefficients.

    Args:
        rest: of the mean face, IOD.
        slope: float32 (K,), per coefficient.
        shut: the least opening that lips have, IOD.
        open: from this opening on no closure is believed, IOD.
        metric: float32 (K, K), `coefficients @ metric` are points whose distances are those of the lips, root mean square, IOD.
    """

    rest: float
    slope: FloatArray
    shut: float
    open: float
    metric: FloatArray

    @classmethod
    def of(cls, mean: FloatArray, basis: FloatArray, mouths: FloatArray) -> Lips:
        """From a person's space and the mouths that were seen, (M, K)."""
        rest = float((mean[list(_LOWER), 1] - mean[list(_UPPER), 1]).mean())
        slope = (basis[:, list(_LOWER), 1] - basis[:, list(_UPPER), 1]).mean(axis=1)
        flat = basis[:, ATTENTION_LIPS].reshape(len(basis), -1).astype(np.float64)
        metric = np.linalg.cholesky(flat @ flat.T / len(ATTENTION_LIPS) + 1e-9 * np.eye(len(basis)))
        shut, apart = np.percentile(rest + mouths @ slope, [_SHUT_PERCENTILE, _OPEN_PERCENTILE]).tolist()
        return cls(rest, slope.astype(np.float32), shut, apart, metric.astype(np.float32))

    def points(self, mouths: FloatArray, turns: FloatArray) -> FloatArray:
        """Mouths (M, K) with their heads' turns (M, 2) as points for `Choice`, (M, K + 3)."""
        opening = (mouths @ self.slope)[:, None] * _OPENING
        return np.concatenate([mouths @ self.metric, opening, turns * _DEGREE_IOD], axis=1, dtype=np.float32)

    def closed(self, mouth: FloatArray, closure: float) -> FloatArray:
        """A mouth (K,) whose lips are together as far as `closure`, 0 … 1, says, and never overlap: with the least change of the rest.

        Sound is often taken for p b m where there is none. The wider a mouth shall be open, the less that is believed: half as wide as `open`
        it is shut down to a quarter of that, from there on not at all.
        """
        opening = self.rest + float(mouth @ self.slope) - self.shut
        believed = closure * max(0.0, 1.0 - opening / max(self.open - self.shut, 1e-6))
        change = -opening * (believed if opening > 0 else 1.0)
        return (mouth + change / float(self.slope @ self.slope) * self.slope).astype(np.float32)


def turns_of(poses: FloatArray) -> FloatArray:
    """Yaw and pitch (N, 2), degrees, of `Pose.turn`s (N, 2, 3)."""
    scale = np.linalg.norm(poses, axis=-1)
    return np.degrees(np.arcsin(np.clip(poses[:, :, 2] / scale, -1, 1))).astype(np.float32)


def load(package: AvatarPackage) -> Avatar:
    """What `train` stored.

    Raises:
        PackageError: something is missing, or does not fit: the drawing loops trust what this gives them.
    """
    read = _Reader(package)
    person = read.arrays(PERSON, mean=(478, 3), basis=(-1, 478, 3))
    mean, basis = person["mean"], person["basis"]
    count = len(basis)
    try:
        patch = Patch.of(mean, basis)
        calibration = Calibration.from_json(package.read(CALIBRATION).decode())
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise read.problem("its person cannot be one") from error
    if len(calibration.measures) != count:
        raise read.problem("its calibration is another person's")
    film = Film.open(package)
    size = len(patch.mean)
    seen = read.arrays(
        PLACES, turn=(len(film), 2, 3), shift=(len(film), 2), mouth=(len(film), count), vertices=(len(film), size, 2)
    )
    known = read.arrays(EXAMPLES, mouth=(-1, count), turn=(-1, 2, 3), vertices=(-1, size, 2), successor=(-1,))
    examples = list(read.examples(known["vertices"]))
    if len({len(values) for values in known.values()} | {len(examples)}) != 1 or not examples:
        raise read.problem("its library has gaps")
    successors = known["successor"].astype(np.int32)
    if successors.min() < 0 or successors.max() >= len(examples):
        raise read.problem("its library has gaps")
    return Avatar(
        film=film,
        places=[
            Place(Pose(turn, shift), mouth, vertices)
            for turn, shift, mouth, vertices in zip(
                seen["turn"], seen["shift"], seen["mouth"], seen["vertices"], strict=True
            )
        ],
        patch=patch,
        examples=examples,
        mouths=known["mouth"],
        turns=turns_of(known["turn"]),
        successors=successors,
        calibration=calibration,
        lips=Lips.of(mean, basis, known["mouth"]),
    )


class _Reader:
    """Reads arrays as if a stranger had made them."""

    def __init__(self, package: AvatarPackage) -> None:
        self._package = package

    def arrays(self, name: str, **shapes: tuple[int, ...]) -> dict[str, FloatArray]:
        """Float32 arrays of these shapes, -1 for any length; vertices in pixels."""
        arrays = self._package.arrays(name)
        result: dict[str, FloatArray] = {}
        for key, shape in shapes.items():
            values = arrays.get(key, np.zeros(0))
            fits = values.ndim == len(shape) and values.dtype.kind in "fi"
            if not fits or any(want not in (-1, have) for want, have in zip(shape, values.shape, strict=True)):
                raise self.problem(f"{key} of {name} does not fit")
            wide = values.astype(np.float32) / (STEPS_PER_PIXEL if key == "vertices" else 1)
            if not np.isfinite(wide).all() or np.abs(wide).max(initial=0) > _FURTHEST_PX:
                raise self.problem(f"{key} of {name} has values that cannot be")
            result[key] = np.ascontiguousarray(wide, np.float32)
        return result

    def examples(self, vertices: FloatArray) -> Iterator[Example]:
        try:
            with VideoReader(self._package.read(TILES)) as reader:
                for image, places in zip(reader, vertices, strict=False):
                    yield Example(image, places, tones(image, places))
        except MediaError as error:
            raise self.problem(error.message) from error

    def problem(self, why: str) -> PackageError:
        return PackageError(
            f"The avatar {self._package.manifest.name!r} ({self._package.where}) is no clip avatar: {why}.",
            hint="Get it again, or train it anew from its video.",
        )
