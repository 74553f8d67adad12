"""A still picture that stands for a video."""

from __future__ import annotations

from pathlib import Path

import av.error
import cv2
import numpy as np

from mien.errors import MediaError
from mien.media.containers import open_input
from mien.media.images import write_image
from mien.types import Image

LONGEST_SIDE = 640


def write_poster(video: Path, output: Path, *, share: float = 1 / 3) -> None:
    """Writes a picture of a video that Mien made, at most 640 pixels wide and high.

    Args:
        video: a constant frame rate, upright.
        output: `.jpg`, `.png` or `.webp`; replaced if it exists.
        share: of the video's length that lies before it.

    Raises:
        NotFoundError, MediaError: the video cannot be read.
        OutputError: the picture cannot be written.
    """
    write_image(output, _small(_frame(video, share)), quality=85, overwrite=True)


def _frame(video: Path, share: float) -> Image:
    try:
        with open_input(video, "video") as container:
            wanted_s = share * (container.duration or 0) / av.time_base
            container.seek(round(wanted_s * av.time_base))
            image = None
            for frame in container.decode(video=0):
                image = frame
                if frame.time is not None and frame.time >= wanted_s:
                    break
            if image is not None:
                return np.asarray(image.to_ndarray(format="rgb24"), np.uint8)
    except (av.error.FFmpegError, IndexError) as error:
        raise MediaError(f"{video} has no picture that can be read: {error}.", hint="Make it again.") from error
    raise MediaError(f"{video} has no pictures in it.", hint="Make it again.")


def _small(image: Image) -> Image:
    scale = LONGEST_SIDE / max(image.shape[:2])
    if scale >= 1:
        return image
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
