from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mien.errors import InputError
from mien.training.pickles import MOST_BYTES, read_numbers

BOXES = [(10, 80, 20, 90), (11, 81, 21, 91)]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "told",
    [
        BOXES,
        [list(box) for box in BOXES],
        [(0.0, -1.5, 2.25, 1e300), (True, None, -(2**70), 0)],
        [],
        3,
    ],
)
def test_numbers_are_read_as_python_reads_them(told: Any, protocol: int):
    assert read_numbers(pickle.dumps(told, protocol)) == told


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("kind", ["<i8", ">i4", "<f4", "u1", "f8"])
def test_numbers_of_numpy_are_numbers(kind: str, protocol: int):
    array = np.arange(8).reshape(2, 4).astype(kind)
    told = [tuple(array[0]), array[1], array, np.asfortranarray(array)]
    expected = [tuple(array[0].tolist()), array[1].tolist(), array.tolist(), array.tolist()]
    assert read_numbers(pickle.dumps(told, protocol)) == expected


def test_names_of_numpy_1_and_2_are_known():
    made = pickle.dumps([np.int64(7)], 2)
    older = made.replace(b"cnumpy._core.multiarray", b"cnumpy.core.multiarray")
    assert b"cnumpy.core.multiarray" in older
    assert read_numbers(older) == [7]


class Call:
    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.told = function, arguments

    def __reduce__(self) -> Any:
        return self.told


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "evil",
    [
        Call(os.system, "touch {}"),
        Call(eval, "open('{}', 'w')"),
        Call(getattr, "text", "join"),
        Call(getattr, Call(__import__, "os"), "system"),
        Call(__import__, "os"),
        Call(np.load, "{}"),
        Call(np.ndarray, (1 << 40,)),
        {"a": 1},
        {1, 2},
        object(),
        np.array([object()]),
        np.dtype("O"),
        "text",
    ],
)
def test_all_else_is_refused_and_nothing_is_run(evil: Any, protocol: int, tmp_path: Any):
    trace = tmp_path / "trace"
    if isinstance(evil, Call):
        evil = Call(evil.told[0], *(a.format(trace) if isinstance(a, str) else a for a in evil.told[1]))
    with pytest.raises(InputError):
        read_numbers(pickle.dumps(evil, protocol))
    with pytest.raises(InputError):
        read_numbers(pickle.dumps([*BOXES, (1, 2, 3, evil)] if not isinstance(evil, str) else evil, protocol))
    assert not trace.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"\x80\x04]",
        b"\x80\x04.",
        b"]a.",
        b"e.",
        b"\x85.",
        b"h\x05.",
        b"]]b.",
        b"]r\xff\xff\xff\xff]j\x00\x00\x00\x00.",
        b"\x8b\xff\xff\xff\x7f.",
        b"B\xff\xff\xff\xff.",
        b"\x80\x04\x95" + struct.pack("<Q", 1 << 60) + b"q\x00.",
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x80\x02cnumpy\nndarray\n)R.",
        b"\x80\x02cnumpy\ndtype\n(U\x02i8tR.",
        b"\x80\x02(cos\nsystem\nU\x04trueo.",
        b"\x80\x02ios\nsystem\n.",
        b"\x80\x02U\x01aQ.",
    ],
)
def test_broken_and_made_up_pickles_are_refused(data: bytes):
    with pytest.raises(InputError):
        read_numbers(data)


def test_an_array_has_as_much_content_as_it_says():
    array = pickle.dumps(np.zeros(4, np.int64), 4)
    claimed = array.replace(b"K\x04\x85", b"J\xff\xff\xff\x7f\x85")
    assert claimed != array
    with pytest.raises(InputError, match="another length"):
        read_numbers(claimed)


def test_a_huge_one_is_refused_before_it_is_read():
    with pytest.raises(InputError, match="too large"):
        read_numbers(bytes(MOST_BYTES + 1))


def test_every_cut_of_a_good_one_is_an_error_or_numbers():
    made = pickle.dumps([tuple(np.arange(4)) for _ in range(3)])
    for length in range(len(made)):
        with pytest.raises(InputError):
            read_numbers(made[:length])
