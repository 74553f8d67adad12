"""What a file is, by its first bytes: names and declared types are whatever the sender likes."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import Literal, TypeAlias

from mien.errors import MediaError, PackageError

Type: TypeAlias = Literal["picture", "sound", "video", "package", "table"]

HEAD_BYTES = 64
"""Of a file, that `sniff` needs."""

_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
    (b"BM", ".bmp"),
    (b"II*\0", ".tiff"),
    (b"MM\0*", ".tiff"),
    (b"fLaC", ".flac"),
    (b"OggS", ".ogg"),
    (b"ID3", ".mp3"),
    (b"PK\3\4", ".mien"),
    (b"frame,", ".csv"),  # the first column of every table that OpenFace writes
    (b"\xef\xbb\xbfframe,", ".csv"),
)
_RIFF = {b"WAVE": ".wav", b"WEBP": ".webp"}
_ISO_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), ".heic"),
    **dict.fromkeys((b"avif", b"avis"), ".avif"),
    **dict.fromkeys((b"M4A ", b"M4B "), ".m4a"),
}
_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip")

SUFFIXES: dict[Type, frozenset[str]] = {
    "picture": frozenset({".jpg", ".png", ".gif", ".bmp", ".webp", ".tiff", ".heic", ".avif"}),
    # Browsers record sound as WebM or MP4, and a video has sound.
    "sound": frozenset({".wav", ".mp3", ".flac", ".ogg", ".aac", ".m4a", ".webm", ".mkv", ".mp4"}),
    "video": frozenset({".mp4", ".webm", ".mkv"}),
    "package": frozenset({".mien"}),
    "table": frozenset({".csv"}),
}

NAMES: dict[Type, str] = {
    "picture": "a JPEG, PNG, WebP, BMP, GIF, TIFF, HEIC or AVIF picture",
    "sound": "a WAV, MP3, FLAC, Ogg, AAC, M4A, WebM or MP4 recording",
    "video": "an MP4, MOV, WebM or MKV video",
    "package": "an exported avatar (.mien)",
    "table": "a table (CSV) as OpenFace's FeatureExtraction writes it",
}

MAX_PICTURE_BYTES = 256 << 20
"""More than any picture of `MAX_PIXELS` needs; some formats are read whole to see how large they are."""
MAX_PIXELS = 64_000_000
"""As `mien.media.read_image` has it."""
MAX_PACKAGE_FILES = 1000
"""As `mien.avatars` has it."""

_FORMATS = {
    ".jpg": ("JPEG",),
    ".png": ("PNG",),
    ".gif": ("GIF",),
    ".bmp": ("BMP",),
    ".webp": ("WEBP",),
    ".tiff": ("TIFF",),
    ".heic": ("HEIF", "AVIF"),
    ".avif": ("AVIF", "HEIF"),
}
_ZIP_END = b"PK\5\6"
_ZIP_END_BYTES = 22
_ZIP64_LOCATOR = b"PK\6\7"
_ZIP64_LOCATOR_BYTES = 20
_MAX_ZIP_DIRECTORY_BYTES = 1 << 20

_BROKEN = (OSError, SyntaxError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RuntimeError)
"""What Pillow's readers raise on damaged headers."""


def sniff(head: bytes) -> str:
    """A suffix for a file that begins so; "" if it is nothing that Mien takes."""
    for beginning, suffix in _BEGINNINGS:
        if head.startswith(beginning):
            return suffix
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], "")
    if head.startswith(b"\x1aE\xdf\xa3"):
        return ".webm" if b"webm" in head else ".mkv"
    if head[4:8] == b"ftyp":
        return _ISO_BRANDS.get(head[8:12], ".mp4")
    if head[4:8] in _OLD_QUICKTIME:
        return ".mp4"
    return _mpeg_sound(head)


def _mpeg_sound(head: bytes) -> str:
    """MP3 and ADTS AAC have no mark but the sync word of a frame: eleven or twelve ones, then fields with forbidden values."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return ""
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if head[1] & 0xF6 == 0xF0:
        return ".aac"
    bit_rate, sample_rate = head[2] >> 4, head[2] >> 2 & 3
    return ".mp3" if version != 1 and layer == 1 and bit_rate not in (0, 15) and sample_rate != 3 else ""


def check_file(path: Path) -> None:
    """Refuses what would be dangerous to open, by its header alone. The file's suffix is what `sniff` gave.

    Raises:
        MediaError: a picture with too many pixels, or no picture.
        PackageError: not the zip file of an avatar.
    """
    if path.suffix in _FORMATS:
        _check_picture(path)
    elif path.suffix == ".mien":
        _check_package(path)


def _check_picture(path: Path) -> None:
    from PIL import Image, UnidentifiedImageError

    if path.stat().st_size > MAX_PICTURE_BYTES:
        raise MediaError(f"The picture is larger than {MAX_PICTURE_BYTES >> 20} MB.", hint="Save it as JPEG.")
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    Image.init()
    try:
        with Image.open(path, formats=[name for name in _FORMATS[path.suffix] if name in Image.OPEN]) as picture:
            width, height = picture.size
    except Image.DecompressionBombError as error:
        raise _too_large("far too many") from error
    except UnidentifiedImageError as error:
        hint = "Reading HEIC may need an extra on the server: pip install 'mien[heic]'."
        raise MediaError(
            "The file begins like a picture, but is none that can be read.",
            hint=hint if path.suffix == ".heic" else "Send a JPEG, PNG or WebP picture.",
        ) from error
    except _BROKEN as error:
        raise MediaError("The picture is broken or cut off.", hint="Save it anew as PNG or JPEG.") from error
    if width * height > MAX_PIXELS:
        raise _too_large(f"{width} × {height}")


def _too_large(pixels: str) -> MediaError:
    return MediaError(
        f"The picture has {pixels} pixels; the limit is {MAX_PIXELS // 1_000_000} million.",
        hint="Make the picture smaller first.",
    )


def _check_package(path: Path) -> None:
    """The directory at the end of the zip file, which must be read before anything else of it, is of a sensible size.

    The rest is checked where it is unpacked.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _ZIP_END_BYTES - _ZIP64_LOCATOR_BYTES))
        tail = file.read()
    end = tail[-_ZIP_END_BYTES:]
    if not end.startswith(_ZIP_END) or end[-2:] != b"\0\0":
        raise PackageError("The file is no whole zip file.", hint="Send an avatar as it was exported.")
    files, directory_bytes = struct.unpack("<HI", end[10:16])
    if files > MAX_PACKAGE_FILES or directory_bytes > _MAX_ZIP_DIRECTORY_BYTES or tail.startswith(_ZIP64_LOCATOR):
        raise PackageError(
            f"The zip file holds more than {MAX_PACKAGE_FILES} files, or more than 4 GB.",
            hint="Send an avatar as it was exported.",
        )
