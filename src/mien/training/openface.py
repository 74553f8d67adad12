"""Action units as OpenFace's FeatureExtraction writes them: a table whose column names begin with a space."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError

_BLINK, _PARTED = "AU45_r", "AU25_r"
_WANTED = (_BLINK, _PARTED, "timestamp", "success")
_SHUT, _WIDEST = 2.0, 5.0
"""Of OpenFace's intensities 0 … 5: from 2 on the eye is shut, as GaussianTalker and TalkingGaussian read it; 5 is the widest mouth."""
_HINT = f"Give the CSV file that OpenFace's FeatureExtraction writes for this video; the columns {_BLINK} and {_PARTED} are read."


def read_units(path: Path, count: int, fps: float) -> dict[str, NDArray[np.float32]]:
    """What the table tells of a dataset's frames: "blink" (AU45) and "parted" (AU25) as in `Dataset`; a column that it has not is left out.

    Args:
        path: the table, a row for each frame of the video; its column "timestamp" tells when that is, in seconds. Without one the rows are
            spread over the dataset. Where its column "success" is 0, all is 0.
        count: frames of the dataset.
        fps: of the dataset.

    Raises:
        InputError: it is no such table, or of a much shorter video.
    """
    columns = _columns(path)
    if not {_BLINK, _PARTED} & set(columns):
        raise InputError(f"{path} has neither a column {_BLINK} nor {_PARTED}.", hint=_HINT)
    rows = len(next(iter(columns.values())))
    times = columns.get("timestamp", np.arange(rows) * count / (fps * max(rows, 1)))
    if rows < 2 or not (np.diff(times) > 0).all() or times[-1] < 0.9 * (count - 1) / fps:
        raise InputError(
            f"{path} tells of {rows} frames until {times[-1] if rows else 0:.1f} s; the video lasts {count / fps:.1f} s.",
            hint=_HINT,
        )
    seen = columns.get("success", np.ones(rows)) > 0

    def unit(name: str, most: float) -> NDArray[np.float32]:
        share = np.clip(np.nan_to_num(columns[name]) / most, 0, 1) * seen
        return np.interp(np.arange(count) / fps, times, share).astype(np.float32)

    units = {}
    if _BLINK in columns:
        units["blink"] = np.repeat(unit(_BLINK, _SHUT)[:, None], 2, axis=1)
    if _PARTED in columns:
        units["parted"] = unit(_PARTED, _WIDEST)
    return units


def _columns(path: Path) -> dict[str, NDArray[np.float64]]:
    """The columns that are needed, by name without spaces."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.reader(file))
        names = [name.strip() for name in rows[0]]
        return {
            name: np.array([float(row[names.index(name)]) for row in rows[1:] if row])
            for name in _WANTED
            if name in names
        }
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, IndexError) as error:
        raise InputError(f"{path} cannot be read as a table.", hint=_HINT) from error
