"""The front door of recognition: sound in while somebody speaks, text out."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mien import plugins
from mien.errors import MienError, RecognizerError, UsageError
from mien.settings import Settings
from mien.speech.recognizer import RecognizerSpec
from mien.speech.recognizers.process import RecognizerProcess
from mien.types import SAMPLE_RATE, Samples

logger = logging.getLogger(__name__)

MAX_BEHIND_S = 20.0
"""Seconds of an utterance that wait to be worked off; one that is further behind fails."""

_FINISH_TIMEOUT_S = 15.0
_RETRY_S = 5.0
"""A recogniser that failed to load is loaded again at the next utterance, but not more often than this."""


class Listener:
    """One recogniser in a process of its own, shared by all who listen on one event loop.

    If the process dies, what was being said to it is lost and it is started again.

    Args:
        settings: see `mien.settings`.
        recognizer: `ENGINE` or `ENGINE:MODEL`; default `settings.recognizer`.

    Raises:
        NotFoundError: no such recogniser.
    """

    def __init__(self, settings: Settings, recognizer: str | None = None) -> None:
        engine, _, model = (recognizer or settings.recognizer).partition(":")
        self.spec: RecognizerSpec = plugins.spec(plugins.RECOGNIZERS, engine.strip())
        self.model = model.strip()
        self._settings = settings
        self._process: RecognizerProcess | None = None
        self._starting: asyncio.Task[None] | None = None
        self._started_at = float("-inf")
        self._numbers = itertools.count(1)
        self._closed = False

    async def start(self) -> None:
        """Loads the recogniser; seconds, or minutes if a model is fetched. It may be called again.

        Raises:
            MissingDependency: its package is not installed.
            WeightsError: its model is missing.
            SettingsError: a setting of it is not valid.
            RecognizerError: it cannot be started.
        """
        await asyncio.shield(self._launch())
        if self._process and self._process.error:
            raise self._process.error

    def understands(self, language: str) -> bool:
        """Whether it knows this language; a BCP 47 tag of any length, "" is always known."""
        return not language or not self.spec.languages or language.split("-")[0].lower() in self.spec.languages

    def recognize(self, language: str = "", on_text: Callable[[str], None] | None = None) -> Utterance:
        """Begins an utterance; never blocks. If the recogniser is still being loaded, the answer comes later.

        Args:
            language: BCP 47 tag; "" if not known.
            on_text: called with what is understood so far, whenever that changes.

        Raises:
            UsageError: it does not know the language.
            MienError: it could not be loaded; see `start`. It is tried again from time to time.
        """
        if not self.understands(language):
            raise UsageError(
                f"The recogniser {self.spec.name!r} understands {', '.join(self.spec.languages)}, not {language}.",
                hint="Choose another recogniser or another language.",
            )
        process = self._process
        if process is None or not process.usable:
            raise self._absent()
        return Utterance(process, next(self._numbers), language, on_text)

    async def close(self) -> None:
        """Ends the process and with it every utterance; may be called twice."""
        self._closed = True
        if self._starting:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        if self._process:
            await self._process.close()

    @property
    def pid(self) -> int | None:
        """The process that runs now."""
        return self._process.pid if self._process else None

    def _launch(self) -> asyncio.Task[None]:
        living = self._process is not None and self._process.error is None
        if self._starting is None or not living:
            self._process = RecognizerProcess(self.spec.name, self.model, self._settings, self._ended)
            self._started_at = time.monotonic()
            self._starting = asyncio.create_task(self._process.start(), name="mien-recognizer-start")
        return self._starting

    def _ended(self, process: RecognizerProcess) -> None:
        if process.loaded and not self._closed:
            logger.warning("recognizer_restarted", extra={"engine": self.spec.name})
            self._launch()

    def _absent(self) -> MienError:
        error = self._process.error if self._process else None
        if not self._closed and time.monotonic() - self._started_at > _RETRY_S:
            self._launch()
        return error or RecognizerError(
            f"The recogniser {self.spec.name!r} is not running.", hint="Say it again in a moment.", retryable=True
        )


class Utterance:
    """Somebody speaks. Used on the loop of its `Listener`; only `finish` waits."""

    def __init__(
        self, process: RecognizerProcess, number: int, language: str, on_text: Callable[[str], None] | None
    ) -> None:
        self.text = ""
        """What is understood so far; it may still change."""
        self._process, self._number, self._on_text = process, number, on_text
        self._behind = 0
        self._result: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        process.open(number, self._take)
        process.send(number, "begin", language=language)

    def push(self, samples: Samples) -> None:
        """More sound: float32 mono 16 kHz; never blocks. An utterance that has failed takes it and forgets it."""
        if self._result.done():
            return
        self._behind += len(samples)
        if self._behind > MAX_BEHIND_S * SAMPLE_RATE:
            self._process.send(self._number, "drop")
            self._fail(
                RecognizerError(
                    f"The recogniser is {MAX_BEHIND_S:g} seconds behind.",
                    hint="Choose a faster model, or fewer sessions at once.",
                    retryable=True,
                )
            )
            return
        self._process.send(self._number, "push", samples)

    async def finish(self, timeout_s: float = _FINISH_TIMEOUT_S) -> str:
        """It is over; waits for what was understood, "" if nothing.

        Raises:
            RecognizerError: it failed, its process died, or it took longer than `timeout_s`.
        """
        if not self._result.done():
            self._process.send(self._number, "finish")
        try:
            return await asyncio.wait_for(asyncio.shield(self._result), timeout_s)
        except TimeoutError as error:
            raise self._too_slow(timeout_s) from error
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Nobody waits for the answer; it may be called at any time, also after `finish`."""
        if not self._result.done():
            self._result.cancel()
            self._process.send(self._number, "drop")
        self._process.forget(self._number)

    def _take(self, reply: dict[str, Any] | MienError) -> None:
        if self._result.done():
            return
        if isinstance(reply, MienError):
            self._fail(reply)
        elif "final" in reply:
            self._result.set_result(reply["final"])
        else:
            self._behind -= reply["heard"]
            self._show(reply["text"])

    def _show(self, text: str) -> None:
        if text and text != self.text:
            self.text = text
            if self._on_text:
                self._on_text(text)

    def _fail(self, error: MienError) -> None:
        self._process.forget(self._number)
        self._result.set_exception(error)
        self._result.exception()  # nobody may ever ask for it

    def _too_slow(self, timeout_s: float) -> MienError:
        if self._behind and self._process.loaded:
            # It has not even heard everything: it hangs, or has far too much to do.
            self._process.kill()
        return RecognizerError(
            f"The recogniser did not answer within {timeout_s:g} seconds.",
            hint="Choose a faster model or server.",
            retryable=True,
        )


@dataclass(frozen=True, slots=True)
class ListedRecognizer:
    """A recogniser that is installed.

    Args:
        spec: what is known of it.
        remark: what is missing before it can be used; "" if nothing is known to be.
    """

    spec: RecognizerSpec
    remark: str


def list_recognizers() -> list[ListedRecognizer]:
    """All recognisers, whether they can be used or not; loads none."""
    specs: list[RecognizerSpec] = [
        plugins.spec(plugins.RECOGNIZERS, name) for name in plugins.names(plugins.RECOGNIZERS)
    ]
    return [ListedRecognizer(spec, f"Run: {spec.install}" if spec.missing() else "") for spec in specs]
