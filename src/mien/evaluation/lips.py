"""The lips of any video as curves: chin, opening and width, freed of where the head is and how it is turned in the picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mien.errors import FaceError, MediaError
from mien.face import FaceTracker, similarity
from mien.face.topology import RIGID
from mien.media import VideoReader
from mien.types import Image, Landmarks, Progress, Report, silent

if TYPE_CHECKING:
    from mien.weights import WeightStore

Curve = NDArray[np.float64]

MIN_FPS = 10.0
"""Below that the closed lips of most p b m fall between two frames."""

MIN_SEEN_S = 1.0

_BRIDGED_S = 0.2
"""A face lost for longer than that may have said something meanwhile."""

_LOOK_ROUND_S = 1.0
"""How often other faces are looked for."""

_RIGHT_EYE, _LEFT_EYE = 33, 263
_RIGHT_CANTHUS, _LEFT_CANTHUS = 133, 362
_CHIN = 152
_INNER_TOP, _INNER_BOTTOM = 13, 14
_RIGHT_CORNER, _LEFT_CORNER = 61, 291
_SHUT_PERCENTILE = 5.0
"""Of the chin's height: the jaw at rest, which twitches of single frames do not move."""

_POINTS = np.unique(
    [
        *(*RIGID, _RIGHT_EYE, _LEFT_EYE, _RIGHT_CANTHUS, _LEFT_CANTHUS),
        *(_CHIN, _INNER_TOP, _INNER_BOTTOM, _RIGHT_CORNER, _LEFT_CORNER),
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class Lips:
    """The lips in every frame of a video, in IOD (the distance of the outer corners of the eyes); NaN where the face is lost.

    Args:
        fps: frames per second.
        jaw: drop of the chin below its highest place, shape (T,); that place is the 5th percentile.
        gap: between the inner lips at the centre, (T,).
        width: between the corners of the mouth, (T,).
        still: between the inner corners of the eyes, (T,): what it trembles is the tracker's noise, since bones do not.
        seen: bool (T,), False where the face was lost, also for a moment that is bridged in the curves.
        faces: how many were seen at once, at most; the largest is followed.
    """

    fps: float
    jaw: Curve
    gap: Curve
    width: Curve
    still: Curve
    seen: NDArray[np.bool_]
    faces: int = 1

    @property
    def known(self) -> NDArray[np.bool_]:
        """bool (T,): where the curves have values."""
        return np.isfinite(self.gap)


CHANNELS = ("jaw", "gap", "width")


def measured(video: Path, store: WeightStore, *, stage: str = "track", report: Report = silent) -> Lips:
    """Tracks the largest face of a video.

    Args:
        video: a file.
        store: the face networks come from there.
        stage: what the progress is called.
        report: progress, in frames.

    Raises:
        MediaError: no video, shorter than `MIN_SEEN_S`, or fewer than `MIN_FPS` frames a second.
        FaceError: no face, or for less than `MIN_SEEN_S`.
    """
    with VideoReader(video) as reader:
        if reader.fps < MIN_FPS:
            raise MediaError(
                f"{video} has {reader.fps:.3g} frames per second; lips are too quick for that.",
                hint=f"Use a video of at least {MIN_FPS:g} frames per second.",
            )
        tracker = FaceTracker(store)
        crowd = _Crowd(tracker, every=round(reader.fps * _LOOK_ROUND_S))
        total = round(reader.duration_s * reader.fps) if reader.duration_s else None
        found: list[Landmarks | None] = []
        for face in tracker.track(crowd.watched(reader)):
            found.append(None if face is None else face.landmarks[_POINTS])
            report(Progress(stage, len(found), total, "frames"))
    length, seen = (count / reader.fps for count in (len(found), sum(points is not None for points in found)))
    if length < MIN_SEEN_S:
        raise MediaError(
            f"{video} lasts {length:.2f} s; that is too short to measure lips.",
            hint="Use a video of some seconds.",
        )
    if seen < MIN_SEEN_S:
        raise FaceError(
            f"A face is seen in {seen:.1f} of the {length:.1f} s of {video}.",
            hint="Use a video of some seconds in which one face is clearly visible.",
        )
    return _curves(found, reader.fps, crowd.most)


def from_landmarks(faces: Iterable[Landmarks | None], fps: float) -> Lips:
    """The curves of a face that is tracked already.

    Args:
        faces: (478, 3) in every frame, or None where it is lost; at least one is not.
        fps: frames per second.
    """
    return _curves([None if face is None else face[_POINTS] for face in faces], fps, 1)


class _Crowd:
    """Counts the faces of a video now and then."""

    def __init__(self, tracker: FaceTracker, every: int) -> None:
        self._detector = tracker.detector
        self._every = every
        self.most = 0

    def watched(self, images: Iterable[Image]) -> Iterator[Image]:
        for index, image in enumerate(images):
            if index % self._every == 0:
                self.most = max(self.most, len(self._detector.detect(image, small=False)))
            yield image


def _at(index: int) -> int:
    """Where a landmark stands among `_POINTS`."""
    return int(np.searchsorted(_POINTS, index))


def _curves(found: list[Landmarks | None], fps: float, faces: int) -> Lips:
    seen = np.array([points is not None for points in found])
    flat = np.full((len(found), len(_POINTS), 2), np.nan)
    flat[seen] = _upright(np.array([points[:, :2] for points in found if points is not None], np.float64))
    _bridge(flat, seen, round(_BRIDGED_S * fps))
    chin = flat[:, _at(_CHIN), 1]
    return Lips(
        fps=fps,
        jaw=chin - np.nanpercentile(chin, _SHUT_PERCENTILE),
        gap=_distance(flat, _INNER_TOP, _INNER_BOTTOM),
        width=_distance(flat, _RIGHT_CORNER, _LEFT_CORNER),
        still=_distance(flat, _RIGHT_CANTHUS, _LEFT_CANTHUS),
        seen=seen,
        faces=max(faces, 1),
    )


def _upright(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every face laid over the median one by its upper half, then all with level eyes one IOD apart: (T, P, 2)."""
    rigid = np.searchsorted(_POINTS, RIGID)
    middle = np.median(flat[:, rigid], axis=0)
    laid = np.array([similarity(face[rigid], middle).apply(face) for face in flat])
    x, y = np.median(laid[:, _at(_LEFT_EYE)] - laid[:, _at(_RIGHT_EYE)], axis=0)
    level = np.array([[x, -y], [y, x]]) / (x * x + y * y)
    return laid @ level


def _bridge(flat: NDArray[np.float64], seen: NDArray[np.bool_], longest: int) -> None:
    """Draws straight lines through losses of at most `longest` frames between two sights of the face."""
    for before, after in pairwise(np.flatnonzero(seen).tolist()):
        if 1 < after - before <= longest + 1:
            share = (np.arange(before + 1, after) - before)[:, None, None] / (after - before)
            flat[before + 1 : after] = flat[before] + share * (flat[after] - flat[before])


def _distance(flat: NDArray[np.float64], one: int, other: int) -> Curve:
    return np.linalg.norm(flat[:, _at(one)] - flat[:, _at(other)], axis=1)
