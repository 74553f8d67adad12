"""Whether picture and sound stay together: flashes and beeps that belong to each other, by the sender's own time stamps and sender reports."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from av import VideoFrame

from benchmarks.live.delays import until_idle, watching, wav
from mien.live.bench.server import ServerProcess
from mien.live.bench.watcher import Arrival, Watcher
from mien.live.slices import OUTPUT_RATE
from mien.types import SAMPLE_RATE

_BEEP_S, _EVERY_S = 0.2, 1.0
_MIDDLE_GREY = 128
_QUIET = 1500
"""Of 32768: beeps are louder, what Opus makes of silence beside them is not."""
_POLL_S = 5.0


def beeps(seconds: float) -> bytes:
    """A wav in which each second begins with a beep of a fifth; frames of 25 per second begin with them."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    # A sine that begins at its crest can be found to the sample.
    tone = 0.5 * np.cos(2 * np.pi * 1000 * at) * (at % _EVERY_S < _BEEP_S)
    return wav(tone.astype(np.float32))


class Onsets:
    """Finds where flashes and beeps begin: (arrival, seconds of the time stamp) each."""

    def __init__(self) -> None:
        self.flashes: list[tuple[float, float]] = []
        self.beeps: list[tuple[float, float]] = []
        self._white = False
        self._last_loud_s = -1.0

    def take(self, watcher: Watcher) -> None:
        while watcher.pictures:
            self._look(watcher.pictures.popleft())
        while watcher.sounds:
            self._hear(watcher.sounds.popleft())

    def _look(self, one: Arrival) -> None:
        assert isinstance(one.media, VideoFrame)
        white = float(np.asarray(one.media.to_ndarray()[: one.media.height]).mean()) > _MIDDLE_GREY
        if white and not self._white:
            self.flashes.append((one.at, one.stamp_s))
        self._white = white

    def _hear(self, one: Arrival) -> None:
        assert isinstance(one.media, np.ndarray)
        loud = np.flatnonzero(np.abs(one.media.astype(int)) > _QUIET)
        if len(loud):
            first = one.stamp_s + float(loud[0]) / OUTPUT_RATE
            if first - self._last_loud_s > _BEEP_S:
                self.beeps.append((one.at, first))
            self._last_loud_s = one.stamp_s + float(loud[-1]) / OUTPUT_RATE


async def sync(server: ServerProcess, minutes: float) -> dict[str, Any]:
    """Milliseconds by which the picture is later than its sound, over so many minutes.

    "stamped" goes by the time stamps and the sender reports, as a browser does that brings both together; "arrived" by the moments when
    packets came.
    """
    onsets = Onsets()
    async with watching(server, engine="flash", size=128) as watcher:
        await until_idle(watcher)
        await watcher.post("audio", content=beeps(60 * minutes), headers={"content-type": "audio/wav"}, timeout=120)
        end = asyncio.get_running_loop().time() + 60 * minutes + 2
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(_POLL_S)
            onsets.take(watcher)
        return _result(onsets, watcher)


def _result(onsets: Onsets, watcher: Watcher) -> dict[str, Any]:
    pairs = []
    for flash in onsets.flashes:
        near = [beep for beep in onsets.beeps if abs(beep[0] - flash[0]) < _EVERY_S / 2]
        if near:
            pairs.append((*flash, *near[0]))
    if len(pairs) < 3:
        return {"beeps": len(onsets.beeps), "flashes": len(onsets.flashes)}
    arrived_v, stamp_v, arrived_a, stamp_a = np.array(pairs).T
    arrived = (arrived_v - arrived_a) * 1000
    stamped = ((stamp_v + watcher.epoch("video")) - (stamp_a + watcher.epoch("audio"))) * 1000
    drift = np.polyfit(stamp_a / 60, stamp_v - stamp_a, 1)[0] * 1000 if len(pairs) > 5 else 0.0
    return {
        "minutes": round(float(stamp_a[-1] - stamp_a[0]) / 60, 2),
        "pairs": len(pairs),
        "stamped_ms": _spread(stamped),
        "arrived_ms": _spread(arrived),
        "first_minute_ms": round(float(np.median(stamped[:60])), 1),
        "last_minute_ms": round(float(np.median(stamped[-60:])), 1),
        "drift_ms_per_minute": round(float(drift), 4),
    }


def _spread(values: np.ndarray) -> dict[str, float]:
    return {name: round(float(f(values)), 1) for name, f in (("min", np.min), ("median", np.median), ("max", np.max))}
