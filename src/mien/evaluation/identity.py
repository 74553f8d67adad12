"""Whether it is still the same person: by a network for face recognition that the user brings as ONNX file."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import WeightsError
from mien.face import similarity
from mien.face.session import open_session
from mien.types import Image, Landmarks

SIDE = 112

_TEMPLATE = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)
"""Where ArcFace and its kin want eyes, nose tip and corners of the mouth: the published alignment of insightface."""
_POINTS = (468, 473, 4, 61, 291)

Embedding = NDArray[np.float32]
"""float32 (D,), of length 1."""


class FaceRecognizer:
    """Tells faces apart.

    Args:
        path: ONNX, one input float32 (1, 3, 112, 112), RGB in [-1, 1], such as ArcFace's; its first output is the embedding.

    Raises:
        WeightsError: the file is missing, no network, or takes something else.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise WeightsError(f"There is no file {path}.", hint="Fetch it, or correct the path.")
        self._session = open_session(path, str(path))
        inputs = self._session.get_inputs()
        shape = inputs[0].shape
        fixed = [side for side in shape[1:] if isinstance(side, int)]
        if (
            len(inputs) != 1
            or len(shape) != 4
            or inputs[0].type != "tensor(float)"
            or any(side not in (3, SIDE) for side in fixed)
            or shape[1] != 3
        ):
            raise WeightsError(
                f"{path} takes {inputs[0].type} {shape}, not a face of 3 × {SIDE} × {SIDE}.",
                hint="Use a network for face recognition of ArcFace's kind.",
            )
        self._input = inputs[0].name

    def embedding(self, image: Image, landmarks: Landmarks) -> Embedding:
        """What makes this face recognisable."""
        onto = similarity(landmarks[list(_POINTS), :2], _TEMPLATE)
        matrix = np.column_stack([onto.scale * onto.rotation, onto.shift])
        face = cv2.warpAffine(image, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR)
        given = (face.astype(np.float32).transpose(2, 0, 1)[None] - 127.5) / 127.5
        found = np.asarray(self._session.run(None, {self._input: given})[0], np.float32).ravel()
        return found / max(float(np.linalg.norm(found)), 1e-12)
