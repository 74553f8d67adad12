"""One call of a network for several pictures, whosoever's they are."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MOST = 16
"""In one call."""


class Batch:
    """Questions to one network that wait until one of the answers is needed: then all that wait are answered by one call.

    Questions whose answers nobody can ask for any more are dropped. May be used from several threads.

    Args:
        run: the network: arrays (N, …) in, one array (N, …) out.
        most: questions in one call.
    """

    def __init__(self, run: Callable[..., Any], most: int = MOST) -> None:
        self._run, self._most = run, most
        self._lock = threading.Lock()
        self._waiting: list[weakref.ref[_Question]] = []

    def ask(self, *inputs: Array) -> Callable[[], Array]:
        """Puts a question; what is returned gives the answer (…), or raises what the network raised.

        Args:
            inputs: without their first dimension; of the same shapes each time.
        """
        question = _Question(self, inputs)
        with self._lock:
            self._waiting.append(weakref.ref(question))
        return question

    def answer(self, wanted: _Question) -> None:
        """Answers a question, and with it those that have waited longest."""
        with self._lock:
            if wanted.done:
                return
            waiting = [found for found in (ref() for ref in self._waiting) if found is not None and found is not wanted]
            together = [wanted, *waiting[: self._most - 1]]
            self._waiting = [weakref.ref(question) for question in waiting[self._most - 1 :]]
            self._call(together)

    def _call(self, questions: Sequence[_Question]) -> None:
        """One by one if they cannot be answered together: what one asks, or all of them are too much."""
        columns = zip(*(question.inputs for question in questions), strict=True)
        try:
            answers = np.asarray(self._run(*(np.stack(column) for column in columns)))
        except Exception as error:  # noqa: BLE001 - it is raised where the answer is asked for
            if len(questions) == 1:
                questions[0].fail(error)
            else:
                for question in questions:
                    self._call([question])
            return
        for question, answer in zip(questions, answers, strict=True):
            question.take(answer)


class _Question:
    def __init__(self, batch: Batch, inputs: Sequence[Array]) -> None:
        self.inputs = inputs
        self.done = False
        self._batch = batch
        self._answer: Array | None = None
        self._error: Exception | None = None

    def take(self, answer: Array) -> None:
        self._answer, self.done, self.inputs = answer, True, ()

    def fail(self, error: Exception) -> None:
        self._error, self.done, self.inputs = error, True, ()

    def __call__(self) -> Array:
        self._batch.answer(self)
        if self._error is not None:
            raise self._error
        assert self._answer is not None
        return self._answer
