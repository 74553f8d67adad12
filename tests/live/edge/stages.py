"""A stage for tests: slices of a colour at 25 fps, with a tone, or a flash and a beep in the same slice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np

from mien.live.slices import OUTPUT_RATE, Sink, Slice
from mien.types import frame_bounds

FPS = 25.0
FLASH_EVERY = 25
RED, GREEN, WHITE, BLACK = (82, 90, 240), (145, 54, 34), (235, 128, 128), (16, 128, 128)
"""Y, U, V of BT.601, limited range."""


def picture(colour: tuple[int, int, int], size: int = 128) -> np.ndarray:
    image = np.empty((size * 3 // 2, size), np.uint8)
    image[:size] = colour[0]
    image[size : size * 5 // 4] = colour[1]
    image[size * 5 // 4 :] = colour[2]
    return image


def tone(tick: int, hertz: float = 440, fps: float = FPS, level: float = 0.5) -> np.ndarray:
    first, end = frame_bounds(tick, fps, OUTPUT_RATE)
    return (np.sin(2 * np.pi * hertz * np.arange(first, end) / OUTPUT_RATE) * level * 32767).astype(np.int16)


def colour_slice(tick: int, fps: float = FPS) -> Slice:
    """Red and green by turns, a second each; always a tone."""
    colour = RED if int(tick / fps) % 2 == 0 else GREEN
    sound = tone(tick, fps=fps)
    return Slice(tick, picture(colour), sound, np.zeros_like(sound), 0, False)


def flash_slice(tick: int, fps: float = FPS) -> Slice:
    """White with a beep once a second, else black and silent."""
    flash = tick % FLASH_EVERY == 10
    sound = tone(tick, 1000, fps)
    silence = np.zeros_like(sound)
    return Slice(tick, picture(WHITE if flash else BLACK), sound if flash else silence, silence, 0, True)


@asynccontextmanager
async def stage(
    *sinks: Sink, make: Callable[[int], Slice] = colour_slice, fps: float = FPS, first: int = 100
) -> AsyncIterator[None]:
    """Gives slices to the sinks in real time while the block runs; late ones are left out, as a stage does."""

    async def play() -> None:
        began, tick = time.monotonic(), first
        while True:
            piece = make(tick)
            for sink in sinks:
                sink.put(piece)
            tick = max(tick + 1, first + int((time.monotonic() - began) * fps))
            await asyncio.sleep(began + (tick - first) / fps - time.monotonic())

    task = asyncio.create_task(play())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
