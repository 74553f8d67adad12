"""Encoders of a peer's picture with the bit rate of the settings."""

from __future__ import annotations

import time
from typing import Any

from aiortc import RTCRtpSender
from aiortc.codecs.base import Encoder
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtcrtpparameters import RTCRtpCodecCapability

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


class _SteadyVp8(_Steady, Vp8Encoder):
    def __init__(self, bit_rate: int) -> None:
        super().__init__()
        self._begin(bit_rate)


class _SteadyH264(_Steady, H264Encoder):
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
    makers: dict[str, Any] = {"video/vp8": _SteadyVp8, "video/h264": _SteadyH264}
    encoder: Encoder = makers[codec.lower()](kbps * 1000)
    vars(sender)["_RTCRtpSender__encoder"] = encoder
