"""How good a video's pictures are to learn a face from, judged by some of its frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import FaceError
from mien.evaluation.lips import Lips, from_landmarks
from mien.face import Face, FaceTracker, eye_distance, head_pose
from mien.face.topology import ATTENTION_LIPS
from mien.training.glimpses import Glimpse
from mien.training.items import Item, above, below
from mien.training.split import FPS
from mien.types import Image, Landmarks

_EVERY = 10
"""Of the consecutive frames, so many are alike."""
_RIVAL = 0.4
"""A second face counts whose area is more than this of the largest one's."""
_SMALL, _TOO_SMALL = 70.0, 32.0
"""pixels between the outer corners of the eyes, in the source."""
_TURNED, _AWAY = 20.0, 35.0
"""degrees of the usual turn."""
_FAR = 40.0
"""degrees, of the outermost turns: further, half of the mouth is hidden."""
_LOST, _MOSTLY_LOST = 2.0, 30.0
_BLURRED = 0.006
"""Of the ratio that `_sharpness` gives."""
_SHARPNESS_EYES = 64.0
_DARK, _BRIGHT, _BURNT = 60.0, 205.0, 8.0
"""Mean brightness of the face, 0 … 255, and the percentage of it that is white."""
_MOUTH_EYES, _MOUTH_MARGIN = 64.0, 8.0
"""Pixels between the eyes in the picture in which the lips are looked at, and what is seen around them."""
_COVERED, _LIKE = 3.0, 0.45
"""Percent of the frames in which the lips may look strange, and the correlation with what they usually look like that is not
strange: lips that speak, smile or pout have 0.68 and more, a hand before them 0.2 and less."""
_VIEW, _OTHER_VIEW = 24, 0.16
"""Side of a thumbnail, and the mean difference (of 1) from which two show different scenes."""


