"""The real command, as a user runs it: wall time, processor time and memory of `mien speak` and `mien --help`."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TEN_SECONDS = (
    "Hello, nice to meet you. I am a picture that has learned to speak, and everything that you hear and see here was "
    "made on this machine, without any help from the outside."
)
RUNS = 5


def run(*arguments: str) -> dict[str, Any]:
    """One `mien` process: seconds of wall and processor time, peak memory in MB, and what it printed."""
    with tempfile.TemporaryFile() as printed:
        start = time.perf_counter()
        actions = [(os.POSIX_SPAWN_DUP2, printed.fileno(), 1)]
        command = [sys.executable, "-m", "mien", *arguments]
        child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
        _, status, usage = os.wait4(child, 0)
        wall = time.perf_counter() - start
        printed.seek(0)
        text = printed.read().decode()
    if status != 0:
        raise RuntimeError(f"{arguments} failed: {text}")
    return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024, "text": text}


def spread(runs: list[dict[str, Any]]) -> dict[str, list[float]]:
    """min, median, max of each figure."""
    names = ("wall_s", "cpu_s", "peak_mb")
    return {name: [round(f([each[name] for each in runs]), 2) for f in (min, statistics.median, max)] for name in names}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "out.mp4")
        speak = ["speak", "-a", "astronaut", "-o", output, "--overwrite", "--json"]
        run(*speak, "-t", "Warm up.")
        runs = [run(*speak, "-t", TEN_SECONDS) for _ in range(RUNS)]
        told = [json.loads(each["text"]) for each in runs]
        long = Path(folder) / "long.txt"
        long.write_text(" ".join([TEN_SECONDS] * 60))
        result = {
            "columns": ["min", "median", "max"],
            "help": spread([run("--help") for _ in range(RUNS)]),
            "speak": spread(runs)
            | {"video_s": told[0]["video_seconds"], "stages_s": [each["seconds"] for each in told]},
            "speak ten minutes": spread([run(*speak, "--text-file", str(long))]),
        }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
