from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import aioice.ice
import numpy as np
import psutil
import pytest
from aiortc import RTCRtpSender, RTCSessionDescription

from mien.errors import UsageError
from mien.live.edge.peer import Peer
from mien.live.slices import OUTPUT_RATE

from .clients import Client, Told, Voice, client, loudest, peer
from .stages import GREEN, RED, colour_slice, flash_slice, stage

TALKER = (("audio", "sendrecv"), ("video", "recvonly"))
VIEWER = (("video", "recvonly"), ("audio", "recvonly"))


def directions(sdp: str) -> list[tuple[str, str]]:
    """Kind and direction of each m-line."""
    found: list[tuple[str, str]] = []
    for line in sdp.splitlines():
        if line.startswith("m="):
            found.append((line[2:].split()[0], ""))
        elif line[2:] in ("sendrecv", "sendonly", "recvonly", "inactive"):
            found[-1] = (found[-1][0], line[2:])
    return found


def test_talker_gets_picture_and_sound_in_real_time() -> None:
    async def run() -> tuple[Client, str]:
        async with peer() as (made, _), client(*TALKER) as other, stage(made):
            answer = await other.connect(made)
            await other.until(lambda c: len(c.arrived["video"]) >= 50)
            assert made.state == "connected"
        return other, answer

    other, answer = asyncio.run(run())
    assert directions(answer) == [("audio", "sendrecv"), ("video", "sendonly")]
    video, audio = other.arrived["video"], other.arrived["audio"]
    assert video[0].pts == 0
    for frame in video:
        colour = RED if abs(frame.data[0] - RED[0]) < 30 else GREEN
        assert np.allclose(frame.data, colour, atol=8), frame.data
    seconds = np.diff([frame.pts for frame in video])
    assert np.median(seconds) == pytest.approx(0.04)
    span, wall = video[-1].pts - video[0].pts, video[-1].at - video[0].at
    assert span == pytest.approx(wall, rel=0.02, abs=0.06)
    sound = np.concatenate([frame.data for frame in audio[10:]])
    assert loudest(sound, OUTPUT_RATE) == pytest.approx(440, abs=2)
    assert audio[-1].pts - audio[0].pts == pytest.approx((len(audio) - 1) * 0.02, rel=0.03)


def test_flash_and_beep_of_one_slice_have_the_same_time_stamp() -> None:
    async def run() -> Client:
        async with peer(listen=False) as (made, _), client(*VIEWER) as other, stage(made, make=flash_slice):
            await other.connect(made)
            await other.until(lambda c: c.arrived["video"] and c.arrived["video"][-1].pts > 1.6)
            await other.until(lambda c: c.arrived["audio"][-1].pts > 1.6)
        return other

    other = asyncio.run(run())
    flashes = [frame for frame in other.arrived["video"] if frame.data[0] > 126]
    loud = [frame for frame in other.arrived["audio"] if np.abs(frame.data).max() > 3000]
    assert flashes
    assert loud
    for flash in flashes:
        # A packet of Opus begins 6.5 ms before its sound; the receiver's buffer of 80 ms delays only what it plays.
        beep = min(loud, key=lambda frame: abs(frame.pts - flash.pts))
        assert abs(beep.pts - flash.pts) <= 0.025
        assert -0.02 <= beep.at - flash.at <= 0.2


