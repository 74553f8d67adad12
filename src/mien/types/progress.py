"""How anything over a second says how far it is, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """Args:
    stage: a stable word: "fetch", "analyse", "speak", "render", …
    done: units done.
    total: units in all; None if unknown.
    unit: "frames", "bytes", "sentences", …
    """

    stage: str
    done: float
    total: float | None = None
    unit: str = ""


Report: TypeAlias = Callable[[Progress], None]
"""Called often, must be quick. It cancels the work by raising `mien.errors.Cancelled`."""


def silent(progress: Progress) -> None:
    """A report that nobody reads."""
