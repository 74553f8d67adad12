"""Handing in a job: the same `Idempotency-Key` gives the same job, however often a request is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, TypeAlias
from weakref import WeakValueDictionary

from fastapi import Depends, Header, Response
from starlette.requests import HTTPConnection

from mien.errors import NotFoundError
from mien.jobs.limits import admit
from mien.jobs.request import JobInfo, Kind, Request
from mien.server.identity import Caller
from mien.server.state import Configured, JobStore

_Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Of the sender's choice: the same key with the same request gives the same job.",
    ),
]


class Locks:
    """One lock for each key that is in use."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    def of(self, owner: str, key: str) -> asyncio.Lock:
        """Whoever holds it is the only one who hands something in under that key; without a key, nobody waits."""
        if not key:
            return asyncio.Lock()
        lock = self._locks.get((owner, key))
        if lock is None:
            lock = self._locks[owner, key] = asyncio.Lock()
        return lock


class _Desk:
    """Takes jobs in for the sender of a request, and says so in the response's headers."""

    def __init__(
        self,
        connection: HTTPConnection,
        settings: Configured,
        jobs: JobStore,
        caller: Caller,
        response: Response,
        key: _Key = None,
    ) -> None:
        self._locks: Locks = connection.app.state.locks
        self._settings, self._jobs, self._response = settings, jobs, response
        self._owner, self._key = caller.user, key or ""

    async def take(
        self,
        kind: Kind,
        wanted: Request,
        check: Callable[[], None] | None = None,
        *,
        files: Mapping[str, Path] | None = None,
    ) -> JobInfo:
        """Queues a job, or finds the one that this request made before.

        Args:
            kind: of the job.
            wanted: what it shall do.
            check: raises what is wrong with it; runs in a thread. What a job has made may stand in its own way: a known one is not checked.
            files: travel with it under these names; moved into the job's folder.

        Raises:
            ConflictError: the key was used for another request.
            OutputError: the disk is full.
            MienError: as `check` and `Jobs.submit` raise it.
        """
        async with self._locks.of(self._owner, self._key):
            if not await self._known():
                await asyncio.to_thread(self._check, check)
            job, replayed = await self._jobs.submit(kind, wanted, owner=self._owner, files=files, key=self._key)
        self._response.headers["Location"] = f"/api/v1/jobs/{job.id}"
        if replayed:
            self._response.headers["Idempotent-Replayed"] = "true"
        return job

    def _check(self, check: Callable[[], None] | None) -> None:
        admit(self._settings)
        if check is not None:
            check()

    async def _known(self) -> bool:
        from mien.jobs.store import id_of_key

        if not self._key:
            return False
        try:
            await self._jobs.get(id_of_key(self._owner, self._key), self._owner)
        except NotFoundError:
            return False
        return True


Desk: TypeAlias = Annotated[_Desk, Depends()]
