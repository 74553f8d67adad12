"""A job on a server, followed from here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mien.client.connection import Connection, segment
from mien.client.download import download
from mien.client.errors import of_code
from mien.client.events import follow
from mien.errors import Cancelled, ConflictError, MienError, ServerError
from mien.jobs.request import JobEvent, JobInfo, JobProgress

if TYPE_CHECKING:
    from mien.types import Report


class Job:
    """One job. What its methods raise, beside what stands there: `MienError`, as the server says.

    Args:
        connection: to its server.
        info: what is known of it.
    """

    def __init__(self, connection: Connection, info: JobInfo) -> None:
        self._connection = connection
        self.info = info
        self._path = f"jobs/{segment(info.id)}"

    def __repr__(self) -> str:
        return f"Job({self.info.id!r}, {self.info.kind}, {self.info.status})"

    @property
    def id(self) -> str:
        return self.info.id

    def refresh(self) -> JobInfo:
        """Asks how it is."""
        self.info = info_of(self._connection.get(self._path))
        return self.info

    def events(self) -> Iterator[JobEvent]:
        """What it tells, from its beginning to its end, each once; a connection that breaks is made again. Blocks."""
        return follow(self._connection, f"{self._path}/events", self.refresh)

    def wait(self, report: Report | None = None, *, cancel_on_interrupt: bool = False) -> Job:
        """Waits for its end.

        Args:
            report: told the progress; if it raises `Cancelled`, the job is cancelled.
            cancel_on_interrupt: ctrl-C cancels it; otherwise it goes on without you.

        Raises:
            Cancelled: it was.
            MienError: it failed, with the error it failed with.
        """
        try:
            for event in self.events():
                tell(report, event.kind, event.data)
        except KeyboardInterrupt:
            if not cancel_on_interrupt:
                raise
            self._give_up()
            raise Cancelled(f"Stopped; the job {self.id} was cancelled.") from None
        except Cancelled:
            self._give_up()
            raise
        check_outcome(self.info)
        return self

    def log(self) -> str:
        """Everything that its processes have said until now."""
        return "".join(text for text, _ in self.log_parts())

    def log_parts(self, offset: int = 0) -> Iterator[tuple[str, int]]:
        """What there is of the log now, piece by piece, each with the offset of what follows.

        Args:
            offset: where to begin, in bytes.
        """
        while True:
            with self._connection.stream(f"{self._path}/log", {}, params={"offset": offset}) as response:
                text = response.read().decode(errors="replace")
                after = response.headers.get("x-next-offset", "")
            if not after.isdigit():
                raise ServerError(f"{self._connection.url} sends no log.", hint="Look at the URL: is it Mien's?")
            if not text or int(after) <= offset:
                return
            offset = int(after)
            yield text, offset

    def cancel(self) -> Job:
        """Stops it.

        Raises:
            ConflictError: it has ended already.
        """
        return self._do("cancel")

    def resume(self) -> Job:
        """Lets it go on after it was cancelled."""
        return self._do("resume")

    def retry(self) -> Job:
        """Begins it again after it failed."""
        return self._do("retry")

    def delete(self) -> None:
        """Deletes it and its files."""
        self._connection.send("DELETE", self._path)

    def save(self, output: str | Path, *, file: str = "video.mp4", overwrite: bool = False) -> Path:
        """Downloads a file of its result; it appears whole or not at all.

        Args:
            output: where to.
            file: its name in the job; "video.srt" are the subtitles, "lips.html" is the page of `Client.evaluate_sync`.
            overwrite: replace an existing file.

        Raises:
            ConflictError: the job has not succeeded.
            AlreadyExistsError, OutputError: it cannot be written.
        """
        if self.info.status != "succeeded" and self.refresh().status != "succeeded":
            raise ConflictError(f"The job {self.id} is {self.info.status}.", hint="Wait for it: job.wait()")
        path = f"{self._path}/files/{segment(file)}"
        return download(self._connection, path, Path(output), overwrite=overwrite)

    def _do(self, what: str) -> Job:
        self.info = info_of(self._connection.send("POST", f"{self._path}/{what}"))
        return self

    def _give_up(self) -> None:
        with suppress(ConflictError):
            self.cancel()


def check_outcome(info: JobInfo) -> None:
    """Raises what a job that has ended failed with."""
    if info.status == "cancelled":
        raise Cancelled(f"The job {info.id} was cancelled.")
    if info.status == "failed":
        raise error_of(info)


def error_of(info: JobInfo) -> MienError:
    """Why a job failed."""
    if info.error is None:
        return of_code("job", f"The job {info.id} failed.")
    return of_code(info.error.code, info.error.message, info.error.hint, retryable=info.error.retryable)


def info_of(told: Any) -> JobInfo:
    """A job as the server tells it.

    Raises:
        ServerError: that is none.
    """
    try:
        return JobInfo.model_validate(told)
    except ValidationError as error:
        raise ServerError(
            "The server tells of a job in a way that this version does not understand.",
            hint="Use the same version of Mien here and there.",
        ) from error


def tell(report: Report | None, kind: str, data: dict[str, Any]) -> None:
    """Passes an event on, if it is one of progress."""
    if report is None or kind != "progress":
        return
    from mien.types import Progress

    try:
        known = JobProgress.model_validate(data)
    except ValidationError:
        return  # of another version; the end is told in any case
    report(Progress(known.stage, known.done, known.total, known.unit))
