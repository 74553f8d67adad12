"""A WebRTC client for tests that notes when what arrived."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AUDIO_PTIME, MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame

from mien.live.edge.ice import IceSettings, close_connection
from mien.live.edge.peer import Peer
from mien.live.slices import OUTPUT_RATE


@dataclass
class Arrived:
    """A frame at the client: seconds of `time.monotonic`, seconds of its time stamp, and the Y, U, V of its middle or its samples."""

    at: float
    pts: float
    data: np.ndarray


class Client:
    """The other side of a `Peer`.

    Args:
        sections: "audio" and "video" in the order of the offer, with their directions.
        voice: track of the microphone.
        channel: a data channel is opened.
    """

    def __init__(
        self,
        *sections: tuple[str, str],
        voice: MediaStreamTrack | None = None,
        channel: bool = False,
    ) -> None:
        self.connection = RTCPeerConnection(IceSettings().configuration())
        self.arrived: dict[str, list[Arrived]] = {"audio": [], "video": []}
        self.messages: list[str] = []
        self.offered = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        for kind, direction in sections:
            self.connection.addTransceiver(voice if voice and kind == "audio" else kind, direction)
        self.channel = self.connection.createDataChannel("events") if channel else None
        if self.channel is not None:
            self.channel.on("message", self._message)
        self.connection.on("track", lambda track: self._tasks.append(asyncio.ensure_future(self._read(track))))

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        self.offered = time.monotonic()
        return self.connection.localDescription.sdp

    async def connect(self, peer: Peer) -> str:
        answer = await peer.answer(await self.offer())
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        return answer

    async def until(self, done: Callable[[Client], Any], timeout_s: float = 10) -> None:
        """Waits for something that arrives."""
        async with asyncio.timeout(timeout_s):
            while not done(self):
                self._changed.clear()
                await self._changed.wait()

    async def close(self) -> None:
        await close_connection(self.connection)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _message(self, message: str) -> None:
        self.messages.append(message)
        self._changed.set()

    async def _read(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AudioFrame | VideoFrame)
            assert frame.pts is not None
            assert frame.time_base is not None
            arrived = Arrived(time.monotonic(), float(frame.pts * frame.time_base), _data(frame))
            self.arrived[track.kind].append(arrived)
            self._changed.set()


def _data(frame: AudioFrame | VideoFrame) -> np.ndarray:
    if isinstance(frame, AudioFrame):
        return frame.to_ndarray().reshape(-1, 2)[:, 0]
    size = frame.width
    planes = frame.to_ndarray()
    return np.array([planes[size // 2, size // 2], planes[size * 9 // 8].mean(), planes[size * 11 // 8].mean()])


class Voice(MediaStreamTrack):
    """A microphone that hears a tone."""

    kind = "audio"

    def __init__(self, hertz: float) -> None:
        super().__init__()
        self._hertz, self._samples, self._began = hertz, 0, 0.0

    async def recv(self) -> AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        self._began = self._began or time.monotonic()
        await asyncio.sleep(self._began + self._samples / OUTPUT_RATE - time.monotonic())
        count = int(AUDIO_PTIME * OUTPUT_RATE)
        phase = 2 * np.pi * self._hertz * np.arange(self._samples, self._samples + count) / OUTPUT_RATE
        frame = AudioFrame.from_ndarray((np.sin(phase) * 16000).astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = OUTPUT_RATE, self._samples
        self._samples += count
        return frame


@dataclass
class Told:
    """What a peer told its owner."""

    sounds: list[np.ndarray]
    messages: list[dict[str, Any]]
    closed: list[Peer]
    changed: asyncio.Event

    async def until(self, done: Callable[[Told], Any], timeout_s: float = 10) -> None:
        async with asyncio.timeout(timeout_s):
            while not done(self):
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def peer(*, listen: bool = True, fps: float = 25, kbps: int = 1500) -> AsyncIterator[tuple[Peer, Told]]:
    """A peer and what it tells; closed at the end."""
    told = Told([], [], [], asyncio.Event())

    def note(where: list[Any]) -> Callable[[Any], None]:
        def add(item: Any) -> None:
            where.append(item)
            told.changed.set()

        return add

    made = Peer(
        fps=fps,
        ice=IceSettings(),
        listen=listen,
        on_sound=note(told.sounds),
        on_message=note(told.messages),
        on_closed=note(told.closed),
        video_kbps=kbps,
    )
    try:
        yield made, told
    finally:
        await made.close()


@asynccontextmanager
async def client(*sections: tuple[str, str], **options: Any) -> AsyncIterator[Client]:
    made = Client(*sections, **options)
    try:
        yield made
    finally:
        await made.close()


def loudest(samples: np.ndarray, rate: int) -> float:
    """Hz of the loudest tone."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate / len(samples))
