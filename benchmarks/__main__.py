"""Runs the benchmarks, each in a process of its own, and writes `benchmarks/results/NAME.json`.

    python -m benchmarks [NAME …]     NAME: alignment, bearing, clip, face, gaussian, jobs, live, media, motion,
                                      portrait, raster, speak, training, unet, wav2lip, web

Give the machine nothing else to do meanwhile; every result names the machine, the commit and the load it met.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def circumstances() -> dict[str, Any]:
    """What a figure depends on."""
    cpu = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if "model name" in line), "")
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True)
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": commit.stdout.strip(),
        "cpu": cpu or platform.processor(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def main() -> None:
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    names = sys.argv[1:] or known
    for name in names:
        if name not in known:
            raise SystemExit(f"There is no benchmark called {name!r}; there are {', '.join(known)}.")
        met = circumstances()
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", f"benchmarks.bench_{name}"]
        run = subprocess.run(command, cwd=HERE.parent, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        result = {"circumstances": met, "result": json.loads(run.stdout)}
        file = HERE / "results" / f"{name}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
        print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
