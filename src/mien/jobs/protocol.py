"""What a job's process says: one JSON object with the key `ev` on each line of its standard output. Any other line is a line of the log.

The process is told in one line of JSON on its standard input what to do; the end of that input ends it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mien.errors import JobError, MienError
from mien.jobs.request import JobProblem

MAX_LINE = 64 * 1024
"""Bytes of one line; what lies beyond is cut off."""
MAX_TEXT = 2000
"""Characters of an error's sentences: they may quote what a user wrote."""


class Line(BaseModel):
    """Base of the lines."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class Started(Line):
    """It has begun with the job."""

    ev: Literal["start"]
    pid: int = 0


class Advanced(Line):
    """See `mien.types.Progress`."""

    ev: Literal["progress"]
    stage: str = Field(max_length=100)
    done: float = 0
    total: float | None = None
    unit: str = Field(default="", max_length=100)


class Logged(Line):
    ev: Literal["log"]
    text: str


class Measured(Line):
    """Numbers of one step of a training."""

    ev: Literal["metric"]
    step: int
    values: dict[str, float]


class Made(Line):
    """A file that can be looked at while the job goes on."""

    ev: Literal["artifact"]
    name: str = Field(max_length=200)
    step: int = 0


class Succeeded(Line):
    ev: Literal["result"]
    result: dict[str, Any]


class Failed(Line):
    """As `MienError.as_dict` tells it."""

    ev: Literal["error"]
    code: str
    message: str
    hint: str = ""
    retryable: bool = False

    def problem(self) -> JobProblem:
        return JobProblem(code=self.code, message=self.message, hint=self.hint, retryable=self.retryable)


AnyLine: TypeAlias = Annotated[
    Started | Advanced | Logged | Measured | Made | Succeeded | Failed, Field(discriminator="ev")
]

_LINES: TypeAdapter[AnyLine] = TypeAdapter(AnyLine)


def parse(text: str) -> AnyLine:
    """What a line says; one that is no message is one of the log."""
    if text.startswith("{"):
        try:
            return _LINES.validate_json(text.encode("utf-8", "replace"))
        except ValidationError:
            return Logged(ev="log", text=text)
    return Logged(ev="log", text=text)


def encode(ev: str, fields: dict[str, Any]) -> bytes:
    """One message; numbers in it are finite."""
    return json.dumps({"ev": ev, **fields}, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n"


def encode_error(error: MienError) -> bytes:
    fields = error.as_dict()
    shown = {name: value[:MAX_TEXT] if isinstance(value, str) else value for name, value in fields.items()}
    return encode("error", shown)


def as_error(problem: JobProblem) -> MienError:
    """The error that a process told of; a `JobError` if its class is not known here."""
    known = {kind.code: kind for kind in _kinds(MienError)}
    return known.get(problem.code, JobError)(problem.message, hint=problem.hint)


def _kinds(kind: type[MienError]) -> Iterator[type[MienError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)


class Lines:
    """Cuts bytes into lines: at line feeds, and at carriage returns, with which programs draw progress bars. Empty ones are left out."""

    def __init__(self) -> None:
        self._rest = b""
        self._cut = False

    def push(self, data: bytes) -> list[str]:
        """The lines that are complete now."""
        *whole, rest = data.replace(b"\r", b"\n").split(b"\n")
        lines = []
        for piece in whole:
            lines += self._add(piece)
            self._rest, self._cut = b"", False
        self._keep(rest)
        return lines

    def finish(self) -> list[str]:
        """The last line, if nothing ended it."""
        lines = self._add(b"")
        self._rest, self._cut = b"", False
        return lines

    def _add(self, piece: bytes) -> list[str]:
        self._keep(piece)
        text = self._rest.decode("utf-8", "replace").rstrip()
        return [f"{text}…" if self._cut else text] if text else []

    def _keep(self, piece: bytes) -> None:
        room = MAX_LINE - len(self._rest)
        self._cut = self._cut or len(piece) > room
        self._rest += piece[:room]
