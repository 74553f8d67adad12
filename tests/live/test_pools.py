from __future__ import annotations

import asyncio
import gc

import pytest

from mien.errors import NotFoundError
from mien.live.pools import Pool


class Things:
    """Notes what is made and closed."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.closed: list[str] = []
        self.pool: Pool[str] = Pool(self.make, self.close)

    async def make(self, name: str) -> str:
        await asyncio.sleep(0.01)
        if name.startswith("no"):
            raise NotFoundError(f"There is no {name}.")
        self.made.append(name)
        return name

    async def close(self, name: str) -> None:
        await asyncio.sleep(0.01)
        self.closed.append(name)


def test_a_thing_is_made_once_for_all_and_closed_after_the_last():
    async def test() -> None:
        things = Things()
        assert await asyncio.gather(*(things.pool.take("one") for _ in range(3))) == ["one"] * 3
        assert things.made == ["one"]
        await things.pool.give_back("one")
        await things.pool.give_back("one")
        assert things.closed == []
        await asyncio.gather(things.pool.give_back("one"), things.pool.take("one"))
        assert (things.made, things.closed) == (["one", "one"], ["one"])

    asyncio.run(test())


def test_names_that_cannot_be_made_leave_nothing_behind():
    async def test() -> None:
        things = Things()
        for n in range(20):
            with pytest.raises(NotFoundError):
                await things.pool.take(f"no {n}")
        gc.collect()
        assert len(things.pool._locks) == 0
        await things.pool.give_back("no 1")
        await things.pool.close()
        assert things.closed == []

    asyncio.run(test())
