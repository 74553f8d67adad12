"""A job as DBOS runs it: one durable workflow for each kind, whose one step runs the child process."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from mien.errors import NotFoundError, OutputError
from mien.jobs.folder import JobFolder
from mien.jobs.following import STREAM
from mien.jobs.request import REQUESTS, JobProblem
from mien.jobs.runner import JobFailed, Runner
from mien.settings import Settings

logger = logging.getLogger(__name__)

_PAUSES_S = (5.0, 20.0)
"""Before the second and the third try of a job whose error says that it may help."""

_MAX_RECOVERIES = 50
"""How often the worker may die under one job before it is given up."""

_LOOK_S = 0.25
"""How often a running job looks whether it was cancelled. DBOS itself looks every second."""


class _Lost(Exception):
    """A job was deleted, or another worker has it."""


class Workflows:
    """Registers the workflows with DBOS and runs their steps.

    Args:
        settings: see `mien.settings`.
        runner: of the child processes.
    """

    def __init__(self, settings: Settings, runner: Runner) -> None:
        self._settings = settings
        self._runner = runner
        self._stopping = False
        self._runs: dict[str, asyncio.Task[dict[str, Any]]] = {}

    def register(self) -> None:
        from dbos import DBOS

        @DBOS.step(name="child", preemptible=True)
        async def child() -> dict[str, Any]:
            return await self._child(str(DBOS.workflow_id))

        async def job(spec: dict[str, Any]) -> dict[str, Any]:
            for pause_s in (*_PAUSES_S, None):
                outcome = await child()
                if "result" in outcome:
                    return outcome["result"]
                if not outcome["error"]["retryable"] or pause_s is None:
                    raise _portable(outcome["error"])
                await DBOS.sleep_async(pause_s)
            raise AssertionError("unreachable")

        for kind in REQUESTS:
            DBOS.workflow(name=kind, max_recovery_attempts=_MAX_RECOVERIES)(job)

    def stop(self) -> None:
        """From now on the end of a child says nothing about its job: the worker is ending, and the job goes on elsewhere or later."""
        self._stopping = True

    async def _child(self, id: str) -> dict[str, Any]:
        from dbos import DBOS

        while (earlier := self._runs.get(id)) is not None and not earlier.done():
            earlier.cancel()  # the job was cancelled and resumed so fast that it has not seen that
            await asyncio.wait((earlier,))
        run = self._runs[id] = asyncio.create_task(self._run(JobFolder(self._settings, id)), name=f"job {id}")
        try:
            while not run.done():
                await asyncio.wait((run,), timeout=_LOOK_S)
                status = await DBOS.get_workflow_status_async(id)
                if status is None or (status.status, status.executor_id) != ("PENDING", DBOS.executor_id):
                    run.cancel()
                    await asyncio.wait((run,))
            if self._stopping:
                await asyncio.Event().wait()  # for the end of this process
            if run.cancelled():
                # DBOS keeps nothing of what is said by one that a job was taken from.
                logger.info("job_lost", extra={"job": id})
                raise _Lost("The job is not this worker's any more.")
            return run.result()
        finally:
            run.cancel()
            await asyncio.wait((run,))
            if self._runs.get(id) is run:
                del self._runs[id]

    async def _run(self, folder: JobFolder) -> dict[str, Any]:
        from dbos import DBOS

        async def tell(event: dict[str, Any]) -> None:
            await DBOS.write_stream_async(STREAM, event)

        try:
            attempt = await asyncio.to_thread(folder.begin)
            return {"result": await self._runner.run(folder, attempt, tell)}
        except JobFailed as failed:
            return {"error": failed.problem.model_dump()}
        except (FileNotFoundError, NotFoundError):  # its folder was deleted
            problem = JobProblem(code=NotFoundError.code, message="The job's folder is gone.")
        except OSError as error:
            why = f"The job could not be begun: {error.strerror or type(error).__name__}."
            hint = "Look at the disk of the data folder, and at the memory."
            problem = JobProblem(code=OutputError.code, message=why, hint=hint, retryable=True)
        return {"error": problem.model_dump()}


def _portable(error: dict[str, Any]) -> Exception:
    from dbos import PortableWorkflowError

    return PortableWorkflowError(error["message"], "JobFailed", error["code"], error)
