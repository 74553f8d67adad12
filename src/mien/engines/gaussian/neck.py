"""How the neck and the collar move: not as the head does."""

from __future__ import annotations

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from mien.engines.gaussian.model import Pose
from mien.engines.gaussian.region import Region
from mien.types import Image

Floats = NDArray[np.float32]

_POINTS = 80
_LEAST = 8
_DEPTH = 0.5
"""IOD; so far below the outermost ring something to follow is looked for."""
_STRAY = 4.0
"""A point is lost whose way back ends so many pixels beside where it began."""


class NeckTracker:
    """Follows spots of the neck and the collar from one frame of reference.

    Args:
        region: of the person.
        image: the frame of reference, uint8 RGB.
        pose: of the head in it.
    """

    def __init__(self, region: Region, image: Image, pose: Pose) -> None:
        self._grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        self._pose = pose
        self._centre = region.vertices[region.torso == 1].mean(axis=0)
        area = _below(region, pose, self._grey.shape)
        found = cv2.goodFeaturesToTrack(self._grey, _POINTS, 0.01, 5, mask=area)
        self._points: Floats = np.empty((0, 1, 2), np.float32) if found is None else np.asarray(found, np.float32)
        self._moved: Floats = np.zeros(2, np.float32)
        self._beside_head: Floats = np.zeros(2, np.float32)

    def follow(self, image: Image, pose: Pose) -> Floats:
        """(2,) pixels, how far the neck has moved beside what it would as a part of the head; where
        nothing can be followed, as much as last, at first 0.

        Args:
            image: a frame; best the one after the last.
            pose: of the head in it.
        """
        if len(self._points) < _LEAST:
            return self._beside_head
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        there, ok = _flow(self._grey, grey, self._points, self._points + self._moved)
        back, ok_back = _flow(grey, self._grey, there, self._points)
        strayed = np.linalg.norm(back - self._points, axis=2)
        kept = (ok[:, 0] > 0) & (ok_back[:, 0] > 0) & (strayed[:, 0] < _STRAY)
        if kept.sum() >= _LEAST:
            self._moved = np.median((there - self._points)[kept, 0], axis=0).astype(np.float32)
            as_head = _seen(self._centre, pose) - _seen(self._centre, self._pose)
            self._beside_head = (self._moved - as_head).astype(np.float32)
        return self._beside_head


def _flow(image: MatLike, other: MatLike, points: Floats, guess: Floats) -> tuple[Floats, NDArray[np.uint8]]:
    """Where the points of an image are in another, begun from a guess, (N, 1, 2) all; and which were found, (N, 1)."""
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        image, other, points, guess.copy(), winSize=(21, 21), maxLevel=2, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
    )
    return there.astype(np.float32, copy=False), found.astype(np.uint8, copy=False)


def _seen(point: Floats, pose: Pose) -> Floats:
    return (point @ pose.rotation[:2].T) * np.float32(pose.scale) + pose.shift


def _below(region: Region, pose: Pose, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """255 where only what hangs on the torso is seen: a band below the outermost ring."""
    ring = region.vertices[region.torso == 1]
    lower = ring + np.array([0, _DEPTH, 0], np.float32)
    area = np.zeros(shape, np.uint8)
    polygon = np.concatenate([_seen(ring, pose), _seen(lower, pose)[::-1]])
    cv2.fillPoly(area, [np.rint(polygon).astype(np.int32)], 255)
    return area
