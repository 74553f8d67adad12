"""How well a portrait could look at best: the first frame of a clip, moved by the landmarks tracked in all its frames.

What remains is what one picture cannot know: the inside of the mouth, wrinkles, hair that swings.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.engines.portrait.contours import settle_lids, settle_lips
from mien.engines.portrait.mesh import IRIS_START, N_FACE, PortraitMesh
from mien.engines.portrait.renderer import Renderer
from mien.engines.portrait.scene import Scene
from mien.face import FaceTracker, Matting
from mien.face.topology import FACE_OVAL, LIPS_INNER, LIPS_OUTER, RIGID
from mien.media import VideoReader
from mien.types import Image
from mien.weights import WeightStore

FloatArray = NDArray[np.float32]
LIPS = np.concatenate([LIPS_OUTER, LIPS_INNER])


@dataclass(frozen=True, slots=True)
class Bound:
    """Means over the frames; `still_…` is the first frame left as it is.

    psnr_face: dB inside the real face's outline. psnr_mouth: dB inside the real lips' outline and 6 pixels around it.
    lmd_mouth: pixels between the lips' landmarks, tracked again in what was drawn.
    """

    frames: int
    psnr_face: float
    still_psnr_face: float
    psnr_mouth: float
    still_psnr_mouth: float
    lmd_mouth: float
    still_lmd_mouth: float


def upper_bound(clip: Path, store: WeightStore, frames: int = 200, sheet: Path | None = None) -> Bound:
    """Measures one clip; `sheet` gets a picture of real frames over drawn ones."""
    tracker = FaceTracker(store)
    real = list(islice(VideoReader(clip), frames))
    faces = [face for face in tracker.track(real) if face is not None]
    if len(faces) != len(real):
        raise ValueError(f"the face is lost in {clip}")
    first = faces[0].landmarks
    settled = settle_lids(real[0], settle_lips(real[0], first))
    scene = Scene.full(real[0], Matting(store).matte(real[0], faces[0]), settled)
    renderer = Renderer(scene)
    rows, drawn = [], []
    for picture, face in zip(real, faces, strict=True):
        image = renderer.draw_vertices(follow(renderer.mesh, face.landmarks - first), (0.0, 0.0))
        drawn.append(image)
        outline, mouth = _hull(face.landmarks[FACE_OVAL], picture.shape), _hull(face.landmarks[LIPS], picture.shape, 6)
        again = tracker.find(image)
        still = np.linalg.norm(first[LIPS, :2] - face.landmarks[LIPS, :2], axis=1).mean()
        lmd = still if again is None else np.linalg.norm((again.landmarks - face.landmarks)[LIPS, :2], axis=1).mean()
        quality = [_psnr(each, picture, area) for area in (outline, mouth) for each in (image, real[0])]
        rows.append([*quality, lmd, still])
    if sheet is not None:
        picks = np.linspace(0, len(real) - 1, 8).astype(int)
        strip = np.vstack([np.hstack([real[i] for i in picks]), np.hstack([drawn[i] for i in picks])])
        cv2.imwrite(str(sheet), cv2.cvtColor(cv2.resize(strip, None, fx=0.4, fy=0.4), cv2.COLOR_RGB2BGR))
    mean = np.array(rows)[1:].mean(axis=0)
    return Bound(len(real), *(round(float(value), 2) for value in mean))


def follow(mesh: PortraitMesh, moved: FloatArray) -> FloatArray:
    """Vertices (V, 2) of a mesh whose landmarks have moved by `moved` (478, 3) pixels; hair and neck follow the head."""
    vertices = mesh.axes.to_picture(mesh.points)
    target = vertices.copy()
    target[:N_FACE] += moved[:N_FACE, :2]
    target[IRIS_START:] += moved[N_FACE:, :2]
    rigid = np.concatenate([vertices[RIGID], np.ones((len(RIGID), 1), np.float32)], axis=1)
    matrix = np.linalg.lstsq(rigid, target[RIGID], rcond=None)[0]
    rings = slice(N_FACE, IRIS_START)
    n = len(FACE_OVAL)
    count = (IRIS_START - N_FACE) // n
    head = np.concatenate([vertices[rings], np.ones((IRIS_START - N_FACE, 1), np.float32)], axis=1) @ matrix
    own = np.tile(moved[FACE_OVAL, :2], (count, 1))
    near = np.repeat(np.linspace(0.85, 0, count) ** 1.5, n)[:, None]
    weight = mesh.follow[rings, None]
    target[rings] += weight * (near * own + (1 - near) * (head - vertices[rings]))
    return target.astype(np.float32)


def _hull(points: FloatArray, shape: tuple[int, ...], grow: int = 0) -> NDArray[np.bool_]:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(points[:, :2]).astype(np.int32)), 1)
    return (cv2.dilate(mask, np.ones((2 * grow + 1, 2 * grow + 1), np.uint8)) if grow else mask).astype(bool)


def _psnr(a: Image, b: Image, mask: NDArray[np.bool_]) -> float:
    error = (a[mask].astype(np.float32) - b[mask]) ** 2
    return float(10 * np.log10(255**2 / max(float(error.mean()), 1e-6)))
