"""The folder of recognisers' models: one folder each, under `recognizer_dir`."""

from __future__ import annotations

from pathlib import Path

from mien.errors import WeightsError
from mien.settings import Settings


def models_folder(settings: Settings) -> Path:
    return settings.recognizer_dir or settings.data_dir / "recognizers"


def models_with(settings: Settings, needed: tuple[str, ...]) -> list[Path]:
    """The folders that hold a file for each of these patterns, sorted by name."""
    folder = models_folder(settings)
    if not folder.is_dir():
        return []
    return [path for path in sorted(folder.iterdir()) if all(any(path.glob(pattern)) for pattern in needed)]


def find_model(settings: Settings, engine: str, model: str, needed: tuple[str, ...], how_to_get: str) -> Path:
    """The folder of a model.

    Args:
        settings: see `mien.settings`.
        engine: the recogniser's name.
        model: the folder's name; "" for the first one that has the needed files. It may come from a user of the server.
        needed: patterns, each of which must match a file in the folder.
        how_to_get: the hint if there is none.

    Raises:
        WeightsError: there is none.
    """
    folder, found = models_folder(settings), models_with(settings, needed)
    if not model:
        if not found:
            raise WeightsError(f"There is no model for {engine} in {folder}.", hint=how_to_get)
        return found[0]
    for path in found:
        if path.name == model:
            return path
    names = ", ".join(path.name for path in found) or "none"
    if model in ("..", ".") or "/" in model or "\\" in model or not (folder / model).is_dir():
        raise WeightsError(f"There is no model {model!r} for {engine} in {folder}; it has: {names}.", hint=how_to_get)
    missing = ", ".join(pattern for pattern in needed if not any((folder / model).glob(pattern)))
    raise WeightsError(f"{folder / model} is no model for {engine}: {missing} is missing.", hint=how_to_get)
