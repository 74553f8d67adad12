"""A trained face layer in an avatar's package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.avatars import AvatarPackage, PackageBuilder
from mien.engines.gaussian.model import CHANNELS, FaceModel
from mien.engines.gaussian.poses import Poses
from mien.errors import PackageError
from mien.motion.calibration import Calibration

Floats = NDArray[np.float32]

_ARRAYS, _CALIBRATION = "face", "calibration.json"


@dataclass(frozen=True, slots=True, eq=False)
class FaceData:
    """All that is drawn over the film.

    Args:
        model: see there.
        outline: (P, 3), person space, of the mask.
        poses: of the frames of the film.
        limits: (2, K), smallest and largest coefficients that are drawn.
        calibration: from the sound's track to the model's coefficients.
    """

    model: FaceModel
    outline: Floats
    poses: Poses
    limits: Floats
    calibration: Calibration

    def save(self, package: PackageBuilder) -> None:
        """Adds it to a package; what follows the expression is kept with 11 bits of precision."""
        model = self.model
        package.add_arrays(
            _ARRAYS,
            {
                "rest": model.linear[:, :, 0],
                "answer": model.linear[:, :, 1:].astype(np.float16),
                "log_scale": model.log_scale.astype(np.float16),
                "quaternion": model.quaternion.astype(np.float16),
                "neck": model.torso,
                "outline": self.outline,
                "limits": self.limits,
                **self.poses.arrays(),
            },
        )
        package.add_bytes(_CALIBRATION, self.calibration.to_json().encode())

    @classmethod
    def load(cls, package: AvatarPackage) -> FaceData:
        """Raises:
        PackageError: it is missing, or not what an avatar can be.
        """
        arrays = package.arrays(_ARRAYS)
        calibration = Calibration.from_json(package.read(_CALIBRATION).decode())
        _check(arrays, len(calibration.measures), package)
        rest, answer = arrays["rest"], arrays["answer"].astype(np.float32)
        model = FaceModel(
            np.ascontiguousarray(np.concatenate([rest[..., None], answer], axis=2)),
            arrays["log_scale"].astype(np.float32),
            arrays["quaternion"].astype(np.float32),
            arrays["neck"],
        )
        poses = Poses(arrays["rotation"], arrays["scale"], arrays["shift"], arrays["torso"])
        return cls(model, arrays["outline"], poses, arrays["limits"], calibration)

    def check_film(self, frames: int, name: str) -> None:
        """Raises:
        PackageError: the film has another number of frames than there are poses.
        """
        if frames != len(self.poses.scale):
            raise _unusable(name, "poses")


def _check(arrays: dict[str, NDArray[Any]], coefficients: int, package: AvatarPackage) -> None:
    count, corners, frames = (len(arrays.get(name, ())) for name in ("rest", "outline", "scale"))
    shapes = {
        "rest": (count, CHANNELS),
        "answer": (count, CHANNELS, coefficients),
        "log_scale": (count, 3),
        "quaternion": (count, 4),
        "neck": (count,),
        "outline": (corners, 3),
        "limits": (2, coefficients),
        "rotation": (frames, 3, 3),
        "scale": (frames,),
        "shift": (frames, 2),
        "torso": (frames, 2),
    }
    for name, shape in shapes.items():
        array = arrays.get(name)
        kind = np.float16 if name in ("answer", "log_scale", "quaternion") else np.float32
        whole = array is not None and array.shape == shape and array.dtype == kind and np.isfinite(array).all()
        if not whole or not min(shape):
            raise _unusable(package.manifest.name, name)


def _unusable(avatar: str, what: str) -> PackageError:
    return PackageError(
        f"The avatar {avatar!r} has no usable {what!r} of its face.", hint="Train the avatar anew from its video."
    )
