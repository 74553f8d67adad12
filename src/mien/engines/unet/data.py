"""A learnt mouth in an avatar's package."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from mien.avatars import AvatarPackage, PackageBuilder
from mien.engines.unet.crop import SIZE, Crop
from mien.errors import PackageError, WeightsError
from mien.face.session import open_session
from mien.motion.calibration import Calibration

Floats = NDArray[np.float32]

_ARRAYS, _CALIBRATION, _NETWORK = "mouth", "calibration.json", "mouth.onnx"
_SQUARED = 3
"""Coefficients of which the products count, too."""
_FARTHEST = 2.5
"""Heads are told to the network up to this, in standard deviations of those that were learnt from."""
_BEYOND = 1.1
"""Coefficients are drawn up to this, by the largest that were learnt."""
_LARGEST = 16 << 20
"""Bytes of a network."""

HEAD = 6


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Where the head is in each of N frames; see `mien.training.Person`.

    Args:
        rotation: (N, 3, 3).
        scale: (N,).
        shift: (N, 2).
    """

    rotation: Floats
    scale: Floats
    shift: Floats

    def part(self, frames: slice) -> Heads:
        return Heads(self.rotation[frames], self.scale[frames], self.shift[frames])

    def of(self, frames: NDArray[np.int64]) -> Heads:
        return Heads(self.rotation[frames], self.scale[frames], self.shift[frames])

    def told(self) -> Floats:
        """(N, HEAD), in numbers of their own units."""
        turn = np.stack([self.rotation[:, 0, 2], self.rotation[:, 1, 2], self.rotation[:, 1, 0]], axis=1)
        return np.concatenate([turn, self.shift / self.scale[:, None], np.log(self.scale)[:, None]], axis=1)

    def place(self, crop: Crop, frame: int) -> Floats:
        """Of the crop in a frame."""
        return crop.place(self.rotation[frame], float(self.scale[frame]), self.shift[frame])


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """What was learnt from, and so what the network can be asked for.

    Args:
        limits: (2, K), smallest and largest coefficients that are drawn.
        heads: (2, HEAD), mean and standard deviation of the heads, as `Heads.told`.
    """

    limits: Floats
    heads: Floats

    @classmethod
    def of(cls, expression: Floats, heads: Heads) -> Scope:
        """Args:
        expression: (n, K), coefficients that are learnt from.
        heads: of the same frames.
        """
        told = heads.told()
        limits = np.float32(_BEYOND) * np.stack([expression.min(axis=0), expression.max(axis=0)])
        return cls(limits, np.stack([told.mean(axis=0), told.std(axis=0) + 1e-4]).astype(np.float32))

    def features(self, expression: Floats, told: Floats) -> Floats:
        """What the network is told: float32 (n, K + HEAD + products).

        Args:
            expression: (n, K).
            told: (n, HEAD), of the heads.
        """
        mouth = np.clip(expression, self.limits[0], self.limits[1])
        head = np.clip((told - self.heads[0]) / self.heads[1], -_FARTHEST, _FARTHEST)
        first, second = np.triu_indices(_SQUARED)
        return np.concatenate([mouth, head, mouth[:, first] * mouth[:, second]], axis=1, dtype=np.float32)

    @staticmethod
    def count(coefficients: int) -> int:
        """Of the features."""
        return coefficients + HEAD + _SQUARED * (_SQUARED + 1) // 2


@dataclass(frozen=True, slots=True, eq=False)
class MouthData:
    """All that is drawn into the film.

    Args:
        network: the ONNX file.
        crop: see there.
        scope: see there.
        heads: in the frames of the film.
        calibration: from the sound's track to the coefficients.
    """

    network: bytes
    crop: Crop
    scope: Scope
    heads: Heads
    calibration: Calibration

    def save(self, package: PackageBuilder) -> None:
        """Adds it to a package."""
        package.add_arrays(
            _ARRAYS,
            {
                "corner": self.crop.corner,
                "side": np.array([self.crop.side], np.float32),
                "drawn": self.crop.drawn,
                "limits": self.scope.limits,
                "usual": self.scope.heads,
                "rotation": self.heads.rotation,
                "scale": self.heads.scale,
                "shift": self.heads.shift,
            },
        )
        package.add_bytes(_NETWORK, self.network)
        package.add_bytes(_CALIBRATION, self.calibration.to_json().encode())

    @classmethod
    def load(cls, package: AvatarPackage) -> MouthData:
        """Raises:
        PackageError: it is missing, or not what an avatar can be.
        """
        arrays = package.arrays(_ARRAYS)
        calibration = Calibration.from_json(package.read(_CALIBRATION).decode())
        frames, coefficients = len(arrays.get("scale", ())), len(calibration.measures)
        shapes = {
            "corner": (3,),
            "side": (1,),
            "drawn": (SIZE, SIZE),
            "limits": (2, coefficients),
            "usual": (2, HEAD),
            "rotation": (frames, 3, 3),
            "scale": (frames,),
            "shift": (frames, 2),
        }
        for name, shape in shapes.items():
            array = arrays.get(name)
            if array is None or array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
                raise _unusable(package.manifest.name, name)
        if not (frames and arrays["side"][0] > 0 and (arrays["scale"] > 0).all()):
            raise _unusable(package.manifest.name, "scale")
        network = package.read(_NETWORK)
        _check_network(network, coefficients, package.manifest.name)
        return cls(
            network,
            Crop(arrays["corner"], float(arrays["side"][0]), arrays["drawn"]),
            Scope(arrays["limits"], arrays["usual"]),
            Heads(arrays["rotation"], arrays["scale"], arrays["shift"]),
            calibration,
        )

    def check_film(self, frames: int, name: str) -> None:
        """Raises:
        PackageError: the film has another number of frames than there are heads.
        """
        if frames != len(self.heads.scale):
            raise _unusable(name, "scale")

    def opened(self, name: str) -> InferenceSession:
        """The network, to be run on one core.

        Args:
            name: of the avatar.

        Raises:
            PackageError: it cannot be run.
        """
        try:
            return open_session(self.network, f"The network of the avatar {name!r}")
        except WeightsError as error:
            raise _unusable(name, _NETWORK) from error

    def over(self, heads: Heads) -> MouthData:
        """The same for other frames."""
        return replace(self, heads=heads)


def _check_network(network: bytes, coefficients: int, avatar: str) -> None:
    """An avatar may come from anywhere: its network is all in the file, of ONNX's own operators, and as large as ours."""
    if len(network) > _LARGEST:
        raise _unusable(avatar, _NETWORK)
    try:
        model = onnx.load_model_from_string(network)
    except DecodeError as error:
        raise _unusable(avatar, _NETWORK) from error
    told = {value.name: [part.dim_value for part in value.type.tensor_type.shape.dim] for value in model.graph.input}
    elsewhere = any(array.data_location != onnx.TensorProto.DEFAULT for array in model.graph.initializer)
    foreign = any(node.domain not in ("", "ai.onnx") for node in model.graph.node) or len(model.functions)
    wanted = {"crop": [0, SIZE, SIZE, 3], "features": [0, Scope.count(coefficients)]}
    if elsewhere or foreign or told != wanted:
        raise _unusable(avatar, _NETWORK)


def _unusable(avatar: str, what: str) -> PackageError:
    return PackageError(
        f"The avatar {avatar!r} has no usable {what!r} of its mouth.", hint="Train the avatar anew from its video."
    )
