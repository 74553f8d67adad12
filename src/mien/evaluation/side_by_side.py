"""A video that shows the real frames on the left and the generated ones on the right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from mien.media import METADATA, XMP, Label, VideoWriter
from mien.types import SAMPLE_RATE, Image, Samples, frame_bounds


class Show(Protocol):
    """Adds a pair of frames, both of the size that was named."""

    def __call__(self, real: Image, generated: Image) -> None: ...


@contextmanager
def side_by_side(
    path: Path | None, size: tuple[int, int], fps: float, samples: Samples | None, *, overwrite: bool = False
) -> Iterator[Show]:
    """Writes an MP4 file while the block goes on; it is marked as AI-generated, in the lower right corner and in the file.

    Args:
        path: of the file; None: nothing is written.
        size: width, height of a frame of one side.
        fps: frames per second.
        samples: the sound, float32 mono 16 kHz; None: there is none.
        overwrite: replace an existing file.

    Raises:
        AlreadyExistsError, OutputError: as `VideoWriter`.
    """
    if path is None:
        yield lambda real, generated: None
        return
    width, height = size
    label = Label((2 * width, height))
    rate = None if samples is None else SAMPLE_RATE
    with VideoWriter(path, (2 * width, height), fps, rate, metadata=METADATA, xmp=XMP, overwrite=overwrite) as writer:

        def show(real: Image, generated: Image) -> None:
            start, end = frame_bounds(writer.frames, fps)
            both = label.apply(np.concatenate([real, generated], axis=1))
            writer.write(both, None if samples is None else samples[start:end])

        yield show
