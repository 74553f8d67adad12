"""How many live sessions this machine holds.

Measured in a process of its own (`python -m mien.live.capacity`), so that the server keeps nothing of it in memory; in processor time, so that other
work on the machine does not matter. What needs a whole server to be measured are constants of the benchmark `benchmarks/bench_live.py`.
"""

from __future__ import annotations

import json
import logging
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mien.errors import MienError
from mien.settings import Settings

logger = logging.getLogger(__name__)

HEAD_ROOM = 0.75
"""The share of a core that sessions may use; beyond it frames come late before the core is full."""
LOOP = 0.18
"""Cores of one session beside drawing and encoding: RTP, SRTP, the pipeline, voice activity, the clock, the voice. Most of it runs on one thread, the
event loop, which all sessions share. Measured 0.17 with three sessions, 0.24 with one."""
SESSION_MB = 60.0
"""Memory of one session, in the server and in the render process together; measured 55."""
SERVER_MB = 700.0
"""Memory of a server without sessions: itself, the render process and its spare one, the recogniser; measured 450 fresh, 670 after many."""

_FPS, _SIZE = 25, 512
_WARM_UP, _FRAMES = 10, 40
_PACKETS_PER_S, _PACKET = 50, 960
_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Costs:
    """Processor time of one session that speaks, in cores.

    Args:
        draw: in the render process, which draws all sessions one after the other.
        encode: of picture and sound, spread over all cores.
        loop: on the event loop.
    """

    draw: float
    encode: float
    loop: float = LOOP

    @property
    def total(self) -> float:
        return self.draw + self.encode + self.loop


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many sessions at once.

    Args:
        sessions: at least 1.
        bound_by: what would be exhausted first: "cores", "drawing", "loop", "memory".
        costs: of one session.
        cores: that this process may use.
    """

    sessions: int
    bound_by: str
    costs: Costs
    cores: float


def plan(costs: Costs, cores: float, memory_mb: float) -> Capacity:
    """How many sessions fit.

    Args:
        costs: of one session.
        cores: that the server may use.
        memory_mb: likewise.
    """
    bounds = {
        "cores": HEAD_ROOM * cores / costs.total,
        "drawing": HEAD_ROOM / costs.draw,
        "loop": HEAD_ROOM / costs.loop,
        "memory": (memory_mb - SERVER_MB) / SESSION_MB,
    }
    least = min(bounds, key=lambda name: bounds[name])
    return Capacity(max(1, math.floor(bounds[least])), least, costs, cores)


def measure(settings: Settings) -> Capacity:
    """Measures this machine; takes about two seconds and blocks. What cannot be measured counts as room for one session."""
    cores = usable_cores()
    try:
        costs = Costs(**_ask_process(settings))
    except (OSError, ValueError, TypeError, subprocess.SubprocessError):
        logger.warning("capacity_not_measured")
        return Capacity(1, "cores", Costs(0.0, 0.0), cores)
    capacity = plan(costs, cores, _memory_mb(settings))
    logger.info("capacity_measured", extra=asdict(capacity))
    return capacity


def usable_cores() -> float:
    """Of this machine, its container and its affinity."""
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    return min(cores, _quota(Path("/sys/fs/cgroup/cpu.max")))


def _quota(file: Path) -> float:
    """Cores that a container may use (cgroup v2); infinite if nothing is said."""
    try:
        quota, period = file.read_text().split()
        return int(quota) / int(period)
    except (OSError, ValueError):
        return math.inf


def _memory_mb(settings: Settings) -> float:
    import psutil

    return settings.live_memory_mb or 0.6 * psutil.virtual_memory().total / 2**20


def _ask_process(settings: Settings) -> dict[str, float]:
    wanted = settings.model_dump(
        mode="json", include={"data_dir", "cache_dir", "offline", "threads", "live_video_kbps"}
    )
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "NUMBA_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    process = subprocess.run(
        [sys.executable, "-P", "-m", "mien.live.capacity"],
        input=json.dumps(wanted),
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        check=True,
        timeout=_TIMEOUT_S,
    )
    return json.loads(process.stdout)


def main() -> None:
    """Measures in this process: settings as JSON on standard input, `Costs` without `loop` on standard output."""
    settings = Settings(**json.load(sys.stdin))
    output, sys.stdout = sys.stdout, sys.stderr
    try:
        draw, pictures = _draw(settings)
    except MienError as error:  # such as model files that are not here; sessions will say so
        sys.exit(f"{error.message} {error.hint}")
    encode = _encode_pictures(pictures, settings.live_video_kbps * 1000) + _encode_sound()
    json.dump({"draw": draw, "encode": encode}, output)


def _draw(settings: Settings) -> tuple[float, list[Any]]:
    """Cores that drawing takes, and talking pictures in I420."""
    import cv2
    import numpy as np

    from mien.avatars import builtin_names
    from mien.studio import AUTO, RenderOptions
    from mien.studio.create import open_named_avatar
    from mien.studio.engines import engine_of_package, load_engine, open_session
    from mien.types import SAMPLE_RATE, Phoneme

    cv2.setNumThreads(1)
    package = open_named_avatar(builtin_names()[0], settings)
    engine = load_engine(engine_of_package(package, AUTO), settings)
    session = open_session(engine, package, RenderOptions(fps=_FPS, size=_SIZE))
    seconds = (_WARM_UP + _FRAMES) / _FPS
    sounds = [Phoneme("bamofi"[n % 6], n / 10, (n + 1) / 10, 2 * (n % 2)) for n in range(int(10 * seconds))]
    session.push_audio(np.zeros(int(seconds * SAMPLE_RATE), np.float32), sounds)
    session.end_segment()
    frames = session.frames()
    pictures: list[Any] = []

    def one() -> None:
        pictures.append(cv2.cvtColor(next(frames).image, cv2.COLOR_RGB2YUV_I420))

    return _FPS * _processor_s(one), pictures


def _encode_pictures(pictures: list[Any], bit_rate: int) -> float:
    from aiortc.mediastreams import VIDEO_CLOCK_RATE, VIDEO_TIME_BASE
    from av import VideoFrame

    from mien.live.edge.encoders import SteadyVp8

    encoder = SteadyVp8(bit_rate)
    waiting = enumerate(pictures)

    def one() -> None:
        number, picture = next(waiting)
        frame = VideoFrame.from_numpy_buffer(picture, format="yuv420p")
        frame.pts, frame.time_base = number * VIDEO_CLOCK_RATE // _FPS, VIDEO_TIME_BASE
        encoder.encode(frame)

    return _FPS * _processor_s(one)


def _encode_sound() -> float:
    """The avatar's sound; the user's costs less to decode and counts on the loop."""
    from fractions import Fraction

    import numpy as np
    from aiortc.codecs.opus import OpusEncoder
    from av import AudioFrame

    encoder = OpusEncoder()
    noise = np.random.default_rng(0).integers(-8000, 8000, (_WARM_UP + _FRAMES, 1, _PACKET)).astype(np.int16)

    def packets() -> Iterator[AudioFrame]:
        for number, samples in enumerate(noise):
            frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = _PACKETS_PER_S * _PACKET
            frame.pts, frame.time_base = number * _PACKET, Fraction(1, frame.sample_rate)
            yield frame

    waiting = packets()
    return _PACKETS_PER_S * _processor_s(lambda: encoder.encode(next(waiting)))


def _processor_s(work: Callable[[], object]) -> float:
    """Processor time of one call, after some to warm up: the lower quartile, for what other programs do to caches only adds to it."""
    times = []
    for _ in range(_WARM_UP + _FRAMES):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    return sorted(times[_WARM_UP:])[_FRAMES // 4]


if __name__ == "__main__":
    main()
