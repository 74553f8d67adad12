"""Encoders of a peer's picture with the bit rate of the settings."""

from __future__ import annotations

import time
from typing import Any

from aiortc import RTCRtpSender
from aiortc.codecs.base import Encoder
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtcrtpparameters import RTCRtpCodecCapability
from av import CodecContext
from av.frame import Frame
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

MIN_BIT_RATE = 150_000
_RISE_AFTER_S = 10.0
_FALL_AFTER_S = 2.0
_WORTH = 0.25


def preferred_codecs() -> list[RTCRtpCodecCapability]:
    """All that aiortc can send, VP8 first: libx264 costs two to four times as much for the same picture."""
    codecs = RTCRtpSender.getCapabilities("video").codecs
    return sorted(codecs, key=lambda codec: codec.name.upper() != "VP8")


class _Steady:
    """Follows the receiver's estimate, but not each of its movements: every change makes a new encoder and a key frame.

    It falls at most every 2 s, rises at most every 10 s, by a quarter at least, and never above the rate of the settings.
    """

    def _begin(self, bit_rate: int) -> None:
        self._most = self._rate = bit_rate
        self._changed = time.monotonic()

    @property
    def target_bitrate(self) -> int:
        return self._rate

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        rate = max(min(bitrate, self._most), min(MIN_BIT_RATE, self._most))
        age = time.monotonic() - self._changed
        falls = rate < self._rate * (1 - _WORTH) and age >= _FALL_AFTER_S
        rises = age >= _RISE_AFTER_S and (rate > self._rate * (1 + _WORTH) or rate == self._most > self._rate)
        if falls or rises:
            self._rate = rate
            self._changed = time.monotonic()


class SteadyVp8(_Steady, Vp8Encoder):
    """VP8 for drawn pictures: aiortc's own settings are for cameras.

    Their noise filter costs 4 dB of PSNR where there is no noise, and their small buffer makes the first picture blurred (39 dB
    against 46 dB with one of a second).
    """

    def __init__(self, bit_rate: int) -> None:
        super().__init__()
        self._begin(bit_rate)

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        assert isinstance(frame, VideoFrame)
        codec, rate = self.codec, self.target_bitrate
        if codec is None or (codec.width, codec.height, codec.bit_rate) != (frame.width, frame.height, rate):
            self.codec = _open_vp8(frame.width, frame.height, rate)
        return super().encode(frame, force_keyframe)


def _open_vp8(width: int, height: int, bit_rate: int) -> VideoCodecContext:
    codec = CodecContext.create("libvpx", "w")
    assert isinstance(codec, VideoCodecContext)
    codec.width, codec.height = width, height
    codec.pix_fmt = "yuv420p"
    codec.bit_rate = bit_rate
    # Key frames come when they are asked for.
    codec.gop_size = 3000
    codec.qmin, codec.qmax = 2, 56
    codec.thread_count = 1 if width * height <= 640 * 480 else 2
    rate = str(bit_rate)
    codec.options = {
        "deadline": "realtime",
        "cpu-used": "-8",
        "lag-in-frames": "0",
        "minrate": rate,
        "maxrate": rate,
        "bufsize": rate,
        "undershoot-pct": "100",
        "overshoot-pct": "15",
        "static-thresh": "1",
    }
    return codec


class SteadyH264(_Steady, H264Encoder):
    def __init__(self, bit_rate: int) -> None:
        super().__init__()
        self._begin(bit_rate)


def use_bit_rate(sender: RTCRtpSender, codec: str, kbps: int) -> None:
    """Gives a sender that has not begun its encoder.

    aiortc makes one at the first picture, with rates that are constants of the module, unless there is one already.

    Args:
        sender: of the picture.
        codec: MIME type that was agreed on.
        kbps: of the settings.
    """
    makers: dict[str, Any] = {"video/vp8": SteadyVp8, "video/h264": SteadyH264}
    encoder: Encoder = makers[codec.lower()](kbps * 1000)
    vars(sender)["_RTCRtpSender__encoder"] = encoder
