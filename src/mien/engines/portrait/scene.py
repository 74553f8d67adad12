"""A portrait cut and scaled to what one stream shows: the still plate, the person's texture, landmarks in its pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.engines.portrait.mesh import RING_SCALES, FaceAxes
from mien.engines.portrait.tone import SKIN
from mien.face.topology import FACE_OVAL
from mien.types import Image, Landmarks, Matte

FloatArray = NDArray[np.float32]

HEAD_CROP = 4.1
"""Side of a head crop, in IOD: face, hair and shoulders."""
HEAD_CENTRE = 0.52
"""IOD below the eyes where a head crop has its centre."""


@dataclass(frozen=True, slots=True)
class Grade:
    """The look of a picture, which what is added to it must share.

    Args:
        blur: sigma, pixels.
        noise: sigma, 0 … 255.
    """

    blur: float
    noise: float


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What the renderer works on.

    Args:
        frame: uint8 RGB (H, W, 3), the whole picture that is shown, without the person where the person can move.
        roi: left, top, right, bottom (excluded) of the part that is redrawn.
        texture: uint8 RGBA of that part: the person.
        landmarks: float32 (478, 3), pixels of that part.
        scale: how many of its pixels one pixel of the picture has become.
    """

    frame: Image
    roi: tuple[int, int, int, int]
    texture: NDArray[np.uint8]
    landmarks: Landmarks
    scale: float

    def grade(self) -> Grade:
        """How unsharp and how noisy the face is."""
        grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(self.texture[..., :3]), cv2.COLOR_RGB2GRAY), np.float32)
        rough = np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 1.0))
        xy = np.clip(np.round(self.landmarks[list(SKIN), :2]).astype(int), 6, [grey.shape[1] - 7, grey.shape[0] - 7])
        patches = [rough[y - 6 : y + 7, x - 6 : x + 7] for x, y in xy]
        noise = float(np.median([np.median(patch) for patch in patches])) * 1.48
        return Grade(blur=0.5 * max(1.0, self.scale), noise=min(noise, 8.0))

    @classmethod
    def head(cls, picture: Image, matte: Matte, landmarks: Landmarks, size: int) -> Scene:
        """A square around the head, `size` pixels wide; smaller than wished for where the picture ends."""
        axes = FaceAxes.of(landmarks)
        height, width = picture.shape[:2]
        side = round(min(HEAD_CROP * axes.iod, height, width))
        centre = axes.to_picture(np.array([[0, HEAD_CENTRE, 0]], np.float32))[0]
        left = int(np.clip(round(centre[0] - side / 2), 0, width - side))
        top = int(np.clip(round(centre[1] - side / 2), 0, height - side))
        return cls._cut(picture, matte, landmarks, (left, top, side, side), (size, size))

    @classmethod
    def full(cls, picture: Image, matte: Matte, landmarks: Landmarks) -> Scene:
        """The whole picture, an even number of pixels wide and high."""
        height, width = picture.shape[0] & ~1, picture.shape[1] & ~1
        return cls._cut(picture, matte, landmarks, (0, 0, width, height), (width, height))

    @classmethod
    def _cut(
        cls, picture: Image, matte: Matte, landmarks: Landmarks, crop: tuple[int, int, int, int], size: tuple[int, int]
    ) -> Scene:
        left, top, width, height = crop
        picture = _resize(picture[top : top + height, left : left + width], size)
        matte = np.clip(_resize(matte[top : top + height, left : left + width], size), 0, 1)
        scale = size[0] / width
        offset = np.array([left, top, 0], np.float32)
        # Pixel centres lie at integers here, and landmarks count from the corner of the first pixel.
        points = ((landmarks - offset) * np.float32(scale) - np.array([0.5, 0.5, 0], np.float32)).astype(np.float32)
        roi = _moving_part(points, size)
        x0, y0, x1, y1 = roi
        plate, texture = separate(picture[y0:y1, x0:x1], matte[y0:y1, x0:x1], FaceAxes.of(points).iod)
        inside = _ring_mask(points - np.array([x0, y0, 0], np.float32), plate.shape)
        frame = picture.copy()
        frame[y0:y1, x0:x1][inside] = plate[inside]
        return cls(frame, roi, texture, points - np.array([x0, y0, 0], np.float32), scale)


