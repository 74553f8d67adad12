"""Opening audio and video files of unknown origin."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TypeAlias

import av
import av.error
from av.container import InputContainer
from av.stream import Stream

from mien.errors import MediaError, NotFoundError

Source: TypeAlias = Path | bytes
"""A file, or its whole content."""

# Only formats that hold their media themselves. Playlists and manifests (HLS, DASH, concat, SDP, image sequences) would
# let an uploaded file read other files or the network.
_FORMATS = (
    "aac,ac3,aiff,amr,asf,au,avi,caf,eac3,flac,flv,gif,matroska,webm,mov,mp4,mp3,mpeg,mpegts,mpegvideo,h264,hevc,ivf,nut,ogg,w64,wav,"
    "wv,ape,tta,aptx,rm,mxf,dv,3gp,m4v,apng,webp_anim,oma,amrnb,amrwb,voc,rf64"
)


def describe(source: Source) -> str:
    """How errors name it."""
    return f"{source}" if isinstance(source, Path) else f"The given data ({len(source)} bytes)"


def require_file(source: Source) -> None:
    """Raises:
    NotFoundError: there is no such file.
    MediaError: it is a folder, not an ordinary file, or empty.
    """
    if isinstance(source, bytes):
        if not source:
            raise MediaError("The given data is empty.", hint="Send the whole file.")
        return
    try:
        if source.is_dir():
            raise MediaError(f"{source} is a folder.", hint="Name a file in it.")
        if not source.exists():
            raise NotFoundError(f"There is no file {source}.", hint="Check the path.")
        if not source.is_file():
            raise MediaError(f"{source} is not an ordinary file.", hint="Name a media file.")
        if source.stat().st_size == 0:
            raise MediaError(f"{source} is empty (0 bytes).", hint="Copy or record it again.")
    except (OSError, ValueError) as error:
        raise MediaError(f"{source} cannot be read: {error}.", hint="Check the path and its permissions.") from error


def open_input(source: Source, kind: str) -> InputContainer:
    """Opens a container for reading.

    Args:
        source: what to open.
        kind: "audio" or "video", for the error.

    Raises:
        NotFoundError: there is no such file.
        MediaError: it is no audio or video, broken from the start, or cannot be read.
    """
    require_file(source)
    # An absolute path cannot be taken for a protocol ("concat:…", "http:…").
    file = io.BytesIO(source) if isinstance(source, bytes) else str(source.absolute())
    try:
        return av.open(file, "r", options={"format_whitelist": _FORMATS}, metadata_errors="replace")
    except PermissionError as error:
        raise MediaError(f"{source} cannot be read: permission denied.", hint="Check its permissions.") from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise MediaError(
            f"{describe(source)} is not {kind} that can be read, or its beginning or index is missing ({_reason(error)}).",
            hint="Play it in another program; if that fails too, it is broken or cut off.",
        ) from error


def require_codec(stream: Stream, name: str) -> None:
    """Raises:
    MediaError: there is no decoder for the stream.
    """
    # PyAV gives such a stream no codec context, whatever its type says.
    if getattr(stream, "codec_context", None) is None:
        raise MediaError(
            f"{name} is damaged, or in a coding that is not known.", hint="Convert it to MP4 or WAV first."
        )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
