"""Avatars of LiveTalking: a folder of pictures and where the face is in each. They become a film to learn from.

`full_imgs/00000000.png …` are the frames, 25 a second. `coords.pkl` is a list of boxes, one for each: top, bottom, left, right for Wav2Lip;
left, top, right, bottom for MuseTalk and Ultralight, 0 where no face was found. All else (`face_imgs`, `mask`, `mask_coords.pkl`,
`latents.pt`) follows from these, for networks that are not used here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.media import VideoWriter, read_image
from mien.training.pickles import read_numbers
from mien.training.prepare import LEAST_S
from mien.training.split import FPS
from mien.types import Image, Progress, Report, silent

_PICTURES, _BOXES = "full_imgs", "coords.pkl"
_LEFT_FIRST = ("latents.pt", "mask", "ultralight.pth")
"""One of them is beside boxes that begin with their left side."""
_AROUND = 1.5
"""Heights of the face that are kept around it: head, neck and shoulders, but no second person."""
_CRF = 10
_HINT = "Name a folder like data/avatars/NAME of LiveTalking."


def is_livetalking(folder: Path) -> bool:
    """Whether this is such a folder; its content is not looked at."""
    return (folder / _PICTURES).is_dir()


def film(folder: Path, target: Path, report: Report = silent) -> None:
    """Writes the pictures as a video without sound, cut to the surroundings of the face.

    Args:
        folder: of the avatar.
        target: an MP4 file.
        report: progress, stage "read".

    Raises:
        InputError: too few pictures, of different sizes; coordinates that cannot be, or a pickle with more than numbers in it.
        MediaError: a picture cannot be read.
    """
    pictures = _pictures(folder)
    first = read_image(pictures[0])
    height, width = first.shape[:2]
    rows, columns = _region(_boxes(folder, len(pictures)), (width, height))
    size = columns.stop - columns.start, rows.stop - rows.start
    with VideoWriter(target, size, FPS, None, crf=_CRF) as writer:
        for number, path in enumerate(pictures, 1):
            writer.write(_of_size(path, first.shape)[rows, columns])
            report(Progress("read", number, len(pictures), "frames"))


def _pictures(folder: Path) -> list[Path]:
    """In the order of their numbers, as LiveTalking shows them."""
    numbered = {
        int(path.stem): path
        for path in (folder / _PICTURES).iterdir()
        if path.suffix.lower() in (".png", ".jpg", ".jpeg") and path.stem.isascii() and path.stem.isdecimal()
    }
    pictures = [numbered[number] for number in sorted(numbered)]
    if not pictures:
        raise InputError(f"There are no pictures in {folder / _PICTURES}.", hint=_HINT)
    if len(pictures) < LEAST_S * FPS:
        raise InputError(
            f"{folder} has {len(pictures)} pictures, which is {len(pictures) / FPS:.1f} s; at least {LEAST_S:g} s are needed to learn a face.",
            hint=f"Make an avatar of one of them: mien avatar create NAME {pictures[0]}",
        )
    return pictures


def _of_size(path: Path, shape: tuple[int, ...]) -> Image:
    image = read_image(path)
    if image.shape != shape:
        raise InputError(
            f"{path} has {image.shape[1]} × {image.shape[0]} pixels, the first picture {shape[1]} × {shape[0]}.",
            hint=_HINT,
        )
    return image


def _boxes(folder: Path, count: int) -> NDArray[np.float64]:
    """left, top, right, bottom (n, 4) where a face was found; none if the folder does not tell."""
    path = folder / _BOXES
    if not path.is_file():
        return np.zeros((0, 4))
    try:
        rows = _table(read_numbers(path.read_bytes()))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", hint=_HINT) from error
    except InputError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint) from error
    if len(rows) != count:
        raise InputError(f"{path} tells of {len(rows)} frames; there are {count} pictures.", hint=_HINT)
    if not any((folder / name).exists() for name in _LEFT_FIRST):
        rows = rows[:, [2, 0, 3, 1]]
    return rows[(rows[:, 2] > rows[:, 0]) & (rows[:, 3] > rows[:, 1])]


def _table(told: Any) -> NDArray[np.float64]:
    """(N, 4)."""
    rows = [row if isinstance(row, (list, tuple)) else () for row in told] if isinstance(told, (list, tuple)) else []
    numbers = all(len(row) == 4 and all(type(value) in (int, float) for value in row) for row in rows)
    if not rows or not numbers:
        raise InputError("It is no list of boxes, four numbers each.", hint=_HINT)
    try:
        table = np.array(rows, np.float64)
    except OverflowError:
        table = np.full((len(rows), 4), np.inf)
    if not np.isfinite(table).all():
        raise InputError("A box in it has no finite place.", hint=_HINT)
    return table


def _region(boxes: NDArray[np.float64], picture: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of what is kept of the pictures; their numbers are even where the picture's are."""
    width, height = picture
    if not len(boxes):
        return slice(0, height), slice(0, width)
    around = _AROUND * float(np.median(boxes[:, 3] - boxes[:, 1]))
    low = np.floor((boxes[:, :2].min(axis=0) - around) / 2).astype(int) * 2
    high = np.ceil((boxes[:, 2:].max(axis=0) + around) / 2).astype(int) * 2
    left, top = np.clip(low, 0, None).tolist()
    right, bottom = np.minimum(high, picture).tolist()
    if right - left < 2 or bottom - top < 2:
        raise InputError(f"The faces lie outside of the pictures of {width} × {height} pixels.", hint=_HINT)
    return slice(top, bottom), slice(left, right)