def _resize(picture: NDArray, size: tuple[int, int]) -> NDArray:
    if (picture.shape[1], picture.shape[0]) == size:
        return picture.copy()
    smaller = picture.shape[1] > size[0]
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def _outer_ring(points: Landmarks) -> FloatArray:
    oval = points[FACE_OVAL, :2]
    centre = oval.mean(axis=0)
    return (centre + (oval - centre) * (0.97 * RING_SCALES[-1])).astype(np.float32)


def _moving_part(points: Landmarks, size: tuple[int, int]) -> tuple[int, int, int, int]:
    ring = _outer_ring(points)
    low, high = np.floor(ring.min(axis=0)) - 1, np.ceil(ring.max(axis=0)) + 2
    return max(0, int(low[0])), max(0, int(low[1])), min(size[0], int(high[0])), min(size[1], int(high[1]))


def _ring_mask(points: Landmarks, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(_outer_ring(points)).astype(np.int32)], 1)
    return mask.astype(bool)


def separate(picture: Image, matte: Matte, iod: float) -> tuple[Image, NDArray[np.uint8]]:
    """Splits a picture into what is behind the person and the person.

    Behind the person, and in a narrow band around it where single hairs have escaped the matte, the surroundings are
    continued. Elsewhere both laid over each other give the picture again.

    Args:
        picture: uint8 RGB (H, W, 3).
        matte: float32 (H, W).
        iod: pixels between the eyes, the measure of how far edges reach.

    Returns:
        The plate, uint8 RGB, and the person, uint8 RGBA.
    """
    alpha = np.where(matte < 0.02, 0, np.where(matte > 0.98, 1, matte)).astype(np.float32)
    reach = max(1, round(0.05 * iod))
    beyond = cv2.dilate(alpha, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    known = (beyond < 0.02).astype(np.float32)
    behind = _continue_outside(picture.astype(np.float32), known)
    deep = cv2.erode(alpha, np.ones((4 * reach + 1, 4 * reach + 1), np.uint8))[..., None]  # never uncovered
    behind += deep * (picture - behind)
    plate = np.clip(np.rint(behind), 0, 255).astype(np.uint8)
    a = alpha[..., None]
    person = (picture - (1 - a) * plate) / np.maximum(a, 0.05)
    person = np.where(a > 0, np.clip(person, 0, 255), picture)
    texture = np.concatenate([np.rint(person), np.rint(a * 255)], axis=2).astype(np.uint8)
    return plate, np.ascontiguousarray(texture)


def _continue_outside(picture: FloatArray, known: FloatArray) -> FloatArray:
    """Fills the unknown part from coarser and coarser averages of the known one (push–pull; Gortler et al., 1996)."""
    colours, weights = [picture * known[..., None]], [known]
    while min(weights[-1].shape) > 2:
        size = ((weights[-1].shape[1] + 1) // 2, (weights[-1].shape[0] + 1) // 2)
        colours.append(cv2.resize(colours[-1], size, interpolation=cv2.INTER_AREA).astype(np.float32))
        weights.append(cv2.resize(weights[-1], size, interpolation=cv2.INTER_AREA).astype(np.float32))
    filled = colours[-1] / np.maximum(weights[-1], 1e-6)[..., None]
    for colour, weight in zip(colours[-2::-1], weights[-2::-1], strict=True):
        filled = cv2.resize(filled, (weight.shape[1], weight.shape[0]), interpolation=cv2.INTER_LINEAR)
        share = np.minimum(weight, 1)[..., None]
        filled = colour + (1 - share) * filled
    return np.where(known[..., None] > 0, picture, filled)
