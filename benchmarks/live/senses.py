"""What a client perceives: lips that are open, sound that can be heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from av import VideoFrame

from mien.face import FaceTracker
from mien.live.bench.watcher import Arrival
from mien.settings import load
from mien.weights import WeightStore

OPEN = 0.02
"""Distance of the inner lips beyond that of the resting face, of the distance between the eyes: 1.8 mm. The tracker trembles by 0.005."""
LOUD = 200
"""RMS of a packet that can be heard, of 32768: -44 dB."""


@dataclass(frozen=True, slots=True)
class Lips:
    """How far the lips are open at a time (`time.monotonic`)."""

    at: float
    opening: float


class Eyes:
    """Sees how far lips are open."""

    def __init__(self) -> None:
        self._store = WeightStore.from_settings(load())

    def look(self, pictures: Iterable[Arrival]) -> list[Lips]:
        """The lips in each picture in which a face is found."""
        seen = [one for one in pictures if isinstance(one.media, VideoFrame)]
        images = [
            one.media.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
            for one in seen
            if isinstance(one.media, VideoFrame)
        ]
        lips = []
        for one, face in zip(seen, FaceTracker(self._store).track(images), strict=True):
            if face is not None:
                points = face.landmarks
                width = np.linalg.norm(points[33] - points[263])
                lips.append(Lips(one.at, float(np.linalg.norm(points[13] - points[14]) / width)))
        return lips


def open_at(lips: Sequence[Lips], rest: float) -> list[float]:
    """When the lips were open."""
    return [one.at for one in lips if one.opening - rest > OPEN]


def loud_at(sounds: Iterable[Arrival]) -> list[float]:
    """When packets came that can be heard."""
    return [
        one.at
        for one in sounds
        if isinstance(one.media, np.ndarray) and np.sqrt(np.mean(one.media.astype(float) ** 2)) > LOUD
    ]
