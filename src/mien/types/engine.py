"""The contract between everything that wants a moving face and everything that can draw one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from mien.plugins import Spec
from mien.types.audio import Samples
from mien.types.image import Image, Later
from mien.types.progress import Report
from mien.types.speech import Phoneme


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec(Spec):
    """An engine before it is loaded.

    Args:
        options: the pydantic model of what `open` takes.
        weights: names in the weights catalogue that it needs.
        creates_from: what an avatar for it is made from: "image", "video".
        prepare: `module:function` that makes the avatar's data; see `Prepare`.
        data_version: of that data, raised whenever an earlier `prepare`'s cannot be used any more or would look worse;
            avatars made by another version are made anew where the picture is at hand.
        gpu: it draws in time for a conversation only on a GPU.
        terms: what may be done with its pictures, where that is not anything: one sentence, which its videos carry.
        train: `module:function` that learns the avatar's data from a video; see `Train`. "" if it cannot.
        redraw: `module:function` that draws such an avatar over frames of that video, so that it can be judged; see `Redraw`. "" if it cannot.
        splats: `module:function` that writes such an avatar as Gaussian splats; see `ExportSplats`. "" if it has none.
    """

    options: type[Any]
    weights: tuple[str, ...] = ()
    creates_from: tuple[str, ...] = ()
    prepare: str = ""
    data_version: int = 1
    gpu: bool = False
    terms: str = ""
    train: str = ""
    redraw: str = ""
    splats: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class AvatarFrame:
    """One picture and the sound that belongs to it.

    Args:
        index: 0, 1, 2 … since the session was opened.
        picture: the image, or what makes it: an engine whose network draws several at once puts off each until one of them is asked for.
        audio: float32 mono 16 kHz, the samples `frame_bounds(index, fps)` of the stream; silence on idle frames; the last
            frame of a segment is padded with silence.
        idle: no speech belongs to it.
    """

    index: int
    picture: Image | Later
    audio: Samples
    idle: bool = False

    @property
    def image(self) -> Image:
        """uint8 RGB (H, W, 3); the receiver must not write into it."""
        return self.picture() if callable(self.picture) else self.picture


@runtime_checkable
class RenderSession(Protocol):
    """The state of one stream; light. Not safe for use from several threads at once."""

    fps: float
    size: tuple[int, int]
    """width, height of the frames."""
    latency_frames: int
    """how many frames of sound it must see ahead."""
    actions: tuple[str, ...]
    """names of movements it can be asked for, such as "nod"; may be empty."""

    def push_audio(self, samples: Samples, phonemes: Sequence[Phoneme] | None = None) -> None:
        """Gives it more sound of the current segment: float32 mono 16 kHz, any length; never blocks.

        Args:
            samples: the sound.
            phonemes: what is spoken in these samples, times relative to their start; None: to be worked out from the sound.
        """
        ...

    def end_segment(self) -> None:
        """No more sound belongs to this utterance: its last frames can be made now."""
        ...

    def clear(self) -> int:
        """Drops everything not yet returned by `frames`; returns the stream's sample position that was reached."""
        ...

    def act(self, name: str) -> None:
        """Begins a movement with the next frame, over whatever is being said; it ends by itself. One that is under way ends first or gives way
        without a jump. The mouth goes on as the sound asks; never blocks.

        Raises:
            UsageError: `name` is not in `actions`; the hint names those that are.
        """
        ...

    def listen(self, on: bool) -> None:
        """Somebody speaks to this face (True), pauses or has finished (False), from the next frame on; False at first. While it does not speak
        itself it may show that it listens; it may as well do nothing. The mouth stays shut; never blocks.
        """
        ...

    def frames(self) -> Iterator[AvatarFrame]:
        """Every frame of speech that can be made now."""
        ...

    def idle_frame(self) -> AvatarFrame:
        """The next frame of a face that is not speaking; only when `frames` has nothing left."""
        ...


class Engine(Protocol):
    """Heavy: weights, one per device and process."""

    spec: EngineSpec

    def open(self, avatar: Any, options: Any) -> RenderSession:
        """Starts a stream.

        Args:
            avatar: a `mien.avatars.AvatarPackage` made for this engine.
            options: an instance of `spec.options`.
        """
        ...


class Prepare(Protocol):
    """What `EngineSpec.prepare` names."""

    def __call__(self, source: Image, package: Any, settings: Any, report: Report) -> list[str]:
        """Makes an avatar's data.

        Args:
            source: the picture.
            package: a `mien.avatars.PackageBuilder`; arrays and pictures are added to it.
            settings: `mien.settings.Settings`.
            report: progress.

        Returns:
            Remarks for the user, one sentence each ("3 faces were found; the largest is used.").

        Raises:
            FaceError: no usable face.
        """
        ...


class Metric(Protocol):
    """Tells of numbers of one step, such as losses; what is not finite is left out."""

    def __call__(self, step: int, **values: float) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """What a training gets.

    Args:
        video: it learns from; checked to be one.
        work: an existing folder for its checkpoints; what an earlier run of the same training left is there.
        package: a `mien.avatars.PackageBuilder`; arrays and pictures are added to it in the end.
        settings: `mien.settings.Settings`.
        report: progress, stages "prepare" and "train"; it ends the training by raising `mien.errors.Cancelled`.
        metric: see there.
        preview: shows a picture of how far it has come; uint8 RGB (H, W, 3).
    """

    video: Path
    work: Path
    package: Any
    settings: Any
    report: Report
    metric: Metric
    preview: Callable[[int, Image], None]


class Train(Protocol):
    """What `EngineSpec.train` names."""

    def __call__(self, run: TrainingRun) -> list[str]:
        """Learns an avatar. It saves checkpoints in `run.work`, whole or not at all, and begins with the newest: it may be killed at any moment.

        Returns:
            Remarks for the user, one sentence each.

        Raises:
            MediaError, FaceError: the video cannot be used.
        """
        ...


class Redraw(Protocol):
    """What `EngineSpec.redraw` names."""

    def __call__(
        self,
        package: Any,
        dataset: Any,
        frames: slice,
        coefficients: NDArray[np.float32],
        closures: NDArray[np.float32],
    ) -> Iterator[Image]:
        """Draws an avatar's mouth into successive frames of the video that it was learnt from: head, eyes and background are the video's own, so
        that each picture can be compared with the real one.

        Args:
            package: a `mien.avatars.AvatarPackage` made for this engine.
            dataset: the `mien.training.Dataset` that it was learnt from.
            frames: which of its frames; `start` and `stop` are given.
            coefficients: (n, K), the expression that shall be seen in each, in the dataset's person space.
            closures: (n,), 0 … 1, how firmly the lips shall be together in each, where the engine makes use of that.

        Returns:
            One picture for each of the frames, uint8 RGB of the dataset's size, made as they are taken; a frame in which no face is seen as it is.

        Raises:
            InputError: the avatar was not learnt from this dataset. Told with the first picture, as are the others.
            PackageError: the avatar is broken.
        """
        ...


class ExportSplats(Protocol):
    """What `EngineSpec.splats` names."""

    def __call__(self, package: Any, path: Path) -> int:
        """Writes the face at rest in the layout of 3D Gaussian Splatting (.ply).

        Args:
            package: a `mien.avatars.AvatarPackage` of this engine.
            path: the file; one that is there is replaced.

        Returns:
            How many Gaussians it has.

        Raises:
            PackageError: the avatar cannot be read.
            OutputError: the file cannot be written.
        """
        ...
