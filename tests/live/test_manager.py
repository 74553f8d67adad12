"""Who is let in, when sessions end, and that nothing of them is left."""

from __future__ import annotations

import asyncio
import gc
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from live.sessions import Watcher, events, request, run, texts, until
from mien.errors import BusyError, MienError, NotFoundError, UsageError
from mien.live.manager import LiveManager, weight
from mien.live.render import ring
from mien.settings import Settings
from mien.studio.create import engine_of_named
from mien.types import EngineSpec


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.memory_mb = 100.0


def manager_of(settings: Settings, clock: Clock, **changed: object) -> LiveManager:
    usual = {"live_max_sessions": 3, "recognizer": "canned", "live_memory_mb": 1000}
    return LiveManager(
        settings.model_copy(update=usual | changed), clock=lambda: clock.now, memory_mb=lambda: clock.memory_mb
    )


def test_twenty_at_once_never_exceed_the_limit(settings: Settings):
    async def test(manager: LiveManager) -> None:
        outcomes = await asyncio.gather(*(manager.create(request()) for _ in range(20)), return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, BusyError)]
        assert len(refused) == 18
        assert all(error.retry_after_s > 0 for error in refused)
        assert len(manager.list()) == 2 == manager.capacity["open"]
        await manager.end(manager.list()[0].id)
        await manager.create(request())
        with pytest.raises(BusyError):
            await manager.create(request())

    run(settings, test, live_max_sessions=2)


def test_large_pictures_take_more_places(settings: Settings):
    assert weight(request()) == 1.0 == weight(request(size=512))
    assert weight(request(size=1024)) == 4.0
    assert weight(request(frame="full")) > 4.0

    async def test(manager: LiveManager) -> None:
        large = await manager.create(request(frame="full"))
        with pytest.raises(BusyError):
            await manager.create(request())
        await manager.end(large.id)
        for _ in range(3):
            await manager.create(request())
        with pytest.raises(BusyError):
            await manager.create(request())

    run(settings, test, live_max_sessions=3)


