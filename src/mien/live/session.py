"""One conversation with one avatar, and everybody who watches it."""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pipecat.processors.frame_processor import FrameProcessor

from mien.errors import BusyError, MienError, NotFoundError, RenderError, UsageError
from mien.live.avatar import AvatarOutput
from mien.live.conversation import Conversation, Transcripts
from mien.live.ears import Ears
from mien.live.edge.ice import IceSettings
from mien.live.edge.peer import Peer
from mien.live.edge.recording import Recording
from mien.live.edge.stream import FragmentedMp4, JpegPcm
from mien.live.events import EventLog
from mien.live.recordings import MAX_RECORDING_S, read_recording
from mien.live.render import RenderStream
from mien.live.request import SessionInfo, SessionRequest, When
from mien.live.services.llm import LlmChoice, language_model
from mien.live.services.stt import SpeechToText
from mien.live.services.voice import Voice
from mien.live.stage import Stage
from mien.live.turns import Turns
from mien.settings import Settings
from mien.speech import Listener, Speaker
from mien.types import Sound

logger = logging.getLogger(__name__)

State = Literal["starting", "idle", "listening", "thinking", "speaking", "closed"]

_MAX_WAITING = 20
_MAX_VIEWERS = 8

_RENDER_NEWS = {
    "restarted": RenderError("The picture was interrupted and goes on.", hint="Say it again."),
    "failed": RenderError("The avatar cannot be drawn any more.", hint="End the conversation and start a new one."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a session is made with.

    Args:
        stream: draws the avatar; the session's own.
        speaker: the voice; may be shared.
        listener: the recogniser; may be shared; None: only typed text.
        llm: which language model.
    """

    stream: RenderStream
    speaker: Speaker
    listener: Listener | None
    llm: LlmChoice


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A turn that begins after the one under way."""

    generation: int
    begin: Callable[[int], Awaitable[None]]
    seconds: float


class LiveSession:
    """Used on one event loop. Made by `LiveManager.create`.

    Args:
        id: its name in addresses, hard to guess.
        request: what was asked for.
        settings: see `mien.settings`.
        means: see `Means`; what is shared is not closed with the session.
    """

    def __init__(self, id: str, request: SessionRequest, settings: Settings, means: Means) -> None:
        self.id, self.request = id, request
        self.events = EventLog()
        self.turns = Turns()
        self._settings, self._means = settings, means
        self._state: State = "starting"
        self._born = self._last_word = self._last_seen = time.monotonic()
        self._peers: dict[str, Peer] = {}
        self._talker: Peer | None = None
        self._streams: set[FragmentedMp4 | JpegPcm] = set()
        self._recording: Recording | None = None
        self.recording_path: Path | None = None
        self._waiting: deque[_Waiting] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._latencies: deque[dict[str, float]] = deque(maxlen=20)
        self._greeted = self._words_in_turn = False
        self._connecting = 0
        self._reading = asyncio.Lock()
        stream = means.stream
        self._output = AvatarOutput(stream, self.turns, self)
        self.stage = Stage(stream.fps, stream.take, self._output.show)
        hearing: list[FrameProcessor] = [Transcripts(self._understood)]
        if means.listener is not None:
            hearing.insert(0, SpeechToText(means.listener, request.language, self.turns))
        model = language_model(means.llm, self.turns, stream.actions, self._model_acts, self.warn)
        voice = Voice(means.speaker, request.rate, self.turns, self.warn)
        self._conversation = Conversation(
            hearing, model, [voice, self._output], self.turns, self._user_speaks, stream.listen, self._part_failed
        )
        self._ears = Ears(self._conversation.hear)

    async def start(self) -> None:
        """Returns when it is warm: it moves, listens and can answer."""
        await self._conversation.start()
        if self._means.listener is not None:
            self._ears.start()
        self.stage.start()
        self._enter("idle")

    async def close(self, reason: str) -> None:
        """Ends everything; may be called twice."""
        if self._state == "closed":
            return
        self._enter("closed")
        if self._recording is not None:
            await self._quietly(self.stop_recording())
        self.events.add("closed", reason=reason)
        await self._ears.close()
        await self._quietly(self._conversation.close())
        await self.stage.close()
        peers, self._peers = list(self._peers.values()), {}
        await asyncio.gather(*(peer.close() for peer in peers), return_exceptions=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._means.stream.close()

    # What can be asked of it

    async def say(self, text: str, mode: str = "echo", when: When = "interrupt") -> int:
        """Says a text (`echo`) or answers it (`chat`).

        Returns:
            The generation of the turn that begins.

        Raises:
            BusyError: too much waits already.
        """
        if mode == "chat":
            return await self._do(lambda generation: self._chat(text, generation), when)
        return await self._do(lambda generation: self._conversation.say(text, generation), when)

    async def play(self, recording: bytes | Sound, when: When = "interrupt") -> int:
        """Speaks a recording: the content of a sound file, or samples.

        Raises:
            MediaError: it cannot be read, is silent, or longer than ten minutes.
            BusyError: too much waits already.
        """
        # One at a time: in the same threads pictures are encoded.
        async with self._reading:
            sound = await asyncio.to_thread(read_recording, recording, MAX_RECORDING_S)
        return await self._do(lambda generation: self._conversation.play(sound, generation), when, sound.seconds)

    async def interrupt(self) -> int:
        """Stops whatever is thought, said or waits to be said.

        Returns:
            The generation of the turn that begins; stale if it was interrupted meanwhile.
        """
        self._waiting.clear()
        generation = self.turns.cut()
        await self._conversation.interrupt(generation)
        if self._state == "thinking" and not self.turns.is_stale(generation):
            self._enter("idle")
        return generation

    def act(self, name: str) -> None:
        """Makes a movement.

        Raises:
            UsageError: this avatar has no such movement.
        """
        if name not in self._means.stream.actions:
            raise UsageError(
                f"This avatar has no movement {name!r}.", hint=f"It has: {', '.join(self._means.stream.actions)}."
            )
        self._means.stream.act(name)
        self.events.add("action", name=name)

    def hear(self, samples: NDArray[np.int16]) -> None:
        """The user's sound, int16 mono 16 kHz, any length; never blocks."""
        if self._state != "closed":
            self._ears.hear(samples)

    async def message(self, message: dict[str, Any]) -> None:
        """A message of a client: `{"type": "interrupt"}` and `{"type": "say", "text": …}` are ours, some of RTVI go to Pipecat."""
        if message.get("label") == "rtvi-ai":
            # No others: with them a client could end the pipeline, feed it sound of any form, or have addresses fetched.
            if message.get("type") in ("client-ready", "send-text"):
                await self._conversation.message(message)
        elif message.get("type") == "interrupt":
            await self.interrupt()
        elif message.get("type") == "say" and isinstance(message.get("text"), str) and message["text"].strip():
            mode = "chat" if message.get("mode", "chat") == "chat" else "echo"
            await self.say(message["text"][:10_000], mode, "queue" if message.get("when") == "queue" else "interrupt")

    def info(self) -> SessionInfo:
        """How it is now."""
        stream, now = self._means.stream, time.monotonic()
        return SessionInfo(
            id=self.id,
            avatar=self.request.avatar,
            engine=self.request.engine,
            voice=self.request.voice or self._settings.voice,
            state=self._state,
            generation=self.turns.generation,
            speaking=self._output.speaking,
            recording=self._recording is not None,
            peers=self.watchers,
            width=stream.size[0],
            height=stream.size[1],
            fps=stream.fps,
            actions=list(stream.actions),
            age_s=round(now - self._born, 3),
            silent_s=round(self.silent_s(now), 3),
            metrics=self._metrics(),
        )

    @property
    def listens(self) -> bool:
        """It has a recogniser."""
        return self._means.listener is not None

    @property
    def failed(self) -> bool:
        """What carries the conversation has ended by itself."""
        return self._conversation.failed

    # Those who watch

    @property
    def watchers(self) -> int:
        return len(self._peers) + len(self._streams) + self._connecting

    def silent_s(self, now: float) -> float:
        """Seconds since anybody said anything."""
        return 0.0 if self._state in ("speaking", "listening") else now - self._last_word

    def alone_s(self, now: float) -> float:
        """Seconds since anybody watched."""
        if self.watchers:
            self._last_seen = now
        return now - self._last_seen

    async def offer(self, sdp: str, *, viewer: bool = False) -> tuple[str, str]:
        """Connects a browser or player.

        Args:
            sdp: its offer.
            viewer: it only watches; else it is the user, and takes the place of an earlier one.

        Returns:
            The peer's id and the answer.

        Raises:
            UsageError: the offer makes no sense.
            BusyError: enough people watch already.
            NotFoundError: the session is over.
        """
        self._check_room(replaces=not viewer and self._talker is not None)
        # Counted before the first await, as sessions are.
        self._connecting += 1
        try:
            peer, answer = await self._connected(sdp, viewer)
        finally:
            self._connecting -= 1
        if self._state == "closed":
            await peer.close()
            raise _over()
        if not viewer:
            if self._talker is not None:
                self._spawn(self._talker.close())
            self._talker = peer
        self._peers[peer.id] = peer
        self.stage.add(peer)
        self._greet()
        return peer.id, answer

    async def _connected(self, sdp: str, viewer: bool) -> tuple[Peer, str]:
        peer = Peer(
            fps=self._means.stream.fps,
            ice=IceSettings.of(self._settings),
            listen=not viewer,
            on_sound=None if viewer else self.hear,
            on_message=None if viewer else self._client_message,
            on_closed=self._peer_closed,
            video_kbps=self._settings.live_video_kbps,
        )
        return peer, await peer.answer(sdp)

    async def candidate(
        self, peer_id: str, candidate: str, sdp_mid: str | None, sdp_mline_index: int | None = None
    ) -> None:
        """One more address of a peer (trickle ICE).

        Raises:
            NotFoundError: there is no such peer.
            UsageError: it is no candidate.
        """
        await self._peer(peer_id).add_candidate(candidate, sdp_mid, sdp_mline_index)

    async def hang_up(self, peer_id: str) -> None:
        """Closes a peer's connection.

        Raises:
            NotFoundError: there is no such peer.
        """
        await self._peer(peer_id).close()

    async def stream(self, format: Literal["mp4", "jpeg"]) -> FragmentedMp4 | JpegPcm:
        """A stream for somebody who cannot use WebRTC; to be given back with `end_stream`.

        Raises:
            BusyError: enough people watch already.
        """
        self._check_room()
        size, fps = self._means.stream.size, self._means.stream.fps
        sink = FragmentedMp4(size, fps, self._settings.live_video_kbps) if format == "mp4" else JpegPcm(fps)
        self._streams.add(sink)
        self.stage.add(sink)
        self._greet()
        return sink

    async def end_stream(self, sink: FragmentedMp4 | JpegPcm) -> None:
        self.stage.remove(sink)
        self._streams.discard(sink)
        await sink.close()

    # Recording

    def start_recording(self) -> None:
        """Records the avatar's picture and both sides' sound.

        Raises:
            UsageError: it is recorded already.
            OutputError: the file cannot be written.
        """
        self._check_open()
        if self._recording is not None:
            raise UsageError("This session is recorded already.", hint="Stop the recording first.")
        folder = self._settings.data_dir / "recordings"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{self.id[:8]}.mp4"
        self._recording = Recording(path, self._means.stream.fps, on_error=self.warn)
        self.stage.hear = self._ears.begin_track()
        self.stage.add(self._recording)
        self.events.add("recording", recording=True, seconds=0.0)

    async def stop_recording(self) -> Path:
        """Finishes the file and gives its path.

        Raises:
            UsageError: it is not recorded.
            OutputError: it could not be written.
        """
        recording, self._recording = self._recording, None
        if recording is None:
            raise UsageError("This session is not recorded.", hint="Start a recording first.")
        self.stage.remove(recording)
        self.stage.hear = None
        self._ears.end_track()
        try:
            recorded = await recording.finish()
        finally:
            self.events.add("recording", recording=False, seconds=round(recording.seconds, 3))
        self.recording_path = recorded.path
        return recorded.path

    # News from its parts

    def warn(self, error: MienError) -> None:
        """Something failed; the session lives on."""
        self.events.add("warning", code=error.code, message=error.message, hint=error.hint)

    def render_news(self, news: str) -> None:
        """The render process died and came back, or did not."""
        self.warn(_RENDER_NEWS[news])
        self._spawn(self.interrupt())

    def speech_started(self, generation: int) -> None:
        self._enter("speaking")
        stages = self.turns.stages(generation)
        if stages:
            self._latencies.append(stages)
            self.events.add(
                "latency", generation=generation, **{name: round(seconds, 4) for name, seconds in stages.items()}
            )

    def sentence_started(self, text: str, generation: int) -> None:
        self._last_word = time.monotonic()
        if text:
            self.events.add("avatar_text", text=text, generation=generation)

    def words_heard(self, text: str, generation: int) -> None:
        self.events.add("avatar_words", text=text, generation=generation)

    def speech_finished(self, generation: int, text: str, interrupted: bool) -> None:
        self._last_word = time.monotonic()
        self.events.add("avatar_done", text=text, generation=generation, interrupted=interrupted)
        if not interrupted or self._state == "speaking":
            self._enter("idle")
        if not interrupted:
            self._next_waiting()

    def send_message(self, message: dict[str, Any]) -> None:
        if self._talker is not None:
            self._talker.send(message)

    def _understood(self, text: str, final: bool) -> None:
        if not text.strip():
            return
        self._last_word = time.monotonic()
        # What was understood so far may be taken back, and then nothing answers.
        self._words_in_turn = self._words_in_turn or final
        self.events.add("user_text", text=text, final=final, generation=self.turns.generation)

    def _user_speaks(self, begins: bool) -> None:
        self._last_word = time.monotonic()
        self._waiting.clear()
        if begins:
            self._words_in_turn = False
            self._enter("listening")
        else:
            # A cough is not answered.
            self._enter("thinking" if self._words_in_turn else "idle")

    def _model_acts(self, name: str) -> None:
        try:
            self.act(name)
        except UsageError as error:
            self.warn(error)

    def _part_failed(self, error: MienError | str) -> None:
        if isinstance(error, MienError):
            self.warn(error)
        else:
            logger.error("pipeline_error", extra={"session": self.id, "error": error[:500]})

    def _client_message(self, message: dict[str, Any]) -> None:
        self._spawn(self.message(message))

    def _peer_closed(self, peer: Peer) -> None:
        self.stage.remove(peer)
        self._peers.pop(peer.id, None)
        if self._talker is peer:
            self._talker = None
        self._last_seen = time.monotonic()

    # Inside

    async def _do(self, begin: Callable[[int], Awaitable[None]], when: When, seconds: float = 0.0) -> int:
        """Begins a turn now, or after the one under way; `seconds`: of the recording that it holds."""
        self._check_open()
        self._last_word = time.monotonic()
        busy = self._state in ("thinking", "speaking") or bool(self._waiting)
        if busy and when == "queue":
            held = seconds + sum(waiting.seconds for waiting in self._waiting)
            if len(self._waiting) >= _MAX_WAITING or held > MAX_RECORDING_S:
                raise BusyError("Too much waits to be said already.", hint="Wait, or interrupt.", retry_after_s=5)
            generation = self.turns.reserve()
            self._waiting.append(_Waiting(generation, begin, seconds))
            return generation
        if busy or self._state == "listening":
            generation = await self.interrupt()
        else:
            generation = self.turns.begin()
        await self._begin(generation, begin)
        return generation

    async def _begin(self, generation: int, begin: Callable[[int], Awaitable[None]]) -> None:
        if self.turns.is_stale(generation):
            # Something else interrupted before it had begun.
            return
        self.turns.enter(generation)
        self.turns.mark("asked", generation)
        self._enter("thinking")
        await begin(generation)

    async def _chat(self, text: str, generation: int) -> None:
        self.events.add("user_text", text=text, final=True, generation=generation)
        await self._conversation.answer(text)

    def _next_waiting(self) -> None:
        if self._waiting:
            # At once: what is asked for before the task runs must not overtake it.
            self._enter("thinking")
            waiting = self._waiting.popleft()
            self._spawn(self._begin(waiting.generation, waiting.begin))

    def _greet(self) -> None:
        if self.request.greeting and not self._greeted:
            self._greeted = True
            self._spawn(self._greet_when_seen())

    async def _greet_when_seen(self) -> None:
        while not (self._streams or any(peer.state == "connected" for peer in self._peers.values())):
            await asyncio.sleep(0.1)
        await self.say(self.request.greeting, "echo", "queue")

    def _enter(self, state: State) -> None:
        # Its last frames may still be on their way when it is closed.
        if state != self._state and self._state != "closed":
            self._state = state
            self.events.add("state", state=state)

    def _check_open(self) -> None:
        if self._state == "closed":
            raise _over()

    def _check_room(self, *, replaces: bool = False) -> None:
        self._check_open()
        if self.watchers - replaces >= _MAX_VIEWERS:
            raise BusyError(f"{_MAX_VIEWERS} people watch this session already.", hint="Wait until one leaves.")

    def _peer(self, peer_id: str) -> Peer:
        peer = self._peers.get(peer_id)
        if peer is None:
            raise NotFoundError(f"There is no peer {peer_id[:50]!r} in this session.", hint="Connect again.")
        return peer

    def _metrics(self) -> dict[str, float]:
        counts = self.stage.counts
        metrics = {
            "frames_shown": float(counts.shown),
            "frames_repeated": float(counts.repeated),
            "ticks_missed": float(self.stage.missed),
            "tick_late_ms": round(counts.late_ms, 1),
        }
        counts.late_ms = 0.0
        for stage in {name for turn in self._latencies for name in turn}:
            values = [turn[stage] for turn in self._latencies if stage in turn]
            metrics[f"latency_{stage}_s"] = round(statistics.median(values), 4)
        return metrics

    def _spawn(self, work: Awaitable[Any]) -> None:
        task = asyncio.ensure_future(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, work: Awaitable[Any]) -> None:
        try:
            await work
        except MienError as error:
            self.warn(error)
        except Exception:
            logger.exception("session_task_failed", extra={"session": self.id})


def _over() -> NotFoundError:
    return NotFoundError("This session is over.", hint="Start a new one.")
