from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mien.face.batch import Batch


class Network:
    """Adds its two inputs; 13 is too much for it."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        self.calls.append(len(a))
        if (a == 13).any():
            raise RuntimeError("thirteen")
        return a + b


def one(value: float) -> np.ndarray:
    return np.full(2, value)


def test_all_that_wait_are_answered_by_one_call() -> None:
    network = Network()
    batch = Batch(network)
    asked = [batch.ask(one(number), one(100)) for number in range(5)]
    assert network.calls == []
    assert [answer().tolist() for answer in reversed(asked)] == [[100.0 + n] * 2 for n in (4, 3, 2, 1, 0)]
    assert network.calls == [5]
    later = batch.ask(one(7), one(0))
    assert asked[0]().tolist() == [100.0, 100.0]
    assert later().tolist() == [7, 7]
    assert network.calls == [5, 1]


def test_a_call_is_no_larger_than_it_may_be_and_the_longest_waiting_come_first() -> None:
    network = Network()
    batch = Batch(network, most=3)
    asked = [batch.ask(one(number), one(0)) for number in range(7)]
    assert asked[6]().tolist() == [6, 6]
    assert [question.done for question in asked] == [True, True, False, False, False, False, True]  # pyright: ignore[reportFunctionMemberAccess]
    assert [answer()[0] for answer in asked] == [0, 1, 2, 3, 4, 5, 6]
    assert network.calls == [3, 3, 1]


def test_what_nobody_waits_for_any_more_is_not_worked_out() -> None:
    network = Network()
    batch = Batch(network)
    kept, dropped = batch.ask(one(1), one(2)), batch.ask(one(3), one(4))
    del dropped
    gc.collect()
    assert kept().tolist() == [3, 3]
    assert network.calls == [1]


def test_a_question_that_cannot_be_answered_spoils_only_its_own_answer() -> None:
    network = Network()
    batch = Batch(network)
    good, bad, other = (batch.ask(one(number), one(0)) for number in (1, 13, 2))
    assert good().tolist() == [1, 1]
    for _ in range(2):
        with pytest.raises(RuntimeError, match="thirteen"):
            bad()
    assert other().tolist() == [2, 2]
    assert network.calls == [3, 1, 1, 1]


def test_several_threads_may_ask() -> None:
    network = Network()
    batch = Batch(network)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: batch.ask(one(number), one(0))()[0], range(14, 214)))
    assert found == [float(number) for number in range(14, 214)]
    assert sum(network.calls) == 200
