"""Numbers out of a pickle that a stranger made. It is read, not run: no name in it is ever looked up, nothing of it is called.

A pickle is a small program for a machine with a stack and a memo. Of its instructions only those that stack numbers, texts, lists and tuples
are followed here, and those by which NumPy tells of its scalars and arrays are recognised for what they stand for. Any other is refused.

Source: the comments of Python's `pickletools`.
"""

from __future__ import annotations

import math
import pickletools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from mien.errors import InputError

MOST_BYTES = 16 << 20

_HINT = "Nothing of it was run. Take this file only from somebody you trust, or make it anew."
_DTYPE = re.compile(r"[iuf][1248]")
_NUMPY = {
    f"{core}.{place}": place.split()[1]
    for core in ("numpy.core", "numpy._core")
    for place in ("multiarray scalar", "multiarray _reconstruct", "numeric _frombuffer")
} | {"numpy dtype": "dtype", "numpy ndarray": "ndarray", "_codecs encode": "encode"}
"""What NumPy's scalars and arrays name, by module and name; of NumPy 1 and 2."""
_PUSHED = ("INT", "LONG", "FLOAT", "BIN", "SHORT_BIN", "UNICODE", "STRING")


class _Name(str):
    """One of the values of `_NUMPY`."""

    __slots__ = ()


class _Array(list[Any]):
    """An array whose content is still to be told; then its rows."""

    __slots__ = ()


class _Kind:
    """A type of numbers."""

    def __init__(self, code: object) -> None:
        if not isinstance(code, str) or not _DTYPE.fullmatch(code):
            raise _refused(f"values of the type {str(code)[:40]!r}")
        self.dtype = np.dtype(code)

    def ordered(self, state: object) -> None:
        """Takes the order of bytes out of what NumPy tells of a type."""
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(state[1])


def read_numbers(data: bytes) -> Any:
    """What a pickle of numbers holds: an int, a float, None, a bool, or lists and tuples of such; arrays become lists.

    Raises:
        InputError: it is larger than `MOST_BYTES`, damaged, or holds anything else.
    """
    if len(data) > MOST_BYTES:
        raise InputError(
            f"A pickle of {len(data) >> 20} MB is too large for coordinates; at most {MOST_BYTES >> 20} MB.", hint=_HINT
        )
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(data):
            machine.step(opcode.name, argument)
        return machine.result()
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(f"The pickle is damaged: {str(error)[:80]}.", hint=_HINT) from error


class _Machine:
    """Follows one pickle."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._told: dict[str, Callable[[], object]] = {
            "NONE": lambda: None,
            "NEWTRUE": lambda: True,
            "NEWFALSE": lambda: False,
            "EMPTY_LIST": list,
            "EMPTY_TUPLE": tuple,
            "LIST": self._marked,
            "TUPLE": lambda: tuple(self._marked()),
            "TUPLE1": lambda: tuple(self._last(1)),
            "TUPLE2": lambda: tuple(self._last(2)),
            "TUPLE3": lambda: tuple(self._last(3)),
            "STACK_GLOBAL": lambda: _name(*self._last(2)),
            "REDUCE": lambda: _called(*self._last(2)),
        }

    def result(self) -> Any:
        value = self._stack.pop()
        if isinstance(value, (str, bytes, _Kind)):
            raise _refused("something else than numbers")
        return value

    def step(self, name: str, argument: Any) -> None:
        if name in ("PROTO", "FRAME", "STOP"):
            return
        if name == "MARK":
            self._marks.append(len(self._stack))
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self._memo[argument] = self._stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = self._stack[-1]
        elif name in ("APPEND", "APPENDS"):
            values = self._last(1) if name == "APPEND" else self._marked()
            self._target().extend(values)
        elif name == "BUILD":
            _completed(self._stack[-2], self._stack.pop())
        else:
            self._stack.append(self._pushed(name, argument))

    def _pushed(self, name: str, argument: Any) -> object:
        if name in self._told:
            return self._told[name]()
        if name in ("GET", "BINGET", "LONG_BINGET"):
            return self._memo[argument]
        if name == "GLOBAL":
            return _name(*argument.split(" ", 1))
        if name == "BYTEARRAY8":
            return bytes(argument)
        if name.startswith(_PUSHED) and isinstance(argument, (int, float, str, bytes)):
            return argument
        raise _refused(f"the instruction {name}")

    def _last(self, count: int) -> list[Any]:
        if len(self._stack) < count:
            raise IndexError("its stack is empty")
        values = self._stack[-count:]
        del self._stack[-count:]
        return values

    def _marked(self) -> list[Any]:
        begin = self._marks.pop()
        values = self._stack[begin:]
        del self._stack[begin:]
        return values

    def _target(self) -> list[Any]:
        if type(self._stack[-1]) is not list:
            raise TypeError("it adds to what is no list")
        return self._stack[-1]


def _name(module: object, name: object) -> _Name:
    try:
        return _Name(_NUMPY[f"{module} {name}"])
    except KeyError:
        raise _refused(f"{str(module)[:40]}.{str(name)[:40]}") from None


def _called(name: object, arguments: Any) -> object:
    """What NumPy would make of these arguments."""
    if not isinstance(name, _Name) or not isinstance(arguments, tuple):
        raise _refused("a call")
    if name == "encode":
        return str(arguments[0]).encode("latin-1")
    if name == "dtype":
        return _Kind(arguments[0])
    if name == "_reconstruct":
        return _Array()
    if name == "scalar":
        kind, raw = arguments
        return _numbers(raw, kind, ())
    if name == "_frombuffer":
        raw, kind, shape, order = arguments
        return _numbers(raw, kind, shape, order)
    raise _refused(f"a call of {name}")


def _completed(value: object, state: Any) -> None:
    if isinstance(value, _Kind):
        value.ordered(state)
    elif isinstance(value, _Array) and not value:
        _, shape, kind, fortran, raw = state
        value.extend(_numbers(raw, kind, shape, "F" if fortran else "C"))
    else:
        raise _refused("an object with a state")


def _numbers(raw: Any, kind: Any, shape: Any, order: Any = "C") -> Any:
    known = isinstance(raw, bytes) and isinstance(kind, _Kind) and isinstance(shape, tuple) and order in ("C", "F")
    if not known:
        raise TypeError("an array that is none")
    if len(raw) != kind.dtype.itemsize * math.prod(shape):
        raise ValueError("an array of another length than its content")
    return np.frombuffer(raw, kind.dtype).reshape(shape, order=order).tolist()


def _refused(what: str) -> InputError:
    return InputError(f"The pickle holds more than numbers: {what}.", hint=_HINT)
