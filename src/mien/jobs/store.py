"""The jobs as everybody sees them who does not run them: submit, ask, stop, follow."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mien.errors import ConflictError, NotFoundError
from mien.jobs import presence
from mien.jobs.database import VERSION, open_client, prepare
from mien.jobs.folder import JobFile, JobFolder, new_id
from mien.jobs.following import Follower
from mien.jobs.kinds import KINDS
from mien.jobs.request import (
    ENDED,
    REQUESTS,
    JobEvent,
    JobInfo,
    JobPage,
    JobProblem,
    JobProgress,
    Kind,
    Request,
    Status,
)
from mien.settings import Settings

if TYPE_CHECKING:
    from dbos import DBOSClient, WorkflowStatus

_STATUS: dict[str, Status] = {
    "ENQUEUED": "queued",
    "DELAYED": "queued",
    "PENDING": "running",
    "SUCCESS": "succeeded",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}
_TITLE = 80


class Jobs:
    """All jobs of one data folder and database. Made by `open`; used in one event loop.

    Where `owner` is asked for, None means everybody: for whoever runs the machine.
    """

    def __init__(self, settings: Settings, client: DBOSClient) -> None:
        self._settings = settings
        self._client = client
        self._follower = Follower(client)

    @classmethod
    def open(cls, settings: Settings) -> Jobs:
        """Blocks for about a second.

        Raises:
            SettingsError: the database cannot be used.
        """
        return cls(settings, open_client(prepare(settings)))

    async def close(self) -> None:
        await self._follower.close()
        await asyncio.to_thread(self._client.destroy)

    def folder(self, id: str) -> JobFolder:
        """Where its files are. Whoever asks has looked whose it is.

        Raises:
            NotFoundError: no job can have that id.
        """
        return JobFolder(self._settings, id)

    async def submit(
        self, kind: Kind, request: Request, *, owner: str, files: Mapping[str, Path] | None = None, key: str = ""
    ) -> tuple[JobInfo, bool]:
        """Queues a job.

        Args:
            kind: what is to be done.
            request: of the kind's class.
            owner: whose it is.
            files: travel with it under these names; moved into the job's folder, so best on the same disk. Their suffixes are kept.
            key: of whoever asks: the same one twice makes one job.

        Returns:
            The job, and whether it had been submitted before under that key.

        Raises:
            ConflictError: something else was submitted under that key.
        """
        fingerprint = await asyncio.to_thread(_fingerprint, kind, request, files or {})
        id = id_of_key(owner, key) if key else new_id()
        folder = self.folder(id)
        if key and (known := await self._known(id, owner, fingerprint, files or {})):
            return known, True
        queue = await asyncio.to_thread(KINDS[kind].queue, request, self._settings)
        job = JobFile(
            kind=kind, owner=owner, request=request.model_dump(), created_at=time.time(), fingerprint=fingerprint
        )
        try:
            await asyncio.to_thread(folder.create, job, files)
        except FileExistsError as error:
            raise _taken_key() from error
        await self._client.enqueue_async(
            {
                "queue_name": queue,
                "workflow_name": kind,
                "workflow_id": id,
                "authenticated_user": owner,
                "app_version": VERSION,
            },
            {"request": job.request, "fingerprint": fingerprint, "queue": queue, "created_at": job.created_at},
        )
        status = await self._status(id, owner)
        if _input(status).get("fingerprint") != fingerprint:  # another server was faster with this key
            raise _taken_key()
        return self._info(status), False

    async def _known(self, id: str, owner: str, fingerprint: str, files: Mapping[str, Path]) -> JobInfo | None:
        status = await self._find(id, owner)
        if status is None:
            return None
        if _input(status).get("fingerprint") != fingerprint:
            raise _taken_key()
        for file in files.values():
            file.unlink(missing_ok=True)
        return self._info(status)

    async def get(self, id: str, owner: str | None = None) -> JobInfo:
        """Raises:
        NotFoundError: there is none of that id, or it is somebody else's.
        """
        return self._info(await self._status(id, owner))

    async def list(
        self,
        owner: str | None = None,
        *,
        kinds: Collection[Kind] = (),
        statuses: Collection[Status] = (),
        limit: int = 20,
        offset: int = 0,
    ) -> JobPage:
        """Some jobs, the newest first."""
        found = await self._client.list_workflows_async(
            name=list(kinds or REQUESTS),
            status=[name for name, status in _STATUS.items() if status in statuses] if statuses else None,
            user=owner,
            limit=limit + 1,
            offset=offset,
            sort_desc=True,
        )
        infos = await asyncio.to_thread(lambda: [self._info(one) for one in found[:limit]])
        return JobPage(jobs=infos, next_offset=offset + limit if len(found) > limit else None)

    async def counts(self) -> dict[str, int]:
        """How many are `queued` and `running`."""
        found = await self._client.list_workflows_async(
            name=list(REQUESTS), status=["ENQUEUED", "DELAYED", "PENDING"], load_input=False, load_output=False
        )
        running = sum(one.status == "PENDING" for one in found)
        return {"queued": len(found) - running, "running": running}

    def workers(self) -> list[dict[str, Any]]:
        """The workers that are alive, on any machine that shares the data folder: name, queue, host, pid."""
        return presence.alive(self._settings)

    async def cancel(self, id: str, owner: str | None = None) -> JobInfo:
        """Stops a job; its processes are gone within a second.

        Raises:
            NotFoundError: as `get`.
            ConflictError: it has ended already.
        """
        self._check(await self._status(id, owner), ("queued", "running"), "cancelled")
        await self._client.cancel_workflow_async(id)
        return await self.get(id)

    async def resume(self, id: str, owner: str | None = None) -> JobInfo:
        """Goes on with a cancelled job from its last checkpoint.

        Raises:
            NotFoundError: as `get`.
            ConflictError: it is not cancelled.
        """
        status = await self._status(id, owner)
        self._check(status, ("cancelled",), "resumed")
        await self._client.resume_workflow_async(id, queue_name=_input(status)["queue"])
        return await self.get(id)

    async def retry(self, id: str, owner: str | None = None) -> JobInfo:
        """Tries a failed job once more, from its last checkpoint.

        Raises:
            NotFoundError: as `get`.
            ConflictError: it has not failed.
        """
        status = await self._status(id, owner)
        self._check(status, ("failed",), "retried")
        await self._client.rewind_workflow_async(id, queue_name=_input(status)["queue"])
        return await self.get(id)

    async def delete(self, id: str, owner: str | None = None) -> None:
        """Removes a job and its files; one that runs is stopped first.

        Raises:
            NotFoundError: as `get`.
        """
        status = await self._status(id, owner)
        if _STATUS[status.status] not in ENDED:
            await self._client.cancel_workflow_async(id)
        await self._client.delete_workflow_async(id)
        await asyncio.to_thread(self.folder(id).delete)

    async def watch(self, id: str, owner: str | None = None, after: int = -1) -> AsyncIterator[JobEvent]:
        """What happens to a job, until it ends: then a last event `state` says how. Without that, it was deleted, or this is closed.

        Args:
            id: which.
            owner: whose.
            after: the number of the last event that is known. Of the progress that is behind only the last is told.

        Raises:
            NotFoundError: as `get`.
        """
        await self._status(id, owner)
        while not self._follower.closed:
            async for event in self._follower.read(id, after):
                after = after if event.id is None else event.id
                yield event
            try:
                info = await self.get(id)
            except NotFoundError:
                return  # deleted meanwhile
            if info.status in ENDED:  # and was not resumed since
                yield JobEvent(None, "state", info.model_dump(include={"status", "result", "error"}))
                return

    async def end_watching(self) -> None:
        """Ends every `watch`, now and from now on; done before what readers hang on is closed."""
        await self._follower.close()

    async def _find(self, id: str, owner: str | None) -> WorkflowStatus | None:
        found = await self._client.list_workflows_async(workflow_ids=[id], user=owner)
        return next((one for one in found if one.name in REQUESTS), None)

    async def _status(self, id: str, owner: str | None) -> WorkflowStatus:
        folder = self.folder(id)  # which refuses what cannot be an id
        status = await self._find(folder.id, owner)
        if status is None:
            raise NotFoundError("There is no such job.", hint="It may have been deleted: look at the list of jobs.")
        return status

    def _check(self, status: WorkflowStatus, allowed: Sequence[Status], what: str) -> None:
        now = _STATUS[status.status]
        if now not in allowed:
            raise ConflictError(
                f"The job cannot be {what}: it is {now}.", hint=f"Only a job that is {' or '.join(allowed)} can."
            )

    def _info(self, status: WorkflowStatus) -> JobInfo:
        folder = self.folder(status.workflow_id)
        now = _STATUS[status.status]
        given = _input(status)
        request, created_at = given["request"], given["created_at"]
        progress = folder.progress() if now == "running" else None
        return JobInfo(
            id=status.workflow_id,
            kind=status.name,  # pyright: ignore[reportArgumentType]  # pydantic checks it
            status=now,
            title=_title(request),
            owner=status.authenticated_user or "",
            request=request,
            created_at=created_at,
            started_at=_seconds(status.dequeued_at, created_at),
            ended_at=_seconds(status.completed_at, created_at) if now in ENDED else None,
            attempt=folder.attempts(),
            worker=(status.executor_id or "") if now != "queued" else "",
            progress=JobProgress.model_validate(progress) if progress else None,
            result=status.output if now == "succeeded" else None,
            error=_problem(status) if now == "failed" else None,
        )


def _input(status: WorkflowStatus) -> dict[str, Any]:
    assert status.input is not None
    return status.input["args"][0]


def _seconds(milliseconds: int | None, earliest: float) -> float | None:
    # SQLite's clock, which stamps what DBOS writes, counts whole seconds.
    return max(milliseconds / 1000, earliest) if milliseconds else None


def _problem(status: WorkflowStatus) -> JobProblem:
    data = getattr(status.error, "data", None)
    if isinstance(data, dict) and "code" in data:
        return JobProblem.model_validate(data)
    if status.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        return JobProblem(
            code="job", message="The worker died every time that it did this job.", hint="Look at its log."
        )
    return JobProblem(code="job", message=f"The job ended with {type(status.error).__name__}.", hint="Look at its log.")


def _title(request: dict[str, Any]) -> str:
    text = " ".join(str(request.get("name") or request.get("text") or request.get("avatar") or "").split())
    return text if len(text) <= _TITLE else f"{text[: _TITLE - 1]}…"


def _taken_key() -> ConflictError:
    return ConflictError("Another request was sent with this Idempotency-Key.", hint="Use a new key for a new request.")


def id_of_key(owner: str, key: str) -> str:
    """The id of the job that is submitted under a key."""
    return hashlib.sha256(json.dumps([owner, key]).encode()).hexdigest()[:32]


def _fingerprint(kind: Kind, request: Request, files: Mapping[str, Path]) -> str:
    digest = hashlib.sha256(json.dumps([kind, request.model_dump(), sorted(files)], sort_keys=True).encode())
    for name in sorted(files):
        with files[name].open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()
