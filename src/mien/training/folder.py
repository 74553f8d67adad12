"""A dataset's folder: which stages are done, with what, and files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.media import atomic_output
from mien.media.files import writing

VERSION = 5
RECORD = "dataset.json"

_ANEW = "Prepare the video anew, in an empty folder."


class Record:
    """`dataset.json`: facts that the stages found, and what each was done with.

    A stage's key covers its parameters and the key of the stage before it: when anything changes, all that follows is done anew.

    Args:
        folder: of the dataset; it need not exist.

    Raises:
        InputError: there is a `dataset.json` that is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ""
        path = folder / RECORD
        self._told = _read(path) if path.is_file() else _nothing()

    @property
    def facts(self) -> dict[str, Any]:
        """Of all stages that are done, by name."""
        return {name: value for stage in self._told["stages"].values() for name, value in stage["facts"].items()}

    def has(self, stage: str) -> bool:
        """Whether a stage was ever done."""
        return stage in self._told["stages"]

    def begun(self, stage: str, parameters: Mapping[str, Any]) -> bool:
        """Goes on to a stage; says whether it still has to be done."""
        told = json.dumps([self._key, stage, parameters], sort_keys=True, default=str)
        self._key = hashlib.sha256(told.encode()).hexdigest()[:16]
        return self._told["stages"].get(stage, {}).get("key") != self._key

    def key(self, stage: str) -> str:
        """Of a stage that is done: another one if it is done with something else."""
        return self._told["stages"][stage]["key"]

    def done(self, stage: str, **facts: Any) -> None:
        """Writes down that the stage that was begun last is done; its files must be there."""
        self._told["stages"][stage] = {"key": self._key, "facts": facts}
        path = self.folder / RECORD
        with atomic_output(path, overwrite=True) as part, writing(path):
            part.write_text(json.dumps(self._told, indent=1) + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    """What stands there; nothing if another version of Mien wrote it, whose stages are all to be done again."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        version, stages = told["version"], told["stages"]
        whole = all(isinstance(stage["key"], str) and isinstance(stage["facts"], dict) for stage in stages.values())
    except (ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise InputError(f"{path} cannot be read.", hint=_ANEW) from error
    return told if whole and version == VERSION else _nothing()


def _nothing() -> dict[str, Any]:
    return {"version": VERSION, "stages": {}}


def save_arrays(path: Path, **arrays: NDArray[Any]) -> None:
    """An uncompressed npz file."""
    with atomic_output(path, overwrite=True) as part, writing(path):
        np.savez(part, allow_pickle=False, **arrays)


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Raises:
    InputError: it is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is missing or damaged.", hint=_ANEW) from error
