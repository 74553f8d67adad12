from __future__ import annotations

import asyncio

import numpy as np

from mien.live.ears import Ears

PIECE = np.zeros(320, np.int16)  # 20 ms


class Told:
    """Counts what is passed on, and has a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.samples = 0
        self.ears = Ears(self.listen, clock=lambda: self.now)

    async def listen(self, samples: np.ndarray) -> None:
        self.samples += len(samples)

    def hear(self, seconds: float, speed: float) -> None:
        """Sound of that length, so many times faster than it is spoken."""

        async def hear() -> None:
            self.ears.start()
            for _ in range(round(seconds / 0.02)):
                self.now += 0.02 / speed
                self.ears.hear(PIECE)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            await self.ears.close()

        asyncio.run(hear())


def test_all_sound_is_passed_on_even_if_the_microphone_runs_fast():
    told = Told()
    told.hear(600, 1.01)
    assert told.samples == 600 * 16000


def test_sound_that_waited_in_the_network_is_passed_on():
    told = Told()
    told.hear(9, 1000)
    assert told.samples == 9 * 16000


def test_more_than_anybody_can_speak_is_dropped():
    told = Told()
    told.hear(200, 20)
    assert 20 * 16000 < told.samples < 21 * 16000
