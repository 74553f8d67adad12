"""What a checkpoint's pickle tells of, read and not run: no name in it is ever looked up, nothing of it is called.

A pickle is a small program for a machine with a stack and a memo. Only the instructions that stack plain values and containers are followed
here, and those by which PyTorch tells of tensors, storages and modules are recognised for what they stand for. Any other is refused.

Source: the comments of Python's `pickletools`.
"""

from __future__ import annotations

import math
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import WeightsError

_STORAGES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "BFloat16Storage": "bf2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "b1",
}
_PUSHED = ("INT", "LONG", "FLOAT", "BININT", "BINFLOAT", "BINUNICODE", "SHORT_BIN", "UNICODE", "BINSTRING", "STRING")
_PASSED_ON = {
    "torch Size",
    "torch._utils _rebuild_parameter",
    "torch.jit._pickle build_intlist",
    "torch.jit._pickle build_doublelist",
    "torch.jit._pickle build_boollist",
    "torch.jit._pickle build_tensorlist",
    "torch.jit._pickle restore_type_tag",
}
"""Functions that are there for the sake of a type: what counts is their first argument."""
_SCRIPTED = "__torch__"
"""Begins the names of classes in TorchScript."""


@dataclass(frozen=True, slots=True)
class Storage:
    """Numbers that lie elsewhere in the file.

    Args:
        key: their name there.
        dtype: as NumPy names it; "bf2": bfloat16.
        count: of numbers.
    """

    key: str
    dtype: str
    count: int

    @property
    def size(self) -> int:
        """Bytes."""
        return self.count * int(self.dtype[-1])


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor of which the numbers are still to be read; offset and strides count numbers."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def of(self, values: NDArray[Any]) -> NDArray[Any]:
        """The tensor, out of the storage's values.

        Raises:
            ValueError: it reaches beyond them.
        """
        last = self.offset + sum((side - 1) * step for side, step in zip(self.shape, self.strides, strict=True))
        if math.prod(self.shape) == 0:
            return np.zeros(self.shape, values.dtype)
        if last >= len(values) or math.prod(self.shape) > len(values):
            raise ValueError("a tensor reaches beyond its storage")
        steps = [step * values.itemsize for step in self.strides]
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, steps).copy()


@dataclass(slots=True)
class Module:
    """An object of TorchScript: its attributes."""

    held: dict[str, Any] = field(default_factory=dict)

    def tensors(self) -> dict[str, StoredTensor]:
        """Those of it and of the modules in it, named as in a `state_dict`."""
        found: dict[str, StoredTensor] = {}
        left: list[tuple[str, Any]] = [("", self)]
        seen: set[int] = set()
        while left:
            prefix, module = left.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            for name, value in module.held.items():
                if isinstance(value, StoredTensor):
                    found[f"{prefix}{name}"] = value
                elif isinstance(value, Module):
                    left.append((f"{prefix}{name}.", value))
        return found


class _Name(str):
    """Module and name, parted by a space."""

    __slots__ = ()


def unpickle(data: bytes) -> tuple[Any, int]:
    """The first pickle in `data`.

    Returns:
        What it tells of, and how many bytes long it is.

    Raises:
        WeightsError: it tells of something else than weights.
        ValueError, LookupError, TypeError: it is damaged.
    """
    machine = _Machine()
    end = 0
    for opcode, argument, position in pickletools.genops(data):
        machine.step(opcode.name, argument)
        end = (position or 0) + 1
    return machine.stack.pop(), end


