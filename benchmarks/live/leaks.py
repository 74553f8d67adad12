"""What is left of sessions that are over."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from benchmarks.live.delays import watching
from mien.live.bench.server import ServerProcess

_REST_S = 4.0


async def leaks(server: ServerProcess, sessions: int, first: int = 20) -> dict[str, Any]:
    """Opens sessions, lets each say a word, closes them; memory, threads, processes and files after every `first` of them."""
    usage: dict[str, Any] = {"0": await _usage(server)}
    for n in range(1, sessions + 1):
        async with watching(server, size=256, seed=n) as watcher:
            await watcher.say("Yes.")
            await asyncio.sleep(0.3)
        if n % first == 0 or n == sessions:
            await asyncio.sleep(_REST_S)
            usage[str(n)] = await _usage(server)
    early, late = usage.get(str(first), usage["0"]), usage[str(sessions)]
    usage["growth"] = round(late["memory_mb"] / early["memory_mb"] - 1, 4)
    return usage


async def _usage(server: ServerProcess) -> dict[str, Any]:
    used = await asyncio.to_thread(server.usage)
    return {name: round(value, 1) for name, value in asdict(used).items() if not name.endswith("_s")}