@pytest.mark.parametrize(
    ("sections", "listen", "expected"),
    [
        (VIEWER, False, [("video", "sendonly"), ("audio", "sendonly")]),
        ((("audio", "sendrecv"),), True, [("audio", "sendrecv")]),
        ((("video", "recvonly"),), False, [("video", "sendonly")]),
        (TALKER, False, [("audio", "sendonly"), ("video", "sendonly")]),
        (
            (("video", "recvonly"), ("video", "recvonly"), ("audio", "sendonly"), ("audio", "recvonly")),
            True,
            [("video", "sendonly"), ("video", "inactive"), ("audio", "recvonly"), ("audio", "sendonly")],
        ),
    ],
    ids=["video first", "audio only", "video only", "not listened to", "several of a kind"],
)
def test_media_are_found_by_their_kind(
    sections: tuple[tuple[str, str], ...], listen: bool, expected: list[tuple[str, str]]
) -> None:
    async def run() -> str:
        async with peer(listen=listen) as (made, _), client(*sections) as other, stage(made):
            answer = await other.connect(made)
            kinds = {kind for kind, direction in sections if direction != "sendonly"}
            await other.until(lambda c: all(len(c.arrived[kind]) >= 5 for kind in kinds))
        return answer

    assert directions(asyncio.run(run())) == expected


def test_what_the_user_says_arrives_at_16_khz() -> None:
    async def run() -> Told:
        async with peer() as (made, told), client(*TALKER, voice=Voice(600)) as other:
            await other.connect(made)
            await told.until(lambda t: len(t.sounds) >= 30)
        return told

    told = asyncio.run(run())
    assert all(piece.shape == (320,) and piece.dtype == np.int16 for piece in told.sounds)
    heard = np.concatenate(told.sounds[5:])
    assert loudest(heard, 16_000) == pytest.approx(600, abs=5)
    assert 10_000 < np.abs(heard).max() < 20_000


def test_messages_go_both_ways() -> None:
    async def run() -> tuple[Client, Told]:
        async with peer() as (made, told), client(*TALKER, channel=True) as other:
            made.send({"lost": "nobody is there yet"})
            await other.connect(made)
            channel = other.channel
            assert channel is not None
            sent = ("[1]", "no JSON", "\ud7ff", "[" * 60_000, '{"say": "\\ud800"}', '{"say": "你好"}')
            channel.on("open", lambda: [channel.send(text) for text in sent])
            await told.until(lambda t: t.messages)
            made.send({"text": "grüß dich"})
            await other.until(lambda c: c.messages)
        return other, told

    other, told = asyncio.run(run())
    assert told.messages == [{"say": "你好"}]
    assert [json.loads(message) for message in other.messages] == [{"text": "grüß dich"}]


def test_a_full_data_channel_drops_messages() -> None:
    async def run() -> int:
        async with peer() as (made, _), client(*TALKER, channel=True) as other:
            await other.connect(made)
            assert other.channel is not None
            while not other.messages:
                made.send({"hello": 1})
                await asyncio.sleep(0.01)
            for _ in range(1000):
                made.send({"text": "x" * 10_000})
            assert made._channel is not None
            return made._channel.bufferedAmount

    assert asyncio.run(run()) < 300_000


def test_trickled_candidates_connect() -> None:
    async def run() -> None:
        async with peer() as (made, _), client(*TALKER) as other, stage(made):
            offer = await other.offer()
            lines = offer.splitlines()
            candidates = [line[2:] for line in lines if line.startswith("a=candidate:")]
            bare = "\r\n".join(line for line in lines if "candidate" not in line) + "\r\n"
            with pytest.raises(UsageError):
                await made.add_candidate(candidates[0], "0", 0)
            answer = await made.answer(bare)
            for candidate in candidates:
                await made.add_candidate(candidate, "0", 0)
            await made.add_candidate("", "0", 0)
            await made.add_candidate("candidate:1 1 udp 2122 0b1c-a.local 5000 typ host", "0", None)
            await made.add_candidate("candidate:1 1 tcp 2122 10.0.0.1 9 typ host tcptype active", None, 1)
            for line, mid, index in [
                ("candidate:1 1 udp 2122", "0", 0),
                ("candidate:1 1 udp 2122 example.org 5000 typ host", "0", 0),
                ("candidate:1 1 udp 2122 10.0.0.1 70000 typ host", "0", 0),
                ("hello", "0", 0),
                (candidates[0], "99", None),
                (candidates[0], None, 7),
                (candidates[0], None, None),
            ]:
                with pytest.raises(UsageError):
                    await made.add_candidate(line, mid, index)
            # The client learns this side's addresses from the checks alone, as a browser behind a firewall does.
            await other.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            await other.until(lambda c: c.arrived["video"])

    asyncio.run(run())