class Watcher:
    """Gathers what a check says of the pictures.

    Args:
        tracker: finds the face.
    """

    def __init__(self, tracker: FaceTracker) -> None:
        self._tracker = tracker
        self._seen: list[bool] = []
        self._rivals: list[int] = []
        self._eyes: list[float] = []
        self._turns: list[tuple[float, float]] = []
        self._looks: list[tuple[float, float, float]] = []
        self._mouths: list[NDArray[np.float32]] = []
        self._views: list[NDArray[np.float32]] = []
        self._dense: list[tuple[float, Landmarks | None]] = []

    def watch(self, glimpses: Iterable[Glimpse]) -> Iterator[Glimpse]:
        """Looks at each in turn and gives it back."""
        current: list[Glimpse] = []

        def images() -> Iterator[Image]:
            for glimpse in glimpses:
                current.append(glimpse)
                yield glimpse.image

        for index, face in enumerate(self._tracker.track(images())):
            glimpse = current.pop()
            self._seen.append(face is not None)
            if glimpse.dense:
                self._dense.append((glimpse.time_s, None if face is None else face.landmarks))
            if index % _EVERY == 0 or not glimpse.dense:
                self._look(glimpse, face)
            yield glimpse

    def _look(self, glimpse: Glimpse, face: Face | None) -> None:
        small = cv2.cvtColor(
            cv2.resize(glimpse.image, (_VIEW, _VIEW), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
        )
        self._views.append(np.asarray(small, np.float32) / np.float32(255))
        areas = [_area(box.box_xyxy) for box in self._tracker.detector.detect(glimpse.image, small=False)]
        self._rivals.append(sum(area > _RIVAL * max(areas) for area in areas))
        if face is None:
            return
        self._eyes.append(eye_distance(face.landmarks) * glimpse.scale)
        try:
            pose = head_pose(face.landmarks)
        except FaceError:
            return
        self._turns.append((pose.yaw, pose.pitch))
        crop = _face(glimpse.image, face.landmarks)
        self._looks.append((_sharpness(crop), float(crop.mean()), 100 * float((crop > 250).mean())))
        self._mouths.append(_mouth(glimpse.image, face.landmarks))

    def lips(self) -> tuple[float, Lips] | None:
        """Where the consecutive frames begin, in seconds, and the lips in them at `FPS`; None if no face is seen there."""
        if not any(landmarks is not None for _, landmarks in self._dense):
            return None
        times = np.array([time for time, _ in self._dense])
        wanted = np.arange(times[0], times[-1], 1 / FPS)
        nearest = np.abs(times[None] - wanted[:, None]).argmin(axis=1)
        return float(times[0]), from_landmarks([self._dense[index][1] for index in nearest], FPS)

    def items(self) -> list[Item]:
        """Everything about the face; a single item if there is none."""
        if not self._eyes or not self._mouths:
            return [
                Item(
                    "face",
                    "fail",
                    0.0,
                    "%",
                    "No face was found.",
                    "Film one person from the front, with the whole head in the picture.",
                )
            ]
        return [
            self._presence(),
            self._alone(),
            self._size(),
            self._angles(),
            self._coverage(),
            self._occlusion(),
            self._blur(),
            self._exposure(),
            self._scenes(),
        ]

    def _presence(self) -> Item:
        lost = 100 * (1 - float(np.mean(self._seen)))
        verdict = above(lost, _LOST, _MOSTLY_LOST)
        sentence = "The face is always seen." if lost == 0 else f"The face is not seen in {lost:.0f} % of the frames."
        return Item(
            "face", verdict, round(100 - lost, 1), "%", sentence, "" if verdict == "pass" else "Cut those parts out."
        )

    def _alone(self) -> Item:
        crowd = 100 * float(np.mean([count > 1 for count in self._rivals]))
        verdict = above(crowd, 5.0)
        sentence = (
            "One person is seen." if verdict == "pass" else f"Several people are seen in {crowd:.0f} % of the frames."
        )
        advice = (
            ""
            if verdict == "pass"
            else "The largest face at the beginning is followed; cut the picture so that only one is left."
        )
        return Item("people", verdict, float(max(self._rivals)), "faces", sentence, advice)

    def _size(self) -> Item:
        eyes = float(np.median(self._eyes))
        verdict = below(eyes, _SMALL, _TOO_SMALL)
        advice = "" if verdict == "pass" else "Go nearer to the camera, or film with a higher resolution."
        return Item(
            "face_size",
            verdict,
            round(eyes),
            "px",
            f"There are {eyes:.0f} pixels between the corners of the eyes.",
            advice,
        )

    def _angles(self) -> Item:
        yaw, pitch = np.abs(np.median(self._turns, axis=0))
        usual, furthest = float(max(yaw, pitch)), float(np.percentile(np.abs(self._turns).max(axis=1), 95))
        verdict = "warn" if furthest > _FAR and usual <= _AWAY else above(usual, _TURNED, _AWAY)
        sentence = f"The head is usually turned by {usual:.0f}°, at most by about {furthest:.0f}°."
        advice = "" if verdict == "pass" else "Put the camera at the height of the eyes, and look into it."
        return Item("head_angle", verdict, round(usual, 1), "°", sentence, advice)

    def _coverage(self) -> Item:
        low, high = np.percentile(np.array(self._turns), [5, 95], axis=0)
        yaw, pitch = (high - low).tolist()
        sentence = f"The head moves through {yaw:.0f}° from side to side and {pitch:.0f}° up and down."
        return Item("head_movement", "pass", round(max(yaw, pitch), 1), "°", sentence)

    def _occlusion(self) -> Item:
        mouths = np.stack(self._mouths)
        alike = _correlation(mouths, np.median(mouths, axis=0))
        hidden = 100 * float((alike < _LIKE).mean())
        verdict = above(hidden, _COVERED, 40.0)
        sentence = (
            "The mouth is always free."
            if verdict == "pass"
            else f"Something may be before the mouth in {hidden:.0f} % of the frames."
        )
        advice = "" if verdict == "pass" else "Keep hands, microphone and hair away from the mouth."
        return Item("mouth_free", verdict, round(100 - hidden, 1), "%", sentence, advice)

    def _blur(self) -> Item:
        sharp = float(np.median([look[0] for look in self._looks]))
        verdict = below(sharp, _BLURRED)
        sentence = "The face is sharp." if verdict == "pass" else "The face is blurred."
        advice = "" if verdict == "pass" else "Use more light, focus on the face, and export with a higher bit rate."
        return Item("sharpness", verdict, round(sharp, 4), "", sentence, advice)

    def _exposure(self) -> Item:
        bright, burnt = (float(np.median([look[index] for look in self._looks])) for index in (1, 2))
        good = _DARK <= bright <= _BRIGHT and burnt <= _BURNT
        sentence = f"The face has a brightness of {bright:.0f} of 255; {burnt:.0f} % of it is white."
        advice = "" if good else "Light the face evenly from the front, neither dark nor glaring."
        return Item("exposure", "pass" if good else "warn", round(bright), "of 255", sentence, advice)

    def _scenes(self) -> Item:
        scenes: list[NDArray[np.float32]] = []
        for view in self._views:
            if all(np.abs(view - other).mean() > _OTHER_VIEW for other in scenes):
                scenes.append(view)
        verdict = "pass" if len(scenes) == 1 else "warn"
        sentence = "It is one scene." if len(scenes) == 1 else f"About {len(scenes)} different scenes are seen."
        advice = (
            "" if len(scenes) == 1 else "Cut one scene out: one person before one background, filmed without a break."
        )
        return Item("scenes", verdict, float(len(scenes)), "scenes", sentence, advice)


def _area(box: tuple[float, float, float, float]) -> float:
    left, top, right, bottom = box
    return (right - left) * (bottom - top)


def _face(image: Image, landmarks: Landmarks) -> NDArray[np.uint8]:
    """The face in grey, made smaller if its eyes are further apart than `_SHARPNESS_EYES` pixels."""
    height, width = image.shape[:2]
    left, top = np.maximum(landmarks[:, :2].min(axis=0), 0).astype(int)
    right, bottom = np.minimum(landmarks[:, :2].max(axis=0) + 1, (width, height)).astype(int)
    crop = np.asarray(image[top : max(bottom, top + 2), left : max(right, left + 2)])
    shrink = min(1.0, _SHARPNESS_EYES / max(eye_distance(landmarks), 1.0))
    size = (max(round(crop.shape[1] * shrink), 2), max(round(crop.shape[0] * shrink), 2))
    return np.asarray(cv2.cvtColor(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY), np.uint8)


def _sharpness(grey: NDArray[np.uint8]) -> float:
    """Share of the contrast that is in the finest detail."""
    values = grey.astype(np.float32)
    fine = values - cv2.GaussianBlur(values, (0, 0), 1.0)
    return float(fine.var() / max(float(values.var()), 1e-6))


def _mouth(image: Image, landmarks: Landmarks) -> NDArray[np.float32]:
    """How bright the lips are at each of their landmarks, (80,): the lips' shape has no say in it, a hand before them has."""
    scale = _MOUTH_EYES / max(eye_distance(landmarks), 1.0)
    points = landmarks[ATTENTION_LIPS, :2].astype(np.float64)
    low = points.min(axis=0) - _MOUTH_MARGIN / scale
    width, height = np.ceil((points.max(axis=0) - low) * scale + _MOUTH_MARGIN).astype(int).tolist()
    place = np.array([[scale, 0, -scale * low[0]], [0, scale, -scale * low[1]]])
    cut = cv2.warpAffine(image, place, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    grey = cv2.GaussianBlur(cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY), (0, 0), 1.5)
    at = ((points - low) * scale).astype(np.float32)
    return np.asarray(cv2.remap(grey, at[:, 0], at[:, 1], cv2.INTER_LINEAR), np.float32).ravel()


def _correlation(mouths: NDArray[np.float32], usual: NDArray[np.float32]) -> NDArray[np.float32]:
    ours, theirs = mouths - mouths.mean(axis=1, keepdims=True), usual - usual.mean()
    return (ours @ theirs) / np.maximum(np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs), 1e-6)
