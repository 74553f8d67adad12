from __future__ import annotations

import pytest
from aiortc import RTCRtpSender
from aiortc.mediastreams import VIDEO_TIME_BASE
from av.video.frame import VideoFrame

from mien.live.edge.encoders import SteadyH264, SteadyVp8, preferred_codecs

from .stages import GREEN, picture

MAKERS = pytest.mark.parametrize("make", [SteadyVp8, SteadyH264])


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr("mien.live.edge.encoders.time.monotonic", lambda: self.now)


@MAKERS
def test_bit_rate_follows_large_changes_only(make: type[SteadyVp8], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    encoder = make(2_000_000)
    seen = []
    for now, estimate in [
        (1, 500_000),  # too soon
        (3, 1_700_000),  # too little
        (4, 900_000),
        (5, 400_000),  # too soon
        (7, 600_000),
        (9, 5_000_000),  # too soon for more
        (18, 700_000),  # too little
        (19, 5_000_000),  # never above the settings
        (40, 10_000),
        (60, 1_900_000),
        (80, 5_000_000),  # little, but the whole
    ]:
        clock.now = now
        encoder.target_bitrate = estimate
        seen.append(encoder.target_bitrate // 1000)
    assert seen == [2000, 2000, 900, 900, 600, 600, 600, 2000, 150, 1900, 2000]


@MAKERS
def test_key_frames_come_only_when_needed(make: type[SteadyVp8], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    encoder = make(1_000_000)
    codecs = []
    for index in range(30):
        clock.now = index / 10
        frame = VideoFrame.from_numpy_buffer(picture(GREEN), format="yuv420p")
        frame.pts, frame.time_base = index * 3600, VIDEO_TIME_BASE
        encoder.target_bitrate = 950_000 + index * 10_000
        payloads, _ = encoder.encode(frame, index == 20)
        assert payloads
        codecs.append(id(encoder.codec))
    assert len(set(codecs)) == 1


def test_vp8_is_first_and_nothing_is_lost() -> None:
    codecs = preferred_codecs()
    assert codecs[0].name == "VP8"
    assert len(codecs) == len(RTCRtpSender.getCapabilities("video").codecs)
