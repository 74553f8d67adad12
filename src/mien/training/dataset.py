"""A prepared video: what every engine learns from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError, NotFoundError
from mien.media import VideoReader, read_audio, read_image
from mien.motion import MouthTrack
from mien.motion.calibration import Calibration
from mien.training.folder import RECORD, Record, load_arrays
from mien.training.matte import Backdrop, Mattes
from mien.training.person import Person
from mien.training.split import FPS, Split
from mien.training.window import Window
from mien.types import Image, Samples

LANDMARKS, LOOKS, TRACK, UNITS = "landmarks.npy", "looks.u8", "track.npz", "units.npz"
SOUND, MOUTH, PERSON = "sound.wav", "mouth.npz", "person.npz"
PLATE, BACKDROP = "plate.png", "backdrop.png"
STAGES = ("source", "track", "units", "listen", "learn", "backdrop")


class Dataset:
    """A folder that `prepare` has made. Its arrays are read when they are first asked for, and may be kept.

    Frames are not stored: they are decoded from the video again, cut to a square window and scaled.

    Args:
        folder: of the dataset.
        record: what stands in it.
    """

    def __init__(self, folder: Path, record: Record) -> None:
        facts = record.facts
        self.folder = folder
        self.video = Path(facts["video"])
        self.sha256: str = facts["sha256"]
        self.fps = FPS
        self.count: int = facts["count"]
        """Frames, N."""
        self.late_ms: int = facts["late_ms"]
        """By how much the sound of the file comes after its pictures, if that is sure; `samples` are moved back by that."""
        self.heard: bool = facts["heard"]
        """The video has sound; without it `samples` are silent and `mouth` is at rest."""
        self.remarks: tuple[str, ...] = tuple(facts["remarks"])
        """What was noticed, for the user, one sentence each."""
        x, y, side = facts["window"]
        self._window = Window(x, y, side, facts["size"])
        self.split = Split.of(self.count)
        self.mattes = Mattes(folder / f"mattes-{record.key('track')}", self.count, self.size)
        """How much of each pixel is the person; there only if the background is another one."""
        self._backdrop: str = facts.get("backdrop", "")

    @classmethod
    def open(cls, folder: Path) -> Dataset:
        """Opens a dataset that is complete.

        Raises:
            NotFoundError: there is none, or its video is gone.
            InputError: it is damaged, unfinished, or of another version of Mien.
        """
        if not (folder / RECORD).is_file():
            raise NotFoundError(f"There is no dataset in {folder}.", hint="Name a folder that a training has prepared.")
        record = Record(folder)
        missing = [stage for stage in STAGES if not record.has(stage)]
        if missing:
            raise InputError(
                f"The dataset in {folder} is not finished: {', '.join(missing)}.", hint="Prepare it again."
            )
        dataset = cls(folder, record)
        if not dataset.video.is_file():
            raise NotFoundError(f"The video {dataset.video} of the dataset is gone.", hint="Put it back there.")
        return dataset

    @property
    def size(self) -> tuple[int, int]:
        """width, height of the frames."""
        return self._window.size, self._window.size

    @property
    def window(self) -> tuple[int, int, int, int]:
        """x, y, width, height of what is shown, in pixels of the upright source."""
        return self._window.x, self._window.y, self._window.side, self._window.side

    @cached_property
    def landmarks(self) -> NDArray[np.float32]:
        """(N, 478, 3), pixels of the dataset's picture, smoothed without delay; NaN where no face is seen. Read-only, mapped from the disk."""
        return np.load(self.folder / LANDMARKS, mmap_mode="r", allow_pickle=False)

    @cached_property
    def seen(self) -> NDArray[np.bool_]:
        """(N,): a face was found."""
        return self._track["seen"]

    @cached_property
    def blink(self) -> NDArray[np.float32]:
        """(N, 2): how far the person's right and left eye are shut (AU45), 0 … 1; 0 where no face is seen."""
        return self._units["blink"]

    @cached_property
    def parted(self) -> NDArray[np.float32]:
        """(N,): how far the lips are parted (AU25), 0 … 1, as wide as speech opens them; 0 where no face is seen."""
        return self._units["parted"]

    @cached_property
    def cuts(self) -> NDArray[np.int64]:
        """Frames that begin another scene than the one before; empty if it was filmed without a break."""
        return self._track["cuts"]

    @cached_property
    def samples(self) -> Samples:
        """float32 mono 16 kHz, as long as the frames, already moved by `late_ms`."""
        return read_audio(self.folder / SOUND).samples

    @cached_property
    def mouth(self) -> MouthTrack:
        """The mouth that the sound gives, (T, 8) at 100 Hz."""
        return MouthTrack(load_arrays(self.folder / MOUTH)["values"])

    @cached_property
    def person(self) -> Person:
        return Person.load(self.folder / PERSON)

    @cached_property
    def _units(self) -> dict[str, NDArray[Any]]:
        return load_arrays(self.folder / UNITS)

    @cached_property
    def _track(self) -> dict[str, NDArray[Any]]:
        return load_arrays(self.folder / TRACK)

    def check_origin(self, avatar: str, calibration: Calibration) -> None:
        """Looks whether an avatar speaks in this dataset's person space.

        Args:
            avatar: its name.
            calibration: that it was given when it was trained.

        Raises:
            InputError: it was learnt from something else.
        """
        if calibration.to_json() != self.person.calibration.to_json():
            raise InputError(
                f"The avatar {avatar!r} was not learnt from the dataset in {self.folder}, or that was prepared anew since.",
                hint="Name the dataset that it was trained with, or train it anew: mien train --dataset",
            )

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Image]:
        """Decodes frames in order: uint8 RGB (size, size, 3); a repeated one may be the same array, which must not be written into.

        The video is decoded from the key frame before `start` on. They have the background that was asked for.
        """
        if not self._backdrop:
            yield from self.filmed(start, stop)
            return
        backdrop = Backdrop(read_image(self.folder / PLATE), read_image(self.folder / BACKDROP))
        for image, matte in zip(self.filmed(start, stop), self.mattes.frames(start), strict=False):
            yield backdrop.shown(image, matte)

    def filmed(self, start: int = 0, stop: int | None = None) -> Iterator[Image]:
        """The same frames with the background that they were filmed with."""
        end = self.count if stop is None else min(stop, self.count)
        with VideoReader(self.video, fps=FPS, start=start) as reader:
            yield from self._window.cut(islice(reader, max(end - start, 0)))
