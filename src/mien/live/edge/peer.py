"""One WebRTC connection to a browser or player: it sees and hears a session, and may speak to it."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np
from aiortc import RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.live.edge.encoders import preferred_codecs, use_bit_rate
from mien.live.edge.ice import IceSettings, close_connection, prepare_ice, read_candidate
from mien.live.edge.offers import Offer, Role, direction, read_offer
from mien.live.edge.tracks import PictureTrack, SoundTrack
from mien.live.slices import Slice
from mien.types import SAMPLE_RATE

logger = logging.getLogger(__name__)

State: TypeAlias = Literal["new", "connecting", "connected", "closed"]

Heard: TypeAlias = NDArray[np.int16]
"""Sound of the user, int16 mono at 16 kHz, 20 ms: shape (320,)."""

CONNECT_TIMEOUT_S = 30.0
"""From the answer; a browser behind a slow TURN server needs some seconds."""

_HEARD_SAMPLES = SAMPLE_RATE // 50
_MAX_CANDIDATES = 100
_MAX_MESSAGE = 64 * 1024
_MAX_BUFFERED = 256 * 1024
"""Bytes that may wait in the data channel: minutes of events."""

_MALFORMED = (
    ValueError,
    LookupError,
    AssertionError,
    AttributeError,
    TypeError,
    InternalError,
    InvalidAccessError,
    InvalidStateError,
    OperationError,
)
"""What aiortc raises on SDP that it does not understand."""


class Peer:
    """A sink of slices that sends them over WebRTC. Used on one event loop.

    It closes itself when the connection fails, is closed by the other side, is silent for about 10 s, or does not come about.

    Args:
        fps: of the session.
        ice: see there.
        listen: the other side's microphone is taken; else it only watches.
        on_sound: gets what the user says, 20 ms at a time.
        on_message: gets each JSON object that comes over the data channel.
        on_closed: called once when it has closed, whoever closed it.
        video_kbps: most bits of the picture.
    """

    def __init__(
        self,
        *,
        fps: float,
        ice: IceSettings,
        listen: bool,
        on_sound: Callable[[Heard], None] | None,
        on_message: Callable[[dict[str, Any]], None] | None,
        on_closed: Callable[[Peer], None],
        video_kbps: int = 1500,
    ) -> None:
        prepare_ice()
        self.id = secrets.token_urlsafe(12)
        self._listen, self._video_kbps = listen, video_kbps
        self._on_sound, self._on_message, self._on_closed = on_sound, on_message, on_closed
        self._connection = RTCPeerConnection(ice.configuration())
        self._connection.on("connectionstatechange", self._state_changed)
        self._connection.on("datachannel", self._channel_opened)
        self._picture, self._sound = PictureTrack(fps), SoundTrack(fps)
        self._offer: Offer | None = None
        self._roles: dict[Role, str] = {}
        self._channel: RTCDataChannel | None = None
        self._origin: int | None = None
        self._candidates = 0
        self._microphone: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        if self._closing is not None:
            return "closed"
        if self._connection.connectionState == "connected":
            return "connected"
        return "connecting" if self._offer else "new"

    async def answer(self, sdp: str, kind: str = "offer") -> str:
        """Takes an offer and gives the answer, with all candidates of this side.

        A further offer changes the connection (a microphone is added, a track removed). A restart of ICE needs a new peer.

        Raises:
            UsageError: it is not an offer that can be answered; nothing is left of a peer that had none before.
        """
        if kind != "offer":
            raise UsageError(f"An SDP of type {kind!r} cannot be answered.", hint='Send one of type "offer".')
        if self._closing is not None:
            raise UsageError("This connection is closed.", hint="Open another one.")
        answered = False
        try:
            answer = await self._negotiate(read_offer(sdp))
            answered = True
            return answer
        except _MALFORMED as error:
            logger.debug("offer_refused", exc_info=True)
            raise UsageError(
                "The SDP offer cannot be understood.", hint="Send what RTCPeerConnection.createOffer gives."
            ) from error
        finally:
            if not answered and self._offer is None:
                await self.close()

    async def _negotiate(self, offer: Offer) -> str:
        if self._offer is not None and offer.ice_user != self._offer.ice_user:
            raise UsageError("ICE cannot be restarted on this connection.", hint="Open another one.")
        connection = self._connection
        known = {transceiver.mid for transceiver in connection.getTransceivers()}
        for section in offer.sections:
            if section.kind == "video" and section.mid not in known:
                # Made before the offer is taken, for the preference counts only then; it takes the next m-line of its kind.
                connection.addTransceiver("video", "inactive").setCodecPreferences(preferred_codecs())
        await connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        self._roles = offer.roles(listen=self._listen)
        self._give_tracks()
        await connection.setLocalDescription(await connection.createAnswer())
        if self._offer is None:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(CONNECT_TIMEOUT_S, self._end, "not connected in time")
        self._offer = offer
        self._take_microphone()
        return connection.localDescription.sdp

    def _give_tracks(self) -> None:
        for transceiver in self._connection.getTransceivers():
            mid = transceiver.mid
            transceiver.direction = direction(self._roles, mid)
            sender = transceiver.sender
            if mid == self._roles.get("audio") and sender.track is None:
                sender.replaceTrack(self._sound)
            elif mid == self._roles.get("video") and sender.track is None:
                sender.replaceTrack(self._picture)
                use_bit_rate(sender, transceiver._codecs[0].mimeType, self._video_kbps)

    def _take_microphone(self) -> None:
        for transceiver in self._connection.getTransceivers():
            if self._microphone is None and transceiver.mid == self._roles.get("microphone"):
                self._microphone = asyncio.create_task(self._hear(transceiver.receiver.track))
                self._microphone.add_done_callback(self._heard_all)

    async def _hear(self, track: MediaStreamTrack) -> None:
        resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE, frame_size=_HEARD_SAMPLES)
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AudioFrame)
            for piece in resampler.resample(frame):
                if self._on_sound is not None:
                    self._on_sound(piece.to_ndarray()[0])

    def _heard_all(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            logger.error("microphone_failed", extra={"peer": self.id}, exc_info=error)

    async def add_candidate(self, candidate: str, sdp_mid: str | None, sdp_mline_index: int | None) -> None:
        """Takes one more address of the other side (trickle ICE); "" ends them.

        Raises:
            UsageError: it is no candidate, or of no m-line.
        """
        if self._offer is None:
            raise UsageError("A candidate came before the offer.", hint="Send the offer first.")
        if not candidate.strip() or "end-of-candidates" in candidate:
            return
        read = read_candidate(candidate)
        mids = [section.mid for section in self._offer.sections]
        known = sdp_mid in mids if sdp_mid is not None else sdp_mline_index in range(len(mids))
        if not known:
            raise UsageError(
                f"There is no m-line {sdp_mid!r} ({sdp_mline_index}).", hint="Send sdpMid as the browser gives it."
            )
        if read is None or self._closing is not None or self._candidates >= _MAX_CANDIDATES:
            return
        self._candidates += 1
        read.sdpMid, read.sdpMLineIndex = sdp_mid, sdp_mline_index
        await self._connection.addIceCandidate(read)

    def send(self, message: dict[str, Any]) -> None:
        """Sends JSON over the data channel; dropped if there is none or it is full."""
        channel = self._channel
        if channel is not None and channel.readyState == "open" and channel.bufferedAmount < _MAX_BUFFERED:
            channel.send(json.dumps(message, ensure_ascii=False))

    def put(self, piece: Slice) -> None:
        tracks = [track for track in (self._picture, self._sound) if track.kind in self._roles]
        if self._origin is None:
            # All tracks begin with the same slice, so that their time stamps have one origin.
            if not tracks or not all(track.wanted for track in tracks):
                return
            self._origin = piece.tick
        for track in tracks:
            track.put(piece, self._origin)

    async def close(self) -> None:
        # A task of its own: whoever waits for it may be cancelled, but the rest of the closing must not be.
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._picture.stop()
        self._sound.stop()
        try:
            await close_connection(self._connection)
        except Exception:
            logger.exception("peer_close_failed", extra={"peer": self.id})
        if self._microphone is not None:
            self._microphone.cancel()
            await asyncio.gather(self._microphone, return_exceptions=True)
        self._on_closed(self)

    def _end(self, reason: str) -> None:
        if self._closing is None:
            logger.info("peer_lost", extra={"peer": self.id, "reason": reason})
            self._closing = asyncio.create_task(self._close())

    def _state_changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected" and self._deadline is not None:
            self._deadline.cancel()
        elif state in ("failed", "closed"):
            self._end(state)

    def _channel_opened(self, channel: RTCDataChannel) -> None:
        if self._channel is None or self._channel.readyState == "closed":
            self._channel = channel
            channel.on("message", self._message)

    def _message(self, text: str | bytes) -> None:
        if self._on_message is None or len(text) > _MAX_MESSAGE:
            return
        try:
            message = json.loads(text)
            # JSON can hold halves of UTF-16 pairs, which no voice, model or reader of events can be given.
            json.dumps(message, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            return
        if isinstance(message, dict):
            self._on_message(message)
