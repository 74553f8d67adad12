"""Several sessions that all speak, watched for a while: `python -m mien.live.bench.crowd`, a process beside the server's."""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
from dataclasses import asdict, dataclass
from typing import Any

import httpx
import numpy as np

from mien.live.bench.watcher import SESSIONS, Watcher, skip_decoding

TEXT = (
    "Hello, nice to meet you. I am a picture that has learned to speak, and everything that you hear and see here was "
    "made on this machine, without any help from the outside. Big maps show five wild wolves above the mossy beach. "
)
_TEXT_S = 14.0
"""How long it takes to say it."""
_SETTLE_S = 3.0
_MAX_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class Watched:
    """What one session showed.

    Args:
        fps: pictures per second, those that only repeat the one before left out.
        p95_ms, worst_ms: between two pictures.
        repeated, missed: pictures shown twice, and ticks left out, by the server's own count.
        spoke: it had not finished before the watching ended.
    """

    fps: float
    p95_ms: float
    worst_ms: float
    repeated: int
    missed: int
    spoke: bool


def gaps_ms(arrivals: list[float], since: float) -> np.ndarray:
    """Between the pictures that arrived after a moment."""
    return np.diff([at for at in arrivals if at >= since]) * 1000


async def watch(url: str, sessions: int, seconds: float, request: dict[str, Any]) -> dict[str, Any]:
    """Opens that many sessions, lets all speak, and watches them.

    Returns:
        "sessions": a `Watched` each; "client_cores": what this process took meanwhile. Before the watching begins, "watching" is told on
        standard output.
    """
    async with httpx.AsyncClient(base_url=url, timeout=60.0) as api:
        watchers: list[Watcher] = []
        try:
            for _ in range(sessions):
                response = await api.post(SESSIONS, json=request)
                response.raise_for_status()
                watchers.append(Watcher(api, response.json()["id"]))
                await watchers[-1].connect()
            text = (TEXT * (2 + int((seconds + _SETTLE_S) / _TEXT_S)))[:_MAX_TEXT]
            await asyncio.gather(*(watcher.say(text) for watcher in watchers))
            await asyncio.sleep(_SETTLE_S)
            return await _measure(watchers, seconds)
        finally:
            await asyncio.gather(*(watcher.close() for watcher in watchers), return_exceptions=True)
            await asyncio.gather(*(api.delete(watcher.path) for watcher in watchers), return_exceptions=True)


async def _measure(watchers: list[Watcher], seconds: float) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    before = [await watcher.info() for watcher in watchers]
    start, used = loop.time(), _processor_s()
    _tell({"watching": len(watchers)})
    await asyncio.sleep(seconds)
    elapsed, spent = loop.time() - start, _processor_s() - used
    after = [await watcher.info() for watcher in watchers]
    pairs = zip(watchers, before, after, strict=True)
    found = [_watched(watcher, start, one, other) for watcher, one, other in pairs]
    return {"sessions": [asdict(one) for one in found], "client_cores": spent / elapsed}


def _watched(watcher: Watcher, start: float, before: dict[str, Any], after: dict[str, Any]) -> Watched:
    gaps = gaps_ms(watcher.arrivals("video"), start)
    if len(gaps) < 2:
        return Watched(0.0, float("inf"), float("inf"), 0, 0, False)
    shown, repeated, missed = (
        int(after["metrics"][name] - before["metrics"][name])
        for name in ("frames_shown", "frames_repeated", "ticks_missed")
    )
    fresh = 1.0 - repeated / max(shown, 1)
    spoke = after["state"] == "speaking"
    worst, p95 = float(gaps.max()), float(np.percentile(gaps, 95))
    return Watched(1000 / float(gaps.mean()) * fresh, p95, worst, repeated, missed, spoke)


def _tell(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _processor_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("sessions", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--request", type=json.loads, default={})
    options = parser.parse_args()
    skip_decoding()
    found = asyncio.run(watch(options.url, options.sessions, options.seconds, options.request))
    _tell(found)


if __name__ == "__main__":
    main()
