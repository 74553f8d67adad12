"""This machine's jobs, as `mien.client` gives those of a server."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from mien.cli._remote import connected
from mien.errors import MissingDependency, NotFoundError, UsageError

if TYPE_CHECKING:
    from mien.client import Client, Job
    from mien.jobs.request import JobInfo, JobPage, Kind, Status
    from mien.jobs.store import Jobs
    from mien.settings import Settings
    from mien.types import Report

_T = TypeVar("_T")
_Run: TypeAlias = Callable[[Coroutine[Any, Any, _T]], _T]

_PAGE = 100


def need_jobs() -> None:
    """Raises:
    MissingDependency: jobs cannot be done here.
    """
    if importlib.util.find_spec("dbos") is None:
        raise MissingDependency("Jobs need dbos, which is not installed.", hint="Run: pip install 'mien[serve]'")


@contextmanager
def opened(settings: Settings) -> Iterator[Client | LocalJobs]:
    """The jobs of the server that is to be asked, or of this machine."""
    with connected(settings) as client:
        if client is not None:
            yield client
            return
    need_jobs()
    from mien.jobs.store import Jobs

    with asyncio.Runner() as runner:

        async def open_() -> Jobs:
            return Jobs.open(settings)

        jobs = runner.run(open_())
        try:
            yield LocalJobs(runner, jobs)
        finally:
            runner.run(jobs.close())


def find(desk: Client | LocalJobs, id: str) -> Job | LocalJob:
    """The job whose id begins so.

    Raises:
        NotFoundError: there is none.
        UsageError: there are several.
    """
    if len(id) == 32:
        return desk.job(id)
    found = [info.id for info in _all(desk) if id and info.id.startswith(id)]
    if not found:
        raise NotFoundError(f"There is no job {id!r}.", hint="mien job list shows them.")
    if len(found) > 1:
        raise UsageError(f"{len(found)} jobs begin with {id!r}.", hint=f"Give more of it: {' or '.join(found[:5])}")
    return desk.job(found[0])


def _all(desk: Client | LocalJobs) -> Iterator[JobInfo]:
    offset: int | None = 0
    while offset is not None:
        page = desk.jobs(limit=_PAGE, offset=offset)
        yield from page.jobs
        offset = page.next_offset


class LocalJobs:
    """Args:
    runner: of the loop in which `jobs` was opened.
    jobs: everybody's.
    """

    def __init__(self, runner: asyncio.Runner, jobs: Jobs) -> None:
        self._runner, self._jobs = runner, jobs

    def jobs(
        self, kinds: Iterable[Kind] = (), statuses: Iterable[Status] = (), limit: int = 20, offset: int = 0
    ) -> JobPage:
        return self._runner.run(self._jobs.list(kinds=list(kinds), statuses=list(statuses), limit=limit, offset=offset))

    def job(self, id: str) -> LocalJob:
        return LocalJob(self._runner, self._jobs, self._runner.run(self._jobs.get(id)))


class LocalJob:
    """Args: as `LocalJobs`, and `info`: what is known of it."""

    def __init__(self, runner: asyncio.Runner, jobs: Jobs, info: JobInfo) -> None:
        self._runner, self._jobs = runner, jobs
        self.info = info

    @property
    def id(self) -> str:
        return self.info.id

    def refresh(self) -> JobInfo:
        self.info = self._runner.run(self._jobs.get(self.id))
        return self.info

    def wait(self, report: Report | None = None) -> LocalJob:
        """As `mien.client.Job.wait`."""
        from mien.client.job import check_outcome, tell

        self._runner.run(self._follow(lambda kind, data: tell(report, kind, data)))
        check_outcome(self.refresh())
        return self

    async def _follow(self, told: Callable[[str, dict[str, Any]], None]) -> None:
        async for event in self._jobs.watch(self.id):
            told(event.kind, event.data)

    def log_parts(self, offset: int = 0) -> Iterator[tuple[str, int]]:
        """As `mien.client.Job.log_parts`."""
        path = self._jobs.folder(self.id).log
        if not path.is_file():
            return
        with path.open("rb") as file:
            file.seek(offset)
            while data := file.read(1 << 20):
                data += file.readline()  # so that no character is cut in two
                offset += len(data)
                yield data.decode(errors="replace"), offset

    def cancel(self) -> LocalJob:
        return self._do(self._jobs.cancel(self.id))

    def resume(self) -> LocalJob:
        return self._do(self._jobs.resume(self.id))

    def retry(self) -> LocalJob:
        return self._do(self._jobs.retry(self.id))

    def delete(self) -> None:
        self._runner.run(self._jobs.delete(self.id))

    def _do(self, asked: Coroutine[Any, Any, JobInfo]) -> LocalJob:
        self.info = self._runner.run(asked)
        return self
