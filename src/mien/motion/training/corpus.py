"""Speech without end to learn from, with exact phoneme times, as a seed decides.

flite, espeak-ng in many languages with Mandarin first, recorded sentences with forced alignment if there are any, and sounds that
nobody speaks.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from mien.errors import UsageError, VoiceError
from mien.motion.training.espeak import LANGUAGES, EspeakSource
from mien.motion.training.flite import FliteSource
from mien.motion.training.noise import NoiseSource
from mien.motion.training.recorded import RecordedSource
from mien.motion.training.utterance import Source, Utterance

__all__ = ["SHARES", "Utterance", "utterances"]

SHARES: Mapping[str, float] = {"flite": 0.50, "mandarin": 0.25, "languages": 0.17, "recorded": 0.04, "noise": 0.04}
"""Kinds of sound and their shares of the time. `recorded` needs a folder; without it the others share its time."""

_MANDARIN = "cmn"
_FAILURES = 20
"""So many utterances in a row that cannot be made are not chance."""


class _Line:
    """The utterances of one kind, made a little ahead by the pool, given in order."""

    def __init__(
        self, share: float, source: Source, seeds: tuple[int, ...], pool: ThreadPoolExecutor, ahead: int
    ) -> None:
        self._share = share
        self._source = source
        self._seeds = seeds
        self._pool = pool
        self._ahead = ahead
        self._waiting: deque[Future[Utterance | None]] = deque()
        self._asked = 0
        self._given_s = 0.0

    def owed_s(self, total_s: float) -> float:
        """Seconds by which this kind is behind its share."""
        return self._share * total_s - self._given_s

    def next(self) -> Utterance:
        for _ in range(_FAILURES):
            while len(self._waiting) < self._ahead:
                rng = np.random.default_rng([*self._seeds, self._asked])
                self._waiting.append(self._pool.submit(self._source.utterance, rng))
                self._asked += 1
            made = self._waiting.popleft().result()
            if made is not None:
                self._given_s += made.seconds
                return made
        raise VoiceError(
            f"{_FAILURES} utterances in a row could not be made by {type(self._source).__name__}.",
            hint="Run with MIEN_LOG_LEVEL=info to see why.",
        )


def utterances(
    seed: int,
    seconds: float,
    *,
    workers: int = 1,
    kinds: Mapping[str, float] = SHARES,
    held_out: bool = False,
    recordings: Path | None = None,
) -> Iterator[Utterance]:
    """Sound of all kinds, mixed.

    Args:
        seed: decides everything but the noise in the breathy ones of espeak-ng's voices; `workers` changes nothing.
        seconds: ends with the utterance that reaches this much sound.
        workers: how many utterances are made at the same time.
        kinds: share of the time of each kind, as in `SHARES`; what is left out is not made.
        held_out: only voices (and recorded sentences) that training never uses.
        recordings: folder like LJ Speech's, for the kind `recorded`.

    Raises:
        UsageError: an unknown kind, or shares of which nothing can be made.
        MissingDependency: flite or pocketsphinx is not installed.
        NotFoundError, InputError: the recordings are not there, or broken.
    """
    shares = _shares(kinds, recordings)
    makers: Mapping[str, Callable[[], Source]] = {
        "flite": lambda: FliteSource(held_out=held_out),
        "mandarin": lambda: EspeakSource((_MANDARIN,), held_out=held_out, workers=workers),
        "languages": lambda: EspeakSource(LANGUAGES, held_out=held_out, workers=workers),
        "recorded": lambda: RecordedSource(_required(recordings), held_out=held_out),
        "noise": NoiseSource,
    }
    sources = {kind: makers[kind]() for kind in shares}
    return _mixed(sources, shares, seed, seconds, max(1, workers), held_out)


def _mixed(
    sources: Mapping[str, Source],
    shares: Mapping[str, float],
    seed: int,
    seconds: float,
    workers: int,
    held_out: bool,
) -> Iterator[Utterance]:
    pool = ThreadPoolExecutor(workers, thread_name_prefix="corpus")
    try:
        lines = [
            _Line(share, sources[kind], (seed, int(held_out), zlib.crc32(kind.encode())), pool, workers)
            for kind, share in shares.items()
        ]
        total_s = 0.0
        while total_s < seconds:
            line = max(lines, key=lambda line: line.owed_s(total_s))
            utterance = line.next()
            total_s += utterance.seconds
            yield utterance
    finally:
        pool.shutdown(cancel_futures=True)
        for source in sources.values():
            source.close()


def _shares(kinds: Mapping[str, float], recordings: Path | None) -> dict[str, float]:
    """The shares of what can be made; they sum to 1."""
    for kind, share in kinds.items():
        if kind not in SHARES:
            raise UsageError(f"There is no kind of sound {kind!r}.", hint=f"Kinds are {', '.join(SHARES)}.")
        if not 0.0 <= share < float("inf"):
            raise UsageError(f"The share of {kind!r} is {share}.", hint="Give a number from 0 to 1.")
    wanted = {kind: kinds[kind] for kind in SHARES if kinds.get(kind) and (kind != "recorded" or recordings)}
    if not wanted:
        raise UsageError(
            "Nothing is left to be made of the chosen kinds.",
            hint="The kind `recorded` needs a folder with recordings.",
        )
    total = sum(wanted.values())
    return {kind: share / total for kind, share in wanted.items()}


def _required(recordings: Path | None) -> Path:
    assert recordings is not None
    return recordings
