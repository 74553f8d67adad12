"""What a check says of one thing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["pass", "warn", "fail"]

_ORDER: tuple[Verdict, ...] = ("pass", "warn", "fail")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was looked at.

    Args:
        name: a stable word.
        verdict: "fail": no good avatar can come of it.
        value: the figure, rounded; None where there is none.
        unit: of the value.
        sentence: how it is.
        advice: what to do about it; "" if nothing.
    """

    name: str
    verdict: Verdict
    value: float | None
    unit: str
    sentence: str
    advice: str = ""


def worst(items: Iterable[Item]) -> Verdict:
    """The worst verdict of them."""
    return _ORDER[max((_ORDER.index(item.verdict) for item in items), default=0)]


def above(value: float, warn: float, fail: float | None = None) -> Verdict:
    """ "pass" up to `warn`, "fail" beyond `fail`."""
    if fail is not None and value > fail:
        return "fail"
    return "warn" if value > warn else "pass"


def below(value: float, warn: float, fail: float | None = None) -> Verdict:
    """ "pass" from `warn` on, "fail" below `fail`."""
    return above(-value, -warn, None if fail is None else -fail)
