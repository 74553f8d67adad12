"""A real `mien serve`, seen and heard by a WebRTC client in another process: how soon it reacts, whether picture and sound stay together,
how many sessions it holds, what is left of those that are over.

    python -m benchmarks live                                        all of it, half an hour
    python -m benchmarks.bench_live --only echo,interrupt --trials 10
    python -m benchmarks.bench_live --only sessions --avatar me     with an avatar that was trained
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tests.live.stub_llm import Answer, StubLlm

from benchmarks.live import delays
from benchmarks.live.chromium import chromium
from benchmarks.live.leaks import leaks
from benchmarks.live.senses import Eyes
from benchmarks.live.sync import sync
from mien.live.bench.hold import take
from mien.live.bench.server import ServerProcess

HERE = Path(__file__).parent
PLUGINS = os.pathsep.join([str(HERE.parent / "tests" / "plugin"), str(HERE / "live" / "flash")])
PARTS = ("echo", "audio", "interrupt", "conversation", "sync", "chromium", "sessions", "leaks")
GOALS_MS = {
    "echo": {"lips": 150, "sound": 250},
    "audio": {"lips": 150},
    "interrupt": {"lips": 150, "sound": 150},
    "conversation": {"sound": 900},
}
LIVETALKING = {
    "source": "LiveTalking a5a77f4, its own code with batch size 16 (the default) and a model of 60 frames per second; measured where "
    "it hands pictures and sound to WebRTC, so without network, encoding and a voice",
    "audio: first sound": [980, 990],
    "interrupt: last sound": [1040, 1640],
}
ANSWER = "Yes, of course. It will be sunny in the morning, and in the afternoon there may be a little rain."


def figures(values: list[float], goal: float | None) -> dict[str, Any]:
    """Of delays in milliseconds."""
    known = [value for value in values if not np.isnan(value)]
    if not known:
        return {"n": 0}
    found: dict[str, Any] = {"n": len(known), "missed": len(values) - len(known)}
    for name, value in zip(("min", "median", "p95", "max"), np.percentile(known, [0, 50, 95, 100]), strict=True):
        found[name] = round(float(value))
    return found | ({"goal": goal, "reached": found["median"] <= goal} if goal else {})


def summary(part: str, found: delays.Delays) -> dict[str, Any]:
    return {name: figures(values, GOALS_MS.get(part, {}).get(name)) for name, values in found.items()}


async def measure(options: argparse.Namespace, server: ServerProcess, llm_server: ServerProcess) -> dict[str, Any]:
    eyes, trials, avatar, result = Eyes(), options.trials, options.avatar, {}
    for part in options.only:
        print(f"{part} …", file=sys.stderr, flush=True)
        if part == "echo":
            result[part] = summary(part, await delays.echo(server, eyes, trials, avatar))
        elif part == "audio":
            result[part] = summary(part, await delays.recording(server, eyes, trials, avatar))
        elif part == "interrupt":
            result[part] = summary(part, await delays.interruption(server, eyes, trials, avatar))
        elif part == "conversation":
            found, stages = await delays.conversation(llm_server, eyes, trials, avatar)
            result[part] = summary(part, found) | {"stages": summary("", stages)}
        elif part == "sync":
            result[part] = await sync(llm_server, options.sync_minutes)
        elif part == "chromium":
            result[part] = await asyncio.to_thread(chromium, server.url, options.chromium_seconds, avatar)
        elif part == "sessions":
            steps = [await asyncio.to_thread(take, server, n, options.seconds, {"avatar": avatar}) for n in (1, 3)]
            result[part] = {str(step.sessions): asdict(step) for step in steps}
        elif part == "leaks":
            result[part] = await leaks(server, options.sessions)
        print(json.dumps(result[part]), file=sys.stderr, flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda names: names.split(","), default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument(
        "--avatar", default="astronaut", help="who speaks: a built-in or stored avatar; sync and leaks have their own"
    )
    parser.add_argument("--trials", type=int, default=15, help="of each delay")
    parser.add_argument("--seconds", type=float, default=20, help="that 1 and 3 sessions are watched")
    parser.add_argument("--sync-minutes", type=float, default=9.9, help="of speech; a recording may last ten")
    parser.add_argument("--chromium-seconds", type=int, default=60, help="that a browser watches")
    parser.add_argument("--sessions", type=int, default=200, help="that are opened and closed")
    options = parser.parse_args()
    with StubLlm([Answer(text=ANSWER)]) as llm:
        settings = {"MIEN_LIVE_MAX_SESSIONS": "8", "MIEN_LIVE_IDLE_TIMEOUT_S": "3600"}
        talk = {
            "PYTHONPATH": PLUGINS,
            "MIEN_RECOGNIZER": "canned",
            "MIEN_LLM": "custom",
            "MIEN_LLM_BASE_URL": llm.url,
            "MIEN_LLM_MODEL": "stub",
        }
        with ServerProcess(settings) as server, ServerProcess(settings | talk) as llm_server:
            result = asyncio.run(measure(options, server, llm_server))
    print(json.dumps(result | {"options": vars(options), "livetalking_ms": LIVETALKING}, indent=1))


if __name__ == "__main__":
    main()