class _Machine:
    """Follows one pickle."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._made: dict[str, Callable[[], object]] = {
            "NONE": lambda: None,
            "NEWTRUE": lambda: True,
            "NEWFALSE": lambda: False,
            "EMPTY_DICT": dict,
            "EMPTY_LIST": list,
            "EMPTY_TUPLE": tuple,
            "DICT": self._marked_pairs,
            "LIST": self._marked,
            "TUPLE": lambda: tuple(self._marked()),
            "TUPLE1": lambda: tuple(self._last(1)),
            "TUPLE2": lambda: tuple(self._last(2)),
            "TUPLE3": lambda: tuple(self._last(3)),
            "STACK_GLOBAL": lambda: _Name(" ".join(self._last(2))),
            "REDUCE": lambda: _called(*self._last(2)),
            "NEWOBJ": lambda: _made(*self._last(2)),
            "BINPERSID": lambda: _storage(*self._last(1)),
        }

    def step(self, name: str, argument: Any) -> None:
        if name in ("PROTO", "FRAME", "STOP"):
            return
        if name == "MARK":
            self._marks.append(len(self.stack))
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self._memo[argument] = self.stack[-1]
        elif name == "MEMOIZE":
            self._memo[len(self._memo)] = self.stack[-1]
        elif name in ("APPEND", "APPENDS"):
            values = self._last(1) if name == "APPEND" else self._marked()
            _of_type(self.stack[-1], list).extend(values)
        elif name in ("SETITEM", "SETITEMS"):
            pairs = dict([self._last(2)]) if name == "SETITEM" else self._marked_pairs()
            _of_type(self.stack[-1], dict).update(pairs)
        elif name == "BUILD":
            (state,) = self._last(1)
            _completed(self.stack[-1], state)
        else:
            self.stack.append(self._pushed(name, argument))

    def _pushed(self, name: str, argument: Any) -> object:
        if name in self._made:
            return self._made[name]()
        if name in ("GET", "BINGET", "LONG_BINGET"):
            return self._memo[argument]
        if name == "GLOBAL":
            return _Name(argument)
        if name.startswith(_PUSHED) and isinstance(argument, (int, float, str, bytes)):
            return argument
        raise _refused(f"the instruction {name}")

    def _last(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise IndexError("its stack is empty")
        values = self.stack[-count:]
        del self.stack[-count:]
        return values

    def _marked(self) -> list[Any]:
        begin = self._marks.pop()
        values = self.stack[begin:]
        del self.stack[begin:]
        return values

    def _marked_pairs(self) -> dict[Any, Any]:
        values = self._marked()
        return dict(zip(values[::2], values[1::2], strict=True))


def _of_type(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"it fills something that is no {kind.__name__}")
    return value


def _called(name: object, arguments: Any) -> object:
    """What a call would give."""
    if not isinstance(name, _Name) or not isinstance(arguments, tuple):
        raise _refused("a call")
    if name == "collections OrderedDict":
        return dict(*arguments)
    if name in _PASSED_ON:
        return arguments[0]
    if name in ("torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_tensor"):
        storage, offset, shape, strides = arguments[:4]
        numbers = [offset, *shape, *strides]
        known = isinstance(storage, Storage) and isinstance(shape, tuple) and isinstance(strides, tuple)
        if not known or not all(type(number) is int and number >= 0 for number in numbers):
            raise TypeError("a tensor that is none")
        return StoredTensor(storage, offset, shape, strides)
    raise _refused(f"{name!r:.80}")


def _made(name: object, arguments: Any) -> object:
    if not isinstance(name, _Name) or not name.startswith(_SCRIPTED) or arguments != ():
        raise _refused(f"{name!r:.80}")
    return Module()


def _completed(value: object, state: Any) -> None:
    if isinstance(value, Module):
        value.held.update(_of_type(state, dict))
    elif type(value) is not dict:  # an OrderedDict of PyTorch's has notes about versions, which nobody needs
        raise _refused("an object with a state")


def _storage(told: Any) -> Storage:
    kind, name, key, _, count, *view = _of_type(told, tuple)
    module, _, cls = str(name).partition(" ")
    if kind != "storage" or not isinstance(name, _Name) or module != "torch" or cls not in _STORAGES:
        raise _refused(f"a {kind!r:.40} of {name!r:.80}")
    if not isinstance(key, str) or type(count) is not int or count < 0 or any(view):
        raise ValueError("a storage that is none")
    return Storage(key, _STORAGES[cls], count)


def _refused(what: str) -> WeightsError:
    return WeightsError(
        f"holds more than weights: {what}; nothing in it was run.",
        hint="Use a safetensors file of the same model, or a checkpoint that holds tensors only.",
    )