def test_an_offer_without_candidates_connects() -> None:
    """As from a browser that hides its addresses behind names."""

    async def run() -> None:
        async with peer() as (made, _), client(*TALKER) as other, stage(made):
            offer = "\r\n".join(
                "a=candidate:1 1 udp 2122 7f-1a.local 5000 typ host" if line.startswith("a=candidate") else line
                for line in (await other.offer()).splitlines()
            )
            answer = await made.answer(offer + "\r\n")
            await other.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            await other.until(lambda c: c.arrived["video"])

    asyncio.run(run())


@pytest.mark.parametrize(
    "damage",
    [
        lambda sdp: "",
        lambda sdp: "hello",
        lambda sdp: "v=0\r\n",
        lambda sdp: sdp[: len(sdp) // 2],
        lambda sdp: sdp.replace("a=ice-ufrag", "a=nothing"),
        lambda sdp: sdp.replace("a=setup", "a=nothing"),
        lambda sdp: sdp.replace("a=rtcp-mux", "a=nothing"),
        lambda sdp: sdp.replace("VP8", "AV9").replace("H264", "H299"),
        lambda sdp: sdp.replace("m=video", "m=smell"),
        lambda sdp: sdp.replace("a=group:BUNDLE 0", "a=group:BUNDLE 9"),
        lambda sdp: sdp.replace("a=mid:1", "a=mid:0"),
        lambda sdp: sdp.replace("a=rtpmap:9", "a=nothing:9"),
        lambda sdp: sdp.replace("a=fingerprint", "a=nothing"),
        lambda sdp: sdp + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" * 50,
        lambda sdp: sdp + "a=x\r\n" * 100_000,
        lambda sdp: sdp.replace("a=candidate:", "a=candidate:x "),
    ],
)
def test_bad_offers_are_refused_and_leave_nothing(damage: Callable[[str], str]) -> None:
    async def run() -> None:
        async with peer() as (made, told), client(*TALKER, channel=True) as other:
            offer = damage(await other.offer())
            before = len(asyncio.all_tasks())
            with pytest.raises(UsageError) as caught:
                await made.answer(offer)
            assert caught.value.hint
            assert made.state == "closed"
            assert told.closed == [made]
            assert len(asyncio.all_tasks()) <= before

    asyncio.run(run())


def test_an_answer_is_no_offer() -> None:
    async def run() -> None:
        async with peer() as (made, _):
            with pytest.raises(UsageError):
                await made.answer("v=0", "answer")

    asyncio.run(run())


def test_a_further_offer_adds_the_microphone() -> None:
    async def run() -> Told:
        async with peer() as (made, told), client(("video", "recvonly")) as other, stage(made):
            await other.connect(made)
            await other.until(lambda c: c.arrived["video"])
            other.connection.addTransceiver(Voice(500), "sendrecv")
            await other.connect(made)
            await told.until(lambda t: len(t.sounds) > 10)
            await other.until(lambda c: len(c.arrived["audio"]) > 10)
            seen = len(other.arrived["video"])
            await other.until(lambda c: len(c.arrived["video"]) > seen)
        return told

    assert len(asyncio.run(run()).closed) == 1


def test_goodbye_of_the_other_side_closes_the_peer_once() -> None:
    async def run() -> list[Peer]:
        async with peer() as (made, told), client(*TALKER) as other, stage(made):
            await other.connect(made)
            await other.until(lambda c: c.arrived["video"])
            await other.connection.close()
            await told.until(lambda t: t.closed)
            assert made.state == "closed"
            await made.close()
            made.put(colour_slice(1))
            made.send({"a": 1})
        return told.closed

    assert len(asyncio.run(run())) == 1


def test_a_vanished_peer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> list[Peer]:
        async with peer() as (made, told), client(*TALKER) as other, stage(made):
            monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.1)
            await other.connect(made)
            await other.until(lambda c: c.arrived["video"])
            for transceiver in other.connection.getTransceivers():
                for protocol in transceiver.receiver.transport.transport._connection._protocols:
                    protocol.transport.close()
            assert not told.closed
            await told.until(lambda t: t.closed)
        return told.closed

    assert len(asyncio.run(run())) == 1