def test_a_conversation_that_ends_by_itself_ends_its_session(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        await session._conversation.worker.cancel()
        await until(lambda: events(session, "closed"))
        assert manager.list() == []
        assert events(session, "closed")[0].data["reason"] == "failed"

    run(settings, test)


def test_engines_that_need_a_gpu_have_a_limit_of_their_own(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    from mien.live import manager as module

    def spec_of(name: str, chosen: Settings, *, engine: str) -> EngineSpec:
        return replace(engine_of_named(name, chosen, engine=engine), gpu=name == "sapphire")

    monkeypatch.setattr(module, "engine_of_named", spec_of)

    async def test(manager: LiveManager) -> None:
        gpu = await manager.create(request(avatar="sapphire"))
        await manager.create(request())
        with pytest.raises(BusyError):
            await manager.create(request(avatar="sapphire"))
        with pytest.raises(BusyError):
            await manager.create(request())
        await manager.end(gpu.id)
        with pytest.raises(BusyError):
            await manager.create(request())
        await manager.create(request(avatar="sapphire"))

    run(settings, test, live_max_sessions=1, live_max_gpu_sessions=1)


def test_a_session_that_cannot_begin_takes_no_place(settings: Settings):
    wrong = [
        ({"avatar": "nobody"}, NotFoundError),
        ({"avatar": "../ruby"}, UsageError),
        ({"engine": "nonsense"}, MienError),
        ({"voice": "nonsense"}, NotFoundError),
        ({"voice": "espeak:klingon-xx"}, NotFoundError),
        ({"recognizer": "nonsense"}, NotFoundError),
        ({"llm": "nonsense"}, UsageError),
        ({"llm": "openai"}, UsageError),
    ]

    async def test(manager: LiveManager) -> None:
        for wanted, error in wrong:
            with pytest.raises(error):
                await manager.create(request(**wanted))
        assert manager.list() == []
        await manager.create(request())

    run(settings, test, live_max_sessions=1)


def test_without_a_recogniser_one_can_still_type(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request(recognizer=""))
        assert events(session, "warning")[0].data["code"] == "weights"
        await session.say("I cannot hear you.")
        await until(lambda: texts(session) == ["I cannot hear you."])

    run(settings, test, recognizer="canned:absent")


def test_a_session_without_recogniser_does_not_end_that_of_another(settings: Settings):
    async def test(manager: LiveManager) -> None:
        deaf = await manager.create(request(recognizer=""))
        usual = manager._shared.listeners._make
        manager._shared.listeners._make = lambda _: usual("canned")  # it has been installed meanwhile
        hearing = await manager.create(request(recognizer=""))
        listener = hearing._means.listener
        assert (deaf.listens, listener is not None) == (False, True)
        await manager.end(deaf.id)
        assert listener is not None
        assert listener.pid is not None
        assert psutil.pid_exists(listener.pid)
        await manager.end(hearing.id)
        assert not psutil.pid_exists(listener.pid)

    run(settings, test, recognizer="canned:absent")


def test_a_session_that_cannot_be_made_or_ended_keeps_no_place(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    from mien.live import manager as module

    class Broken:
        def __init__(self, *_: object) -> None:
            raise ValueError("a mistake")

    async def failing(reason: str) -> None:
        raise RuntimeError("a mistake")

    async def test(manager: LiveManager) -> None:
        with monkeypatch.context() as changed:
            changed.setattr(module, "LiveSession", Broken)
            with pytest.raises(ValueError, match="a mistake"):
                await manager.create(request())
        assert manager._host.streams == 0
        session = await manager.create(request())
        with monkeypatch.context() as changed:
            close = session.close
            changed.setattr(session, "close", failing)
            with pytest.raises(RuntimeError):
                await manager.end(session.id)
        await close("deleted")
        await manager.create(request())

    run(settings, test, live_max_sessions=1)


def test_a_language_that_nobody_understands_is_only_typed(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request(recognizer="", language="zh-CN"))
        assert not session.listens
        assert "zh-CN" in events(session, "warning")[0].data["message"]
        assert (await manager.create(request(recognizer="", language="en-GB"))).listens

    run(settings, test, recognizer="pocketsphinx")


def test_an_unknown_session_is_not_found(settings: Settings):
    manager = LiveManager(settings)
    with pytest.raises(NotFoundError):
        manager.get("nonsense")


def test_nobody_watching_and_nobody_speaking_end_a_session(settings: Settings):
    clock = Clock()

    class Session:
        def __init__(self, name: str, alone: float, silent: float) -> None:
            self.id, self.alone, self.silent, self.closed = name, alone, silent, ""
            self.request, self.recording_path, self.listens, self.failed = request(), None, False, False

        def alone_s(self, now: float) -> float:
            return self.alone

        def silent_s(self, now: float) -> float:
            return self.silent

        async def close(self, reason: str) -> None:
            self.closed = reason

    async def main() -> None:
        manager = manager_of(settings, clock)
        sessions = [
            Session("watched", 0, 0),
            Session("alone", 61, 0),
            Session("silent", 0, 601),
            Session("resting", 59, 21),
            Session("thinking", 0, 9),
        ]
        for session in sessions:
            manager._sessions[session.id] = session  # pyright: ignore[reportArgumentType]
            manager._places[session.id] = (False, 1.0)
        await manager.sweep()
        assert [session.closed for session in sessions] == ["", "no_peer", "idle", "", ""]
        clock.memory_mb = 1001
        await manager.relieve()
        assert [session.closed for session in sessions] == [
            "",
            "no_peer",
            "idle",
            "memory",
            "",
        ]
        await manager.relieve()
        assert sessions[0].closed == sessions[4].closed == "", "a conversation is not ended for its memory"

    asyncio.run(main())


def test_memory_far_beyond_its_limit_refuses_new_sessions(settings: Settings):
    async def main() -> None:
        manager = manager_of(settings, Clock())
        manager._used_mb = 1201
        with pytest.raises(BusyError, match="memory"):
            await manager.create(request())

    asyncio.run(main())


def test_a_session_that_nobody_joins_ends_by_itself(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        await until(lambda: events(session, "closed"))
        assert manager.list() == []
        assert events(session, "closed")[0].data["reason"] == "no_peer"

    run(settings, test, live_peer_timeout_s=1)


def test_an_end_whose_asker_is_cancelled_goes_on(settings: Settings):
    async def test(manager: LiveManager) -> None:
        for wait in (0.0, 0.001, 0.01):
            session = await manager.create(request())
            asked = asyncio.create_task(manager.end(session.id))
            await asyncio.sleep(wait)
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            await until(lambda ended=session: events(ended, "closed") or ended in manager.list())
            if session in manager.list():
                await manager.end(session.id)
        # Closing in the middle of an end waits for it.
        session = await manager.create(request())
        asked = asyncio.create_task(manager.end(session.id))
        await asyncio.sleep(0.001)
        asked.cancel()

    run(settings, test)
    assert psutil.Process().children(recursive=True) == []


def held(memory: Path) -> dict[str, int]:
    gc.collect()
    own = psutil.Process()
    return {
        "tasks": len(asyncio.all_tasks()),
        # The loop keeps some threads for what blocks, up to a fixed number.
        "threads": sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate()),
        "fds": own.num_fds(),
        "children": len(own.children(recursive=True)),
        "shared memory": len(list(memory.iterdir())),
    }


def test_sessions_leave_nothing_behind(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ring, "_MEMORY", tmp_path)  # where nobody else has files

    async def test(manager: LiveManager) -> None:
        async def one() -> None:
            session = await manager.create(request())
            Watcher(session)
            await session.say("Hello.")
            await until(lambda: session.info().speaking)
            await manager.end(session.id)

        async def settled() -> dict[str, int]:
            await until(lambda: manager._host._spare and manager._host._spare.done(), 30)
            before, now = {}, held(tmp_path)
            while before != now:
                await asyncio.sleep(0.3)
                before, now = now, held(tmp_path)
            return now

        for _ in range(2):
            await one()
        before = await settled()
        for _ in range(4):
            await one()
        assert await settled() == before

    run(settings, test)
    assert psutil.Process().children(recursive=True) == []


def test_changed_settings_reach_new_sessions_only(settings: Settings):
    async def test(manager: LiveManager) -> None:
        before = await manager.create(request())
        listener, speaker = before._means.listener, before._means.speaker
        assert listener is not None
        manager.use(manager._settings.model_copy(update={"openai_api_key": "other", "llm_temperature": 0.1}))
        after = await manager.create(request())
        assert after._means.speaker is not speaker
        assert after._means.llm.temperature == 0.1 != before._means.llm.temperature
        await before.say("I am still here.")
        await until(lambda: texts(before) == ["I am still here."])
        await manager.end(before.id)
        await until(lambda: listener.pid is None or not psutil.pid_exists(listener.pid))
        await manager.create(request())

    run(settings, test)


def test_settings_of_others_end_no_voice(settings: Settings):
    async def test(manager: LiveManager) -> None:
        before = await manager.create(request())
        manager.use(manager._settings.model_copy(update={"live_idle_timeout_s": 11, "llm_model": "other"}))
        after = await manager.create(request())
        assert after._means.speaker is before._means.speaker
        assert after._means.listener is before._means.listener
        assert manager._settings.live_idle_timeout_s == 11

    run(settings, test)


def test_settings_changed_again_and_again_leave_one_recogniser(settings: Settings):
    async def test(manager: LiveManager) -> None:
        for number in range(4):
            manager.use(manager._settings.model_copy(update={"recognizer_api_key": str(number)}))
            await asyncio.sleep(0.05 * number)
        await until(lambda: not manager._changes)
        assert [one.in_use for one in manager._retired].count(True) == 0
        assert manager._shared.in_use

    run(settings, test)
