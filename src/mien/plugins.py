"""Plug-ins are entry points; Mien's own engines and voices use the same door as anyone's.

An entry point of the group `mien.engines`, `mien.voices` or `mien.recognizers` names a light `Spec`; the heavy class that the
spec's `factory` names is imported when it is first used.
"""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from mien.errors import MissingDependency, NotFoundError

ENGINES = "mien.engines"
VOICES = "mien.voices"
RECOGNIZERS = "mien.recognizers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What is known of a plug-in before it is loaded.

    Args:
        name: how users name it.
        summary: one line for listings.
        licence: SPDX expression of the code *and* of what it loads, as users must know it.
        factory: `module:attribute` of the heavy class.
        modules: top-level modules that must be importable, beyond Mien's own dependencies.
        install: the exact line that installs them.
    """

    name: str
    summary: str
    licence: str
    factory: str
    modules: tuple[str, ...] = ()
    install: str = ""

    def missing(self) -> list[str]:
        """The modules that are not installed; empty if the plug-in can be loaded."""
        return [name for name in self.modules if importlib.util.find_spec(name) is None]


def _points(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}


def names(group: str) -> list[str]:
    """The names of all installed plug-ins of a group, sorted."""
    return sorted(_points(group))


def spec(group: str, name: str) -> Any:
    """The spec of one plug-in.

    Raises:
        NotFoundError: there is none of that name.
    """
    point = _points(group).get(name)
    if point is None:
        raise NotFoundError(
            f"There is no {group.removeprefix('mien.').removesuffix('s')} plug-in called {name!r}.",
            hint=f"Installed: {', '.join(names(group)) or 'none'}.",
        )
    return point.load()


def load(spec: Spec) -> Any:
    """The heavy object a spec's factory names.

    Raises:
        MissingDependency: a package that it needs is not installed.
    """
    missing = spec.missing()
    if missing:
        raise MissingDependency(
            f"{spec.name!r} needs {', '.join(missing)}, which is not installed.", hint=f"Run: {spec.install}"
        )
    return attribute(spec.factory)


def attribute(path: str) -> Any:
    """What `module:attribute` names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
