"""The child process that runs espeak-ng: started when needed, restarted when it dies."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import espeakng_loader

from mien.errors import VoiceError

logger = logging.getLogger(__name__)

_WORKER = Path(__file__).with_name("worker.py")
_REPLY_TIMEOUT_S = 60.0  # a sentence takes about 10 ms
_EXIT_TIMEOUT_S = 2.0


class _Died(Exception):
    """The process ended before it had answered."""


class EspeakProcess:
    """espeak-ng in its own process; safe to use from several threads, which take turns."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.sample_rate = 0

    @property
    def pid(self) -> int | None:
        """The process that runs now; None before the first request and after `close`."""
        process = self._process
        return process.pid if process else None

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Sends a request as `worker.py` defines it; gives the answer's JSON and sound.

        Raises:
            VoiceError: espeak-ng refused it, or its process died twice.
        """
        with self._lock:
            try:
                head, sound = self._exchange(request)
            except _Died:
                logger.warning("espeak_restarted")
                head, sound = self._ask_again(request)
        if "error" in head:
            raise VoiceError(f"The espeak voice failed: {head['error']}.", hint="See `mien voices --engine espeak`.")
        return head, sound

    def _ask_again(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        try:
            return self._exchange(request)
        except _Died as error:
            raise VoiceError(
                f"The espeak process died twice on the same sentence ({error}).",
                hint="Change the sentence, or choose another voice with --voice.",
            ) from error

    def close(self) -> None:
        """Ends the process; a later request starts it again."""
        with self._lock:
            self._stop()

    def _exchange(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        encoded = json.dumps(request, ensure_ascii=False).encode()
        with contextlib.ExitStack() as unanswered:
            # After an interrupt in the middle this request's answer would be taken for the next one's.
            unanswered.callback(self._end)
            process = self._process or self._start()
            self._send(process, struct.pack("<I", len(encoded)) + encoded)
            answer = self._receive(process)
            unanswered.pop_all()
        return answer

    def _send(self, process: subprocess.Popen[bytes], data: bytes) -> None:
        assert process.stdin is not None
        try:
            process.stdin.write(data)
            process.stdin.flush()
        except OSError as error:
            raise self._death() from error

    def _start(self) -> subprocess.Popen[bytes]:
        # -I -S: nothing of the environment and no site-packages, so it is up in a few tens of milliseconds.
        command = [sys.executable, "-I", "-S", str(_WORKER), espeakng_loader.get_library_path(), _data_path()]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # ctrl-C is for the program; and the worker's copies are ended with it
            )
        except OSError as error:
            raise VoiceError(f"The espeak process cannot be started: {error}.", hint="Run `mien doctor`.") from error
        self._process = process
        greeting, _ = self._receive(process)
        if "error" in greeting:
            self._stop()
            raise VoiceError(
                f"espeak-ng cannot be loaded: {greeting['error']}.",
                hint="Run: pip install --force-reinstall espeakng-loader",
            )
        self.sample_rate = greeting["sample_rate"]
        return process

    def _receive(self, process: subprocess.Popen[bytes]) -> tuple[dict[str, Any], bytes]:
        assert process.stdout is not None
        watchdog = threading.Timer(_REPLY_TIMEOUT_S, _kill, [process])
        watchdog.daemon = True
        watchdog.start()
        try:
            head_size, sound_size = struct.unpack("<II", self._read(process.stdout, 8))
            head = json.loads(self._read(process.stdout, head_size))
            return head, self._read(process.stdout, sound_size)
        finally:
            watchdog.cancel()

    def _read(self, stream: IO[bytes], size: int) -> bytes:
        data = stream.read(size)
        if len(data) < size:
            raise self._death()
        return data

    def _death(self) -> _Died:
        process = self._process
        self._end()
        return _Died(f"exit code {process.returncode if process else None}")

    def _end(self) -> None:
        """Ends the process at once, whatever it is doing."""
        if self._process is not None:
            _kill(self._process)
        self._stop()

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                _close(stream)
        try:
            process.wait(_EXIT_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends the process and its copies."""
    if hasattr(os, "killpg"):
        # macOS refuses permission, instead of finding nothing, when all of the group have ended and wait to be collected.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _close(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except BrokenPipeError:
        logger.debug("espeak_pipe_was_closed")


def _data_path() -> str:
    try:
        return espeakng_loader.get_data_path()
    except RuntimeError as error:
        raise VoiceError(
            f"espeak-ng's data is missing: {error}.", hint="Run: pip install --force-reinstall espeakng-loader"
        ) from error
