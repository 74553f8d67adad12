"""Numbers for sessions: LiveTalking's older pages take their ids for whole numbers."""

from __future__ import annotations

import secrets
from collections import OrderedDict

KEPT = 10_000
_SMALLEST = 10**14
_EXACT = 2**53
"""Whole numbers below it survive JavaScript."""


class Aliases:
    """Hard to guess, like the ids that they stand for. The oldest are forgotten."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, str] = OrderedDict()

    def add(self, id: str) -> str:
        """A new number, as text, for a session."""
        alias = str(_SMALLEST + secrets.randbelow(_EXACT - _SMALLEST))
        self._ids[alias] = id
        while len(self._ids) > KEPT:
            self._ids.popitem(last=False)
        return alias

    def resolve(self, given: str) -> str:
        """The id that a number stands for; anything else as it is."""
        return self._ids.get(given, given)

    def of(self, id: str) -> str:
        """The number of a session; its id if it has none."""
        return next((alias for alias, known in self._ids.items() if known == id), id)
