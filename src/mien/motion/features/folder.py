"""The small files beside the weights in a model's folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mien.errors import WeightsError


def read_config(folder: Path, name: str = "config.json") -> dict[str, Any]:
    """A JSON file of a model's folder.

    Raises:
        WeightsError: it is missing or no JSON object.
    """
    path = folder / name
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WeightsError(
            f"There is no {name} in {folder}.",
            hint="Name the folder of a model as Hugging Face keeps it, with all its files.",
        ) from error
    except ValueError as error:
        raise WeightsError(f"{path} is no JSON: {error}.", hint="Fetch the file again.") from error
    if not isinstance(config, dict):
        raise WeightsError(f"{path} is no JSON object.", hint="Fetch the file again.")
    return config


def wants_unit_variance(folder: Path) -> bool:
    """Whether the models in a folder hear samples of unit variance; nearly all do."""
    if not (folder / "preprocessor_config.json").is_file():
        return True
    return bool(read_config(folder, "preprocessor_config.json").get("do_normalize", True))
