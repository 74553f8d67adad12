"""Pictures that come with Mien; each is an avatar of its file's name.

astronaut.jpg: Eileen Collins, NASA, public domain; as distributed with scikit-image.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def builtin_names() -> list[str]:
    return sorted(path.stem for path in _FOLDER.glob("*.jpg"))


def builtin_picture(name: str) -> Path | None:
    """The picture of that built-in avatar; None if there is none of that name."""
    return _FOLDER / f"{name}.jpg" if name in builtin_names() else None