def test_a_peer_that_never_connects_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mien.live.edge.peer.CONNECT_TIMEOUT_S", 0.2)

    async def run() -> list[Peer]:
        async with peer() as (made, told), client(*TALKER) as other:
            await made.answer(await other.offer())
            assert made.state == "connecting"
            await told.until(lambda t: t.closed)
        return told.closed

    assert len(asyncio.run(run())) == 1


def test_h264_is_used_when_nothing_else_is_offered() -> None:
    async def run() -> str:
        async with peer() as (made, _), client(("video", "recvonly")) as other, stage(made):
            codecs = [codec for codec in RTCRtpSender.getCapabilities("video").codecs if codec.name == "H264"]
            other.connection.getTransceivers()[0].setCodecPreferences(codecs)
            answer = await other.connect(made)
            await other.until(lambda c: len(c.arrived["video"]) >= 5)
        return answer

    answer = asyncio.run(run())
    assert "H264" in answer
    assert "VP8" not in answer


def test_vp8_is_preferred() -> None:
    async def run() -> str:
        async with peer() as (made, _), client(("video", "recvonly")) as other:
            codecs = sorted(RTCRtpSender.getCapabilities("video").codecs, key=lambda codec: codec.name == "VP8")
            other.connection.getTransceivers()[0].setCodecPreferences(codecs)
            return await made.answer(await other.offer())

    answer = asyncio.run(run())
    first = next(line for line in answer.splitlines() if line.startswith("m=video")).split()[3]
    assert f"a=rtpmap:{first} VP8/90000" in answer


def test_a_host_without_network_uses_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aioice.ice.ifaddr.get_adapters", lambda: [])

    async def run() -> str:
        async with peer() as (made, _), client(*TALKER) as other, stage(made):
            answer = await other.connect(made)
            await other.until(lambda c: c.arrived["video"])
        return answer

    assert "127.0.0.1" in asyncio.run(run())


def left_over() -> tuple[int, int, int]:
    """Tasks, threads and file descriptors of this process."""
    process = psutil.Process()
    return len(asyncio.all_tasks()), process.num_threads(), process.num_fds()


def test_thirty_connections_leave_nothing() -> None:
    async def once(cycle: int) -> None:
        async with peer() as (made, _), client(*TALKER, voice=Voice(300), channel=True) as other, stage(made):
            if cycle % 3 == 0:
                # Closed while it is connecting.
                await other.connect(made)
                return
            await other.connect(made)
            await other.until(lambda c: c.arrived["video"])
            if cycle % 3 == 1:
                await other.connection.close()

    async def run() -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        # The threads of the loop's pool come one by one and stay.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(2))
        for cycle in range(6):
            await once(cycle)
        before = left_over()
        for cycle in range(30):
            await once(cycle)
        await asyncio.sleep(0.1)
        return before, left_over()

    before, after = asyncio.run(run())
    assert all(now <= was for was, now in zip(before, after, strict=True)), (before, after)


def test_an_audio_only_peer_keeps_no_pictures() -> None:
    async def run() -> int:
        async with peer() as (made, _), client(("audio", "recvonly")) as other, stage(made):
            await other.connect(made)
            await other.until(lambda c: c.arrived["audio"])
            memory = psutil.Process().memory_info().rss
            for tick in range(2000):
                made.put(colour_slice(10_000 + tick))
            return psutil.Process().memory_info().rss - memory

    # A picture of each slice would be 49 MB.
    assert asyncio.run(run()) < 10_000_000
