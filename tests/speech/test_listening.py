from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from mien.errors import NotFoundError, RecognizerError, UsageError, WeightsError
from mien.settings import Settings
from mien.speech import Listener, Utterance, list_recognizers
from mien.types import SAMPLE_RATE

PLUGINS = Path(__file__).parents[1] / "plugin"
TEXT = "hello there how are you"  # of the canned recogniser
SOFT = np.full(SAMPLE_RATE // 4, 0.1, np.float32)
LOUD = np.ones(SAMPLE_RATE // 4, np.float32)  # where it does its mischief


@pytest.fixture(autouse=True)
def _plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(PLUGINS))


@asynccontextmanager
async def listening(recognizer: str, settings: Settings) -> AsyncIterator[Listener]:
    listener = Listener(settings, recognizer)
    try:
        await listener.start()
        yield listener
    finally:
        await listener.close()


async def until(condition: object, *, timeout_s: float = 10.0) -> None:
    assert callable(condition)
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


async def recognized(listener: Listener) -> Utterance:
    """An utterance, as soon as the recogniser is back."""
    async with asyncio.timeout(10):
        while True:
            try:
                return listener.recognize()
            except RecognizerError:
                await asyncio.sleep(0.02)


def test_it_understands_while_one_speaks_and_at_the_end(settings: Settings):
    async def run() -> tuple[list[str], str]:
        told: list[str] = []
        async with listening("canned", settings) as listener:
            utterance = listener.recognize("en", told.append)
            for _ in range(4):
                utterance.push(SOFT)
            await until(lambda: utterance.text == "hello there how are")
            return told, await utterance.finish()

    told, final = asyncio.run(run())
    assert told == ["hello", "hello there", "hello there how", "hello there how are"]
    assert final == TEXT


def test_utterances_of_several_users_do_not_mix(settings: Settings):
    async def run() -> list[str]:
        async with listening("canned", settings) as listener:
            one, two, none = (listener.recognize() for _ in range(3))
            for _ in range(2):
                one.push(SOFT)
                two.push(SOFT)
            two.push(SOFT)
            await until(lambda: (one.text, two.text) == ("hello there", "hello there how"))
            one.cancel()
            return [await two.finish(), await none.finish()]

    assert asyncio.run(run()) == [TEXT, ""]


def test_what_fails_in_one_utterance_leaves_the_others(settings: Settings):
    async def run() -> str:
        async with listening("canned:fails", settings) as listener:
            loud, soft = listener.recognize(), listener.recognize()
            loud.push(LOUD)
            soft.push(SOFT)
            with pytest.raises(RecognizerError, match="too loud") as caught:
                await loud.finish()
            assert (caught.value.hint, caught.value.retryable) == ("Speak softly.", True)
            return await soft.finish()

    assert asyncio.run(run()) == TEXT


def test_when_its_process_dies_the_next_utterance_is_understood(settings: Settings):
    async def run() -> str:
        async with listening("canned:dies", settings) as listener:
            first = listener.pid
            utterance = listener.recognize()
            utterance.push(LOUD)
            with pytest.raises(RecognizerError, match="died") as caught:
                await utterance.finish()
            assert caught.value.retryable
            utterance = await recognized(listener)
            assert listener.pid != first
            utterance.push(SOFT)
            return await utterance.finish()

    assert asyncio.run(run()) == TEXT


def test_a_process_that_hangs_is_replaced(settings: Settings):
    async def run() -> None:
        async with listening("canned:hangs", settings) as listener:
            first = listener.pid
            assert first
            utterance = listener.recognize()
            utterance.push(SOFT)
            with pytest.raises(RecognizerError, match="did not answer within"):
                await utterance.finish(0.2)
            await recognized(listener)
            assert not psutil.pid_exists(first)

    asyncio.run(run())


def test_what_it_cannot_keep_up_with_is_given_up(settings: Settings):
    async def run() -> None:
        async with listening("canned:hangs", settings) as listener:
            utterance = listener.recognize()
            for _ in range(4 * 30):
                utterance.push(SOFT)
            with pytest.raises(RecognizerError, match="20 seconds behind"):
                await utterance.finish()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [("absent", WeightsError, "no such model"), ("broken", RecognizerError, "ValueError")],
)
def test_what_cannot_be_loaded_is_told_at_the_start(settings: Settings, model: str, error: type, message: str):
    async def run() -> None:
        async with listening(f"canned:{model}", settings):
            pass

    with pytest.raises(error, match=message):
        asyncio.run(run())


def test_what_is_not_installed_is_told_with_the_line_that_installs_it(settings: Settings):
    with pytest.raises(NotFoundError, match="no recognizer plug-in called 'nobody'"):
        Listener(settings, "nobody")
    remarks = {listed.spec.name: listed.remark for listed in list_recognizers()}
    assert remarks["pocketsphinx"] == remarks["openai"] == ""
    assert {"faster-whisper", "sherpa-onnx"} <= remarks.keys()


def test_a_language_that_it_does_not_know_is_refused_at_once(settings: Settings):
    listener = Listener(settings, "pocketsphinx")
    assert listener.understands("en-GB")
    assert listener.understands("")
    with pytest.raises(UsageError, match="understands en, not zh"):
        listener.recognize("zh")


def test_before_the_start_and_after_the_end_nothing_is_recognised(settings: Settings):
    async def run() -> None:
        listener = Listener(settings, "canned")
        await listener.start()
        pid = listener.pid
        assert pid
        await listener.close()
        await listener.close()
        assert not psutil.pid_exists(pid)
        with pytest.raises(RecognizerError):
            listener.recognize()

    asyncio.run(run())


def test_it_can_be_closed_while_it_is_loading(settings: Settings):
    async def run() -> None:
        listener = Listener(settings, "pocketsphinx")
        starting = asyncio.create_task(listener.start())
        await until(lambda: listener.pid)
        pid = listener.pid
        assert pid
        await listener.close()
        await asyncio.gather(starting, return_exceptions=True)
        assert not psutil.pid_exists(pid)

    asyncio.run(run())


def test_the_key_does_not_stand_in_the_list_of_processes(settings: Settings):
    async def run() -> str:
        secret = settings.model_copy(update={"recognizer_api_key": "sk-secret"})
        async with listening("canned", secret) as listener:
            process = psutil.Process(listener.pid)
            return " ".join(process.cmdline()) + str(process.environ())

    assert "sk-secret" not in asyncio.run(run())


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")
def test_its_process_ends_with_its_parent_even_while_it_works(tmp_path: Path):
    program = f"""
        import asyncio
        import numpy as np
        from mien.settings import Settings
        from mien.speech import Listener

        async def main():
            listener = Listener(Settings(data_dir={str(tmp_path)!r}), "canned:hangs")
            await listener.start()
            listener.recognize().push(np.zeros(160, np.float32))
            await asyncio.sleep(0.1)
            print(listener.pid, flush=True)
            await asyncio.sleep(60)

        asyncio.run(main())
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE)
    assert parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    child.wait(10)
