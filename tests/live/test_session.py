"""A session as its users meet it: real voice, real render process, real pipeline."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import numpy as np
import psutil
import pytest

from live.edge.clients import client
from live.sessions import Watcher, events, request, run, talk, texts, until, voice
from live.stub_llm import Answer, StubLlm
from mien.errors import BusyError, MediaError, NotFoundError, UsageError
from mien.live.manager import LiveManager
from mien.live.render import RenderStream
from mien.settings import Settings
from mien.types import Sound

TONE = Sound((0.3 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)).astype(np.float32), 16000)


def peak_hz(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound.astype(float)))
    return float(np.argmax(spectrum) * 48000 / len(sound))


def test_it_says_what_it_is_told_with_picture_and_sound(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        watcher = Watcher(session)
        assert session.info().state == "idle"
        turn = await session.say("Hello there. I am Ruby.")
        await until(lambda: texts(session))
        assert texts(session) == ["Hello there. I am Ruby."]
        assert texts(session, "avatar_text") == ["Hello there.", "I am Ruby."]
        assert {piece.generation for piece in watcher.spoken} == {turn}
        assert all(len(piece.sound) == 1920 for piece in watcher.slices)
        assert np.abs(watcher.sound).max() > 3000
        ticks = [piece.tick for piece in watcher.slices]
        assert ticks == sorted(set(ticks))
        states = [event.data["state"] for event in events(session, "state")]
        assert states == ["idle", "thinking", "speaking", "idle"]
        latency = events(session, "latency")[0].data
        assert latency["generation"] == turn
        assert {"tts", "frame", "played", "total"} <= set(latency)

    run(settings, test)


def test_after_an_interruption_there_is_neither_sound_nor_speech(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        watcher = Watcher(session)
        await session.say("One two three four five six seven eight nine ten eleven twelve.")
        await until(lambda: len(watcher.spoken) > 20)
        await session.interrupt()
        await until(lambda: texts(session))
        heard = len(watcher.slices)
        await asyncio.sleep(0.4)
        assert not any(piece.sound.any() for piece in watcher.slices[heard + 1 :])
        assert all(piece.idle for piece in watcher.slices[heard + 1 :])
        done = events(session, "avatar_done")[0].data
        assert done["interrupted"]
        assert "One two" in done["text"]
        assert "twelve" not in done["text"]
        assert session.info().state == "idle"

    run(settings, test)


def test_what_is_queued_follows_and_what_interrupts_comes_first(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        first = await session.say("Number one.")
        second = await session.say("Number two.", when="queue")
        third = await session.play(TONE, when="queue")
        await until(lambda: len(texts(session)) == 3)
        assert texts(session) == ["Number one.", "Number two.", ""]
        assert [event.data["generation"] for event in events(session, "avatar_done")] == [first, second, third]
        await session.say("This is a long sentence that nobody will hear to its end.")
        await session.say("Never.", when="queue")
        await session.say("Stop.")
        await until(lambda: texts(session)[-1] == "Stop.")
        assert "Never." not in texts(session)

    run(settings, test)


def test_of_two_that_interrupt_at_once_only_the_last_is_said(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        await session.say("One two three four five six seven.")
        await until(lambda: session.info().speaking)
        turns = await asyncio.gather(session.say("First."), session.say("Second."))
        assert turns[0] < turns[1] == session.info().generation
        await until(lambda: texts(session)[-1:] == ["Second."])
        assert "First." not in texts(session, "avatar_text")
        assert session.info().state == "idle"

    run(settings, test)


def test_not_everything_can_wait(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        await session.say("Something quite long, so that the others have to wait for it.")
        for n in range(20):
            await session.say(f"Number {n}.", when="queue")
        with pytest.raises(BusyError):
            await session.say("Too much.", when="queue")

    run(settings, test)


def test_a_recording_is_heard_as_it_is(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        watcher = Watcher(session)
        await session.play(TONE)
        await until(lambda: texts(session) == [""])
        sound = np.concatenate([piece.sound for piece in watcher.spoken])
        assert len(watcher.spoken) == 25
        assert peak_hz(sound) == pytest.approx(440, abs=2)
        for bad in (b"not a sound", b"", Sound(np.zeros(16000, np.float32), 16000)):
            with pytest.raises(MediaError):
                await session.play(bad)

    run(settings, test)


def test_no_sound_and_no_picture_of_one_session_reaches_another(settings: Settings):
    async def test(manager: LiveManager) -> None:
        red, blue = await asyncio.gather(manager.create(request()), manager.create(request(avatar="sapphire")))
        seen = {session.id: Watcher(session) for session in (red, blue)}
        higher = Sound((0.3 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)).astype(np.float32), 16000)
        await asyncio.gather(red.play(TONE), blue.play(higher))
        await until(lambda: texts(red) and texts(blue))
        for session, hz in ((red, 440), (blue, 1000)):
            watcher = seen[session.id]
            assert peak_hz(np.concatenate([piece.sound for piece in watcher.spoken])) == pytest.approx(hz, abs=2)
        await red.say("Only I speak.")
        await until(lambda: len(texts(red)) == 2)
        assert not any(piece.sound.any() for piece in seen[blue.id].slices[-10:])
        # V, the last quarter of I420's lower third, is high in red pictures and low in blue ones.
        red_v, blue_v = (
            np.mean([piece.picture[-piece.picture.shape[0] // 6 :].mean() for piece in seen[session.id].slices])
            for session in (red, blue)
        )
        assert red_v > 140 > 120 > blue_v
        assert not any(event.data.get("text") == "Only I speak." for event in events(blue, "avatar_done"))

    run(settings, test)


def test_it_listens_answers_and_stops_when_one_speaks(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        Watcher(session)
        sound = voice("Tell me what time it is", settings)
        await talk(session, sound)
        await until(lambda: session.info().state == "speaking")
        finals = [event.data["text"] for event in events(session, "user_text") if event.data["final"]]
        assert finals == ["hello there how are you"]
        assert any(not event.data["final"] for event in events(session, "user_text"))
        states = [event.data["state"] for event in events(session, "state")]
        assert states == ["idle", "listening", "thinking", "speaking"]
        latency = events(session, "latency")[0].data
        assert {"vad", "asr", "llm", "tts", "played", "total"} <= set(latency)
        await talk(session, sound, silence_s=0.0)
        assert [event.data["interrupted"] for event in events(session, "avatar_done")] == [True]
        assert session.info().state == "listening"

    run(settings, test)


def test_the_avatar_is_told_when_the_users_voice_begins_and_pauses(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    told: list[bool] = []
    listen = RenderStream.listen

    def remember(stream: RenderStream, on: bool) -> None:
        told.append(on)
        listen(stream, on)

    monkeypatch.setattr(RenderStream, "listen", remember)

    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        Watcher(session)
        await session.say("Nobody else speaks.")
        await until(lambda: texts(session))
        assert told == []
        sound = voice("Tell me what time it is", settings)
        await talk(session, np.concatenate([sound, np.zeros(10_000, np.int16), sound]))
        await until(lambda: session.info().state == "speaking")
        changes = [on for on, before in zip(told, [None, *told], strict=False) if on is not before]
        assert changes == [True, False, True, False]

    run(settings, test)


def test_noise_without_words_is_not_answered(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request(recognizer="canned:deaf"))
        await talk(session, voice("Tell me what time it is", settings))
        await until(lambda: [event.data["state"] for event in events(session, "state")][-2:] == ["listening", "idle"])
        assert events(session, "user_text") == []
        await session.say("Still here.")
        await until(lambda: texts(session) == ["Still here."])

    run(settings, test)


def test_words_that_are_taken_back_are_not_waited_for(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request(recognizer="canned:forgets"))
        await talk(session, voice("Tell me what time it is", settings))
        assert texts(session, "user_text")
        await until(lambda: [event.data["state"] for event in events(session, "state")][-2:] == ["listening", "idle"])

    run(settings, test)


def test_a_client_of_rtvi_can_ask_but_not_end_the_pipeline(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        for kind in ("client-ready", "disconnect-bot"):
            await session.message({"label": "rtvi-ai", "type": kind, "id": "1", "data": {"version": "1.0.0"}})
        await asyncio.sleep(0.2)
        await session.say("Still here.")
        await until(lambda: texts(session) == ["Still here."])
        asked = {"label": "rtvi-ai", "type": "send-text", "id": "2", "data": {"content": "Who are you?"}}
        await session.message(asked)
        await until(lambda: len(texts(session)) == 2)
        assert "I have no language model" in texts(session)[1]

    run(settings, test)


def test_the_model_is_shown_only_what_was_heard(settings: Settings):
    answers = [Answer(text="One two three four five six seven eight nine ten eleven twelve."), Answer(text="Fine.")]
    with StubLlm(answers) as stub:

        async def test(manager: LiveManager) -> None:
            session = await manager.create(request())
            watcher = Watcher(session)
            await session.say("Count, please.", "chat")
            await until(lambda: len(watcher.spoken) > 25)
            await session.say("And now?", "chat")
            await until(lambda: texts(session)[-1:] == ["Fine."])
            messages = stub.requests[-1].body["messages"]
            assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
            heard = messages[2]["content"]
            assert heard.startswith("One two")
            assert "twelve" not in heard
            assert heard == texts(session)[0]

        run(settings, test, llm="custom", llm_base_url=stub.url, llm_model="stub")


def test_an_interruption_cancels_the_request_of_the_model(settings: Settings):
    with StubLlm([Answer(text="word " * 200, tokens_per_s=20)]) as stub:

        async def test(manager: LiveManager) -> None:
            session = await manager.create(request())
            await session.say("Tell me a story.", "chat")
            await until(lambda: stub.requests and len(stub.requests[0].sent) > 3)
            await session.interrupt()
            await until(lambda: stub.requests[0].left is not None, 3)
            assert session.info().state == "idle"

        run(settings, test, llm="custom", llm_base_url=stub.url, llm_model="stub")


def test_a_model_that_fails_is_excused_and_the_next_turn_works(settings: Settings):
    with StubLlm([Answer(status=429, body="slow down"), Answer(text="Now it works.")]) as stub:

        async def test(manager: LiveManager) -> None:
            session = await manager.create(request())
            await session.say("Hello?", "chat")
            await until(lambda: any(texts(session)))
            assert events(session, "warning")[0].data["code"] == "language_model"
            await session.say("Hello again?", "chat")
            await until(lambda: texts(session)[-1] == "Now it works.")

        run(settings, test, llm="custom", llm_base_url=stub.url, llm_model="stub")


def test_the_model_can_move_the_avatar(settings: Settings):
    answers = [Answer(tools=[("play_action", '{"name": "nod"}')]), Answer(text="Yes, of course.")]
    with StubLlm(answers) as stub:

        async def test(manager: LiveManager) -> None:
            session = await manager.create(request())
            await session.say("Do you agree?", "chat")
            await until(lambda: texts(session)[-1:] == ["Yes, of course."])
            assert [event.data["name"] for event in events(session, "action")] == ["nod"]
            session.act("shake")
            with pytest.raises(UsageError, match="fly"):
                session.act("fly")

        run(settings, test, llm="custom", llm_base_url=stub.url, llm_model="stub")


@pytest.mark.parametrize("arguments", ['{"name": "nod"}', '{"name": "fly"}', "nonsense"])
def test_what_is_queued_waits_for_an_answer_that_begins_with_a_movement(settings: Settings, arguments: str):
    answers = [Answer(tools=[("play_action", arguments)]), Answer(text="Yes, of course.")]
    with StubLlm(answers) as stub:

        async def test(manager: LiveManager) -> None:
            session = await manager.create(request())
            first = await session.say("Do you agree?", "chat")
            second = await session.say("Something else.", when="queue")
            await until(lambda: texts(session)[-1:] == ["Something else."])
            ends = [(event.data["generation"], event.data["text"]) for event in events(session, "avatar_done")]
            answer = "" if arguments == "nonsense" else "Yes, of course."
            assert ends == [(first, answer), (second, "Something else.")]

        run(settings, test, llm="custom", llm_base_url=stub.url, llm_model="stub")


def test_a_killed_render_process_comes_back_and_says_so(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        watcher = Watcher(session)
        await session.say("This sentence will be cut off in its middle, I am afraid.")
        await until(lambda: len(watcher.spoken) > 5)
        pid = manager._host.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: events(session, "warning"))
        assert events(session, "warning")[0].data["code"] == "render"
        await session.say("Back again.")
        await until(lambda: texts(session)[-1:] == ["Back again."])
        assert any(piece.sound.any() for piece in watcher.spoken[-20:])

    run(settings, test)


def test_a_killed_voice_says_the_next_sentence(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        await session.say("First.")
        await until(lambda: texts(session) == ["First."])
        espeak = [one for one in psutil.Process().children(recursive=True) if "espeak" in " ".join(one.cmdline())]
        assert espeak
        for process in espeak:
            process.kill()
        await session.say("Second.")
        await until(lambda: texts(session) == ["First.", "Second."])

    run(settings, test)


def test_a_session_is_recorded_with_both_voices(settings: Settings):
    from mien.media import VideoReader, read_audio

    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        session.start_recording()
        with pytest.raises(UsageError):
            session.start_recording()
        assert session.info().recording
        await session.play(TONE)
        higher = (9000 * np.sin(2 * np.pi * 1500 * np.arange(16000) / 16000)).astype(np.int16)
        await talk(session, higher, 0.2)
        await until(lambda: texts(session))
        path = await session.stop_recording()
        assert session.recording_path == path
        with pytest.raises(UsageError):
            await session.stop_recording()
        sound = read_audio(path)
        spectrum = np.abs(np.fft.rfft(sound.samples))
        hz = np.fft.rfftfreq(len(sound.samples), 1 / sound.sample_rate)
        floor = np.median(spectrum)
        for tone in (440, 1500):
            assert spectrum[np.abs(hz - tone) < 5].max() > 50 * floor
        with VideoReader(path) as video:
            frames = sum(1 for _ in video)
        assert frames / 25 == pytest.approx(sound.seconds, abs=0.1)

    run(settings, test)


def test_a_closed_session_tells_its_readers_and_is_gone(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        read: list[str] = []

        async def reader() -> None:
            async for event in session.events.read(0):
                read.append(event.kind)

        task = asyncio.create_task(reader())
        await session.say("Goodbye.")
        start = time.monotonic()
        await manager.end(session.id)
        await asyncio.wait_for(task, 5)
        assert time.monotonic() - start < 5
        assert read[-1] == "closed"
        assert session.info().state == "closed"

    run(settings, test)


def test_whoever_connects_while_it_ends_is_turned_away(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        async with client(("audio", "recvonly"), ("video", "recvonly")) as other:
            offering = asyncio.create_task(session.offer(await other.offer()))
            await asyncio.sleep(0)
            await manager.end(session.id)
            with pytest.raises(NotFoundError):
                await offering
        assert session.watchers == 0
        assert session.stage.sinks == ()
        for ask in (session.say("Hello?"), session.stream("jpeg")):
            with pytest.raises(NotFoundError):
                await ask
        with pytest.raises(NotFoundError):
            session.start_recording()
        assert session.info().state == "closed"

    run(settings, test)


def test_viewers_that_come_at_once_never_exceed_the_limit(settings: Settings):
    async def test(manager: LiveManager) -> None:
        session = await manager.create(request())
        async with client(("video", "recvonly")) as other:
            sdp = await other.offer()
            outcomes = await asyncio.gather(
                *(session.offer(sdp, viewer=True) for _ in range(10)), return_exceptions=True
            )
            assert [type(outcome) for outcome in outcomes].count(BusyError) == 2
            assert session.watchers == 8

    run(settings, test)
