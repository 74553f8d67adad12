from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from mien.avatars import AvatarPackage, PackageBuilder
from mien.errors import FaceError, UsageError
from mien.motion import MOUTH_CHANNELS, Articulation, Performance
from mien.settings import Settings
from mien.types import AvatarFrame, Image, Phoneme, Progress, Report, Samples, frame_bounds
from mien_sketch import SPEC, SketchOptions

GAP = MOUTH_CHANNELS.index("gap")
INK = (255, 0, 0)


def prepare(source: Image, package: PackageBuilder, settings: Settings, report: Report) -> list[str]:
    report(Progress("analyse", 0, 1))
    if source.std() < 1:
        raise FaceError("No face was found in the picture.", hint="Use a picture with a face.")
    package.add_image("picture", np.ascontiguousarray(source[:512, :512]))
    package.add_arrays("mouth", {"centre": np.array([0.5, 0.75], np.float32)})
    return ["The mouth was guessed."]


class SketchEngine:
    spec = SPEC

    def __init__(self, settings: Settings) -> None:
        pass

    def open(self, avatar: AvatarPackage, options: SketchOptions) -> SketchSession:
        side = (options.size, options.size)
        picture = cv2.resize(avatar.image("picture"), side).clip(0, 200).astype(np.uint8)
        return SketchSession(picture, avatar.arrays("mouth")["centre"] * options.size, options)


class SketchSession:
    actions: tuple[str, ...] = ("nod", "shake")

    def __init__(self, picture: Image, centre: np.ndarray, options: SketchOptions) -> None:
        self.fps = options.fps
        self.size = (options.size, options.size)
        self._performance = Performance(fps=options.fps, seed=options.seed, driver=options.driver)
        self.latency_frames = self._performance.latency_frames
        self._picture, self._centre = picture, centre
        self._index = 0

    def push_audio(self, samples: Samples, phonemes: Sequence[Phoneme] | None = None) -> None:
        self._performance.push(samples, phonemes)

    def end_segment(self) -> None:
        self._performance.end_segment()

    def clear(self) -> int:
        return self._performance.clear()

    def act(self, name: str) -> None:
        if name not in self.actions:
            raise UsageError(f"A sketch has no movement called {name!r}.", hint=f"Known: {', '.join(self.actions)}.")
        self._performance.act(name)

    def listen(self, on: bool) -> None:
        self._performance.listen(on)

    def frames(self) -> Iterator[AvatarFrame]:
        for pose, audio in self._performance.frames():
            yield self._frame(pose, audio)

    def idle_frame(self) -> AvatarFrame:
        start, end = frame_bounds(self._index, self.fps)
        return self._frame(self._performance.idle(), np.zeros(end - start, np.float32), idle=True)

    def _frame(self, pose: Articulation, audio: Samples, idle: bool = False) -> AvatarFrame:
        side = self.size[0]
        across, down = (round(angle / 90 * side) for angle in (pose.yaw, pose.pitch))
        image = np.roll(self._picture, (down, across), axis=(0, 1))
        x, y = self._centre.astype(int)
        cv2.ellipse(image, (int(x), int(y)), (side // 8, round(pose.mouth[GAP] * side)), 0, 0, 360, INK, -1)
        index, self._index = self._index, self._index + 1
        return AvatarFrame(index, image, audio, idle)


def opening(image: Image) -> float:
    """Height of the drawn mouth, of the picture's."""
    red = (image[..., 0].astype(int) - image[..., 1]) > 150
    return int(red.any(axis=1).sum()) / image.shape[0]
