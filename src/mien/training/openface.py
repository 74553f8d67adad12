"""Action units as OpenFace's FeatureExtraction writes them: a table whose column names begin with a space."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError

_COLUMN = "AU45_r"
_SHUT = 2.0
"""Of OpenFace's intensity 0 … 5: from there on the eye is shut, as GaussianTalker and TalkingGaussian read it."""
_HINT = f"Give the CSV file that OpenFace's FeatureExtraction writes for this video; the column {_COLUMN} is read."


def read_blinks(path: Path, count: int, fps: float) -> NDArray[np.float32]:
    """How far the eyes are shut in every frame of a dataset: float32 (count, 2), both alike, 0 … 1; 0 where OpenFace saw no face.

    Args:
        path: the table, a row for each frame of the video; its column "timestamp" tells when that is, in seconds. Without one the rows are
            spread over the dataset.
        count: frames of the dataset.
        fps: of the dataset.

    Raises:
        InputError: it is no such table, or of a much shorter video.
    """
    columns = _columns(path)
    if _COLUMN not in columns:
        raise InputError(f"{path} has no column {_COLUMN}.", hint=_HINT)
    shut = np.clip(columns[_COLUMN] / _SHUT, 0, 1) * (columns.get("success", np.ones(1)) > 0)
    times = columns.get("timestamp", np.arange(len(shut)) * count / (fps * max(len(shut), 1)))
    if len(shut) < 2 or (np.diff(times) <= 0).any() or times[-1] < 0.9 * (count - 1) / fps:
        raise InputError(
            f"{path} tells of {len(shut)} frames until {times[-1] if len(times) else 0:.1f} s; the video lasts {count / fps:.1f} s.",
            hint=_HINT,
        )
    blinks = np.interp(np.arange(count) / fps, times, shut).astype(np.float32)
    return np.repeat(blinks[:, None], 2, axis=1)


def _columns(path: Path) -> dict[str, NDArray[np.float64]]:
    """The columns that are needed, by name without spaces."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file))
        names = [name.strip() for name in rows[0]]
        wanted = [name for name in (_COLUMN, "timestamp", "success") if name in names]
        return {name: np.array([float(row[names.index(name)]) for row in rows[1:] if row]) for name in wanted}
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, IndexError) as error:
        raise InputError(f"{path} cannot be read as a table.", hint=_HINT) from error
