"""Things that several sessions share: made for the first, closed after the last."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")


class Pool(Generic[T]):
    """Used on one event loop.

    Args:
        make: makes the one of a name; may raise.
        close: ends it.
    """

    def __init__(self, make: Callable[[str], Awaitable[T]], close: Callable[[T], Awaitable[None]]) -> None:
        self._make, self._close = make, close
        self._things: dict[str, T] = {}
        self._users: dict[str, int] = {}
        # Weak: names that were only tried leave nothing behind.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __bool__(self) -> bool:
        """Whether anything is in use."""
        return bool(self._things)

    async def take(self, name: str) -> T:
        """The thing of that name; each `take` that succeeds needs its `give_back`. Raises what `make` raises."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            if name not in self._things:
                self._things[name] = await self._make(name)
            self._users[name] = self._users.get(name, 0) + 1
            return self._things[name]

    async def give_back(self, name: str) -> None:
        """Nothing happens if nobody has it."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            if name not in self._users:
                return
            self._users[name] -= 1
            if not self._users[name]:
                del self._users[name]
                await self._close(self._things.pop(name))

    async def close(self) -> None:
        """Closes everything, in use or not."""
        things, self._things = self._things, {}
        self._users.clear()
        for thing in things.values():
            await self._close(thing)
