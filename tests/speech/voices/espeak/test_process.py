from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from mien.errors import VoiceError
from mien.speech.voices.espeak.process import EspeakProcess

SENTENCE = {"voice": "gmw/en-US", "text": "The quick brown fox jumps over the lazy dog.", "rate": 165, "pitch": 50}


@pytest.fixture
def process() -> Iterator[EspeakProcess]:
    running = EspeakProcess()
    yield running
    running.close()


def pid_of(process: EspeakProcess) -> int:
    assert process.pid is not None
    return process.pid


def wait_until(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def members(group: int) -> list[int]:
    """The processes of a group that run."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def test_it_starts_when_asked_and_ends_when_closed(process: EspeakProcess) -> None:
    assert process.pid is None
    head, sound = process.ask(SENTENCE)
    assert process.sample_rate == 22_050
    assert head["events"]
    assert len(sound) > 22_050
    pid = pid_of(process)
    process.close()
    assert process.pid is None
    assert not is_running(pid)
    assert process.ask(SENTENCE)[1] == sound


def test_a_dead_process_is_replaced(process: EspeakProcess) -> None:
    expected = process.ask(SENTENCE)
    pid = pid_of(process)
    os.kill(pid, signal.SIGKILL)
    assert process.ask(SENTENCE) == expected
    assert pid_of(process) != pid


def test_a_process_killed_in_the_middle_of_a_sentence_says_it_again(process: EspeakProcess) -> None:
    expected = process.ask(SENTENCE)
    pid = pid_of(process)
    os.kill(pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(process.ask, SENTENCE)
        time.sleep(0.1)
        assert not answer.done()  # it has been asked and cannot answer
        os.kill(pid, signal.SIGKILL)
        assert answer.result(10) == expected
    assert pid_of(process) != pid


def test_a_process_that_dies_again_is_a_voice_error_and_not_the_end(process: EspeakProcess) -> None:
    process.ask(SENTENCE)
    killed: set[int] = set()
    stop = threading.Event()

    def kill_all() -> None:
        while not stop.is_set():
            pid = process.pid
            if pid is not None and pid not in killed:
                killed.add(pid)
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.0005)

    killer = threading.Thread(target=kill_all)
    os.kill(pid_of(process), signal.SIGSTOP)
    killer.start()
    try:
        with pytest.raises(VoiceError, match="died twice") as caught:
            process.ask(SENTENCE)
    finally:
        stop.set()
        killer.join()
    assert caught.value.hint
    assert len(killed) == 2
    assert process.ask(SENTENCE)[1]


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals to a thread")
def test_an_interrupted_sentence_does_not_answer_the_next(process: EspeakProcess) -> None:
    other = {**SENTENCE, "text": "Another sentence."}
    expected = process.ask(other)
    stopped = pid_of(process)
    os.kill(stopped, signal.SIGSTOP)
    me = threading.get_ident()
    threading.Timer(0.2, signal.pthread_kill, [me, signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        process.ask(SENTENCE)
    if is_running(stopped):
        os.kill(stopped, signal.SIGCONT)
    assert process.ask(other) == expected


def test_a_group_that_cannot_be_signalled_any_more_is_no_error(
    process: EspeakProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What macOS says of a process that has ended and was not yet collected."""
    expected = process.ask(SENTENCE)
    os.kill(pid_of(process), signal.SIGKILL)

    def refused(group: int, number: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "killpg", refused)
    assert process.ask(SENTENCE) == expected


def test_a_refusal_is_a_voice_error_and_the_process_lives_on(process: EspeakProcess) -> None:
    process.ask(SENTENCE)
    pid = process.pid
    with pytest.raises(VoiceError, match="no voice 'xx/none'"):
        process.ask({**SENTENCE, "voice": "xx/none"})
    assert process.ask(SENTENCE)[1]
    assert process.pid == pid


def test_callers_from_several_threads_take_turns(process: EspeakProcess) -> None:
    requests = [{**SENTENCE, "text": f"Number {index}."} for index in range(20)]
    expected = [process.ask(request) for request in requests]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(process.ask, requests)) == expected


def test_it_ends_with_the_program_that_started_it() -> None:
    program = (
        "import os; from mien.speech.voices.espeak.process import EspeakProcess\n"
        "process = EspeakProcess(); process.ask({}); print(process.pid, flush=True); os._exit(0)"
    )
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout
    wait_until(lambda: not is_running(int(output)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="sentences are spoken by copies only where there is fork")
def test_no_copy_goes_on_speaking_for_a_program_that_was_killed() -> None:
    program = (
        "from mien.speech.voices.espeak.process import EspeakProcess\n"
        "process = EspeakProcess(); process.ask({}); print(process.pid, flush=True)\n"
        "process.ask({'voice': 'en', 'text': 'word ' * 60000, 'rate': 80, 'pitch': 50})"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        group = int(killed.stdout.readline())
        wait_until(lambda: len(members(group)) == 2)
        killed.kill()
        killed.wait()
        began = time.monotonic()
        wait_until(lambda: not members(group))
        assert time.monotonic() - began < 1.5  # what a copy takes for the whole sentence is twice that


def test_a_process_that_hangs_is_replaced(process: EspeakProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = process.ask(SENTENCE)
    pid = pid_of(process)
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr("mien.speech.voices.espeak.process._REPLY_TIMEOUT_S", 2.0)
    assert process.ask(SENTENCE) == expected
    assert not is_running(pid)
