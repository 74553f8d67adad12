"""The boxes of a fragment of an MP4 stream (ISO/IEC 14496-12) with one picture and the sound beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_VIDEO_TRACK, _AUDIO_TRACK = 1, 2
_BASE_IS_MOOF = 0x020000
_KEY_FRAME, _OTHER_FRAME = 0x02000000, 0x01010000
"""Sample flags: depends on no other; depends on others and is no sync sample."""

_OFFSET, _DURATION, _SIZE, _FLAGS = 0x1, 0x100, 0x200, 0x400
"""What `trun` holds."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One encoded picture or packet of sound.

    Args:
        data: as MP4 stores it.
        duration: in its track's clock.
        key: it can be decoded by itself.
    """

    data: bytes
    duration: int
    key: bool = True


def fragment(number: int, video_time: int, video: Sequence[Sample], audio_time: int, audio: Sequence[Sample]) -> bytes:
    """One `moof` and its `mdat`; a track without samples is left out.

    Args:
        number: 1, 2, 3 … within the stream.
        video_time: of the first picture, in the clock of track 1.
        video: the pictures.
        audio_time: of the first packet, in the clock of track 2.
        audio: the packets of sound.
    """
    tracks = [(_VIDEO_TRACK, video_time, video), (_AUDIO_TRACK, audio_time, audio)]
    tracks = [track for track in tracks if track[2]]
    # The offsets of the samples count from the start of the `moof`, whose size does not depend on them.
    size = len(_moof(number, tracks, 0))
    data = b"".join(sample.data for _, _, samples in tracks for sample in samples)
    return _moof(number, tracks, size + 8) + _box(b"mdat", data)


def length_prefixed(annex_b: bytes) -> bytes:
    """H.264 as MP4 stores it: each NAL unit after its length, instead of after a start code."""
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in _units(annex_b))


def _units(data: bytes) -> Iterator[bytes]:
    start = data.find(b"\0\0\1")
    while start >= 0:
        end = data.find(b"\0\0\1", start + 3)
        # A start code may have a fourth byte, 0; a unit itself never ends with 0.
        unit = (data[start + 3 : end] if end >= 0 else data[start + 3 :]).rstrip(b"\0")
        if unit:
            yield unit
        start = end


def _moof(number: int, tracks: Sequence[tuple[int, int, Sequence[Sample]]], offset: int) -> bytes:
    boxes = [_full_box(b"mfhd", 0, 0, number.to_bytes(4, "big"))]
    for track, time, samples in tracks:
        boxes.append(_traf(track, time, samples, offset))
        offset += sum(len(sample.data) for sample in samples)
    return _box(b"moof", *boxes)


def _traf(track: int, time: int, samples: Sequence[Sample], offset: int) -> bytes:
    rows = [
        b"".join(
            value.to_bytes(4, "big")
            for value in (sample.duration, len(sample.data), _KEY_FRAME if sample.key else _OTHER_FRAME)
        )
        for sample in samples
    ]
    return _box(
        b"traf",
        _full_box(b"tfhd", 0, _BASE_IS_MOOF, track.to_bytes(4, "big")),
        _full_box(b"tfdt", 1, 0, time.to_bytes(8, "big")),
        _full_box(
            b"trun",
            0,
            _OFFSET | _DURATION | _SIZE | _FLAGS,
            len(samples).to_bytes(4, "big"),
            offset.to_bytes(4, "big"),
            *rows,
        ),
    )


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def _full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, bytes([version]) + flags.to_bytes(3, "big"), *parts)
