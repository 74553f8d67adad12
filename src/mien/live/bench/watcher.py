"""A client of a live session that notes when what arrives: the moment of the last packet of a picture, before any buffer of the client."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, rtcrtpreceiver
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtp import RtcpSrPacket
from av import AudioFrame, VideoFrame
from numpy.typing import NDArray

from mien.live.edge.ice import prepare_ice
from mien.live.slices import OUTPUT_RATE

_PACKET = OUTPUT_RATE // 50
_CLOCKS = {"audio": OUTPUT_RATE, "video": 90_000}
_CONNECT_S = 20.0
SESSIONS = "/api/v1/live/sessions"
KEPT = 3000
"""Arrivals that are remembered."""


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A picture or a packet of sound.

    Args:
        at: seconds of `time.monotonic`, when its last packet came.
        stamp_s: its time stamp, seconds; sound and picture count from two moments of their own.
        media: None if nothing is decoded.
    """

    at: float
    stamp_s: float
    media: VideoFrame | NDArray[np.int16] | None


def _left(frame: AudioFrame) -> NDArray[np.int16]:
    return frame.to_ndarray().reshape(-1, 2)[:, 0].astype(np.int16)


class _Nothing:
    def decode(self, encoded_frame: object) -> list[Any]:
        return []


def skip_decoding() -> None:
    """From now on no client of this process decodes anything: only arrivals are noted, and the processor is left to the server."""
    setattr(rtcrtpreceiver, "get_decoder", lambda codec: _Nothing())  # noqa: B010 - it is not exported


class Microphone(MediaStreamTrack):
    """Silence, or what it is given."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._speech = np.zeros(0, np.int16)
        self._samples, self._began = 0, 0.0
        self._ended: asyncio.Future[float] | None = None

    def speak(self, samples: NDArray[np.int16]) -> asyncio.Future[float]:
        """Says something, int16 mono at `OUTPUT_RATE`; gives the moment when its last sample was sent (`time.monotonic`)."""
        self._speech = samples
        self._ended = asyncio.get_running_loop().create_future()
        return self._ended

    async def recv(self) -> AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        self._began = self._began or time.monotonic()
        await asyncio.sleep(self._began + self._samples / OUTPUT_RATE - time.monotonic())
        now, self._speech = self._speech[:_PACKET], self._speech[_PACKET:]
        frame = AudioFrame.from_ndarray(np.pad(now, (0, _PACKET - len(now)))[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = OUTPUT_RATE, self._samples
        self._samples += _PACKET
        if self._ended is not None and not len(self._speech):
            if not self._ended.done():
                self._ended.set_result(time.monotonic())
            self._ended = None
        return frame


class Watcher:
    """The client of one session, with a microphone. Used on one event loop.

    Args:
        api: of the server, see `ServerProcess.client`.
        session: its id.
    """

    def __init__(self, api: httpx.AsyncClient, session: str) -> None:
        prepare_ice()
        self.microphone = Microphone()
        self.pictures: deque[Arrival] = deque(maxlen=KEPT)
        self.sounds: deque[Arrival] = deque(maxlen=KEPT)
        self.path = f"{SESSIONS}/{session}"
        self._api = api
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._tasks: list[asyncio.Task[None]] = []
        self._arrived: dict[str, dict[int, float]] = {"audio": {}, "video": {}}
        self._first: dict[str, int] = {}
        self._reports: dict[str, deque[float]] = {"audio": deque(maxlen=KEPT), "video": deque(maxlen=KEPT)}
        self._changed = asyncio.Event()

    async def connect(self) -> None:
        """Returns when pictures and sound arrive."""
        connection = self._connection
        connection.on("connectionstatechange", self._changed.set)
        connection.addTransceiver(self.microphone, "sendrecv")
        connection.addTransceiver("video", "recvonly")
        for transceiver in connection.getTransceivers():
            self._tap(transceiver.receiver, transceiver.kind)
        await connection.setLocalDescription(await connection.createOffer())
        answer = await self.post("offer", json={"sdp": connection.localDescription.sdp, "type": "offer"})
        await connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
        self._tasks = [
            asyncio.create_task(self._read(transceiver.receiver.track)) for transceiver in connection.getTransceivers()
        ]
        await self.until(lambda: len(self._arrived["video"]) > 2 and len(self._arrived["audio"]) > 2, _CONNECT_S)

    async def post(self, what: str, **request: Any) -> dict[str, Any]:
        """Asks the session for something.

        Raises:
            httpx.HTTPError: it refuses.
        """
        response = await self._api.post(f"{self.path}/{what}", **request)
        response.raise_for_status()
        return response.json() if response.content else {}

    async def say(self, text: str, mode: str = "echo") -> None:
        await self.post("say", json={"text": text, "mode": mode, "when": "interrupt"})

    async def info(self) -> dict[str, Any]:
        response = await self._api.get(self.path)
        response.raise_for_status()
        return response.json()

    def arrivals(self, kind: str) -> list[float]:
        """When the last pictures or packets of sound ("video", "audio") were complete, seconds of `time.monotonic`."""
        return sorted(self._arrived[kind].values())

    def epoch(self, kind: str) -> float:
        """The sender's clock when a time stamp is 0, seconds, by its sender reports."""
        return statistics.median(self._reports[kind])

    async def until(self, done: Callable[[], Any], timeout_s: float) -> None:
        """Waits for something that arrives.

        Raises:
            TimeoutError: it does not.
            ConnectionError: the connection is lost.
        """
        async with asyncio.timeout(timeout_s):
            while not done():
                if self._connection.connectionState in ("failed", "closed"):
                    raise ConnectionError("The connection to the session is lost.")
                self._changed.clear()
                await self._changed.wait()

    async def close(self) -> None:
        self.microphone.stop()
        await self._connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _tap(self, receiver: RTCRtpReceiver, kind: str) -> None:
        handle = receiver._handle_rtp_packet
        arrived = self._arrived[kind]

        async def tapped(packet: Any, arrival_time_ms: int) -> None:
            self._first.setdefault(kind, packet.timestamp)
            # Packets of one picture have one stamp; the dictionary keeps the order of their first one.
            arrived[packet.timestamp] = time.monotonic()
            if len(arrived) > KEPT:
                del arrived[next(iter(arrived))]
            self._changed.set()
            await handle(packet, arrival_time_ms)

        vars(receiver)["_handle_rtp_packet"] = tapped
        handle_report = receiver._handle_rtcp_packet

        async def reported(packet: Any) -> None:
            if isinstance(packet, RtcpSrPacket) and kind in self._first:
                stamp = (packet.sender_info.rtp_timestamp - self._first[kind]) % 2**32
                self._reports[kind].append(packet.sender_info.ntp_timestamp / 2**32 - stamp / _CLOCKS[kind])
            await handle_report(packet)

        vars(receiver)["_handle_rtcp_packet"] = reported

    async def _read(self, track: MediaStreamTrack) -> None:
        kept = self.pictures if track.kind == "video" else self.sounds
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AudioFrame | VideoFrame)
            assert frame.pts is not None
            stamp = (self._first[track.kind] + frame.pts) % 2**32
            at = self._arrived[track.kind].get(stamp, time.monotonic())
            media = frame if isinstance(frame, VideoFrame) else _left(frame)
            kept.append(Arrival(at, frame.pts / _CLOCKS[track.kind], media))
            self._changed.set()
