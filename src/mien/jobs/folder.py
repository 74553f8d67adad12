"""The folder of one job: `DATA_DIR/jobs/ID`.

job.json        kind, owner, request, time: written before the job is queued
inputs/         the files that travelled with the request
work/           checkpoints; deleted when the job has succeeded
result/         what was made: video.mp4, video.srt, poster.jpg …
result.json     what is said of it: written last, so whoever sees it sees a whole result
progress.json   the last progress
log.txt         everything that the job's processes said
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from mien.errors import NotFoundError
from mien.jobs.request import Kind
from mien.settings import Settings

_ID = re.compile(r"[0-9a-f]{32}")


class JobFile(BaseModel):
    """What `job.json` says."""

    kind: Kind
    owner: str
    request: dict[str, Any]
    created_at: float
    fingerprint: str = ""
    """Of the request and its files."""


def new_id() -> str:
    """32 hexadecimal digits that begin with the time, so that they sort by age, and cannot be guessed."""
    return f"{int(time.time() * 1000):012x}{secrets.token_hex(10)}"


def jobs_dir(settings: Settings) -> Path:
    return settings.data_dir / "jobs"


class JobFolder:
    """Paths of one job and the small files in it; nothing is made before it is needed.

    Args:
        settings: see `mien.settings`.
        id: as `new_id` made it.

    Raises:
        NotFoundError: no job can have that id.
    """

    def __init__(self, settings: Settings, id: str) -> None:
        if not _ID.fullmatch(id):
            raise NotFoundError("There is no such job.", hint="Look at the list of jobs.")
        self.id = id
        self.path = jobs_dir(settings) / id
        self.inputs = self.path / "inputs"
        self.work = self.path / "work"
        self.result = self.path / "result"
        self.log = self.path / "log.txt"

    def create(self, job: JobFile, files: Mapping[str, Path] | None = None) -> None:
        """Makes the folder, whole or not at all; it survives a power cut from then on.

        Args:
            job: what is asked for.
            files: travel with it, under these names; moved, their suffixes kept.

        Raises:
            FileExistsError: there is one already, for another request.
        """
        part = self.path.with_name(f".{self.id}.{secrets.token_hex(4)}.part")
        (part / "inputs").mkdir(parents=True)
        try:
            for name, file in (files or {}).items():
                _sync(file)
                os.replace(file, part / "inputs" / f"{name}{file.suffix}")
            _sync(part / "inputs")
            write_json(part / "job.json", job.model_dump())
            try:
                part.rename(self.path)
                _sync(self.path.parent)
            except OSError:
                # Left by a server that was killed before it queued the job, or just made by another one.
                if not self.path.is_dir() or self.job().fingerprint != job.fingerprint:
                    raise FileExistsError(self.path) from None
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def job(self) -> JobFile:
        """What was asked for.

        Raises:
            NotFoundError: there is no such job.
        """
        found = read_json(self.path / "job.json")
        if found is None:
            raise NotFoundError("There is no such job.", hint="It may have been deleted.")
        return JobFile.model_validate(found)

    def input(self, name: str) -> Path | None:
        """The file that travelled under that name, whatever its suffix."""
        return next(iter(sorted(self.inputs.glob(f"{name}.*"))), None)

    def outcome(self) -> dict[str, Any] | None:
        """What `result.json` says; None before the job has succeeded."""
        return read_json(self.path / "result.json")

    def finish(self, outcome: dict[str, Any]) -> None:
        """Says that the result is whole."""
        write_json(self.path / "result.json", outcome)

    def progress(self) -> dict[str, Any] | None:
        return read_json(self.path / "progress.json")

    def attempts(self) -> int:
        """How many times it was begun."""
        return int((read_json(self.path / "attempts.json") or {"attempts": 0})["attempts"])

    def begin(self) -> int:
        """Counts one more beginning and gives its number, from 1; the progress of the one before is forgotten."""
        attempt = self.attempts() + 1
        (self.path / "progress.json").unlink(missing_ok=True)
        write_json(self.path / "attempts.json", {"attempts": attempt})
        return attempt

    def bytes(self) -> int:
        """What it takes on the disk."""
        return sum(_size(Path(folder) / name) for folder, _, names in os.walk(self.path) for name in names)

    def delete(self) -> None:
        """Removes everything; at once for whoever looks, in one renaming."""
        grave = self.path.with_name(f".{self.id}.{secrets.token_hex(4)}.deleted")
        try:
            self.path.rename(grave)
        except FileNotFoundError:
            return
        shutil.rmtree(grave, ignore_errors=True)


def write_json(path: Path, value: dict[str, Any], *, durable: bool = True) -> None:
    """Writes a small file whole or not at all.

    Args:
        path: its place; the folder exists.
        value: what it says.
        durable: it survives a power cut from now on.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
        if durable:
            _sync(path.parent)
    finally:
        part.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any] | None:
    """What a small file says; None if there is none, or a power cut has torn one that was not durable."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


def _sync(path: Path) -> None:
    """Waits until what a file holds, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name != "posix":
        return
    opened = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
