"""Pictures from files of any kind, and back."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageCms, ImageOps, UnidentifiedImageError
from PIL.Image import Image as Picture

from mien.errors import MediaError, UsageError
from mien.media.containers import Source, describe, require_file
from mien.media.files import atomic_output, writing
from mien.types import Image

try:
    import pillow_heif
except ImportError:
    pillow_heif = None

MAX_PIXELS = 64_000_000

# A closed list: Pillow would also open formats that start other programs (EPS starts Ghostscript).
_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF", "GIF", "BMP", "JPEG2000", "PPM", "TGA", "ICO", "QOI", "PCX")

_BACKDROP = (216, 216, 216, 255)
"""Neutral light grey behind transparent pictures: neither dark hair nor a white collar disappears in it."""

# What Pillow's readers are seen to raise on damaged data, beside OSError.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RuntimeError,
    EOFError,
    struct.error,
    zlib.error,
)


def read_image(source: Source, *, max_pixels: int = MAX_PIXELS) -> Image:
    """Reads a picture upright and in sRGB; of an animation the first frame.

    Transparent parts are laid over light grey, 16 bit and float are brought to 8 bit, CMYK and palettes are converted,
    an embedded colour profile is applied.

    Args:
        source: a file or its content: JPEG, PNG, WebP, AVIF, TIFF, GIF, BMP …; HEIC with the extra `mien[heic]`.
        max_pixels: a larger picture is refused by its header, before any of it is decoded.

    Raises:
        NotFoundError: there is no such file.
        MediaError: not a picture, broken, cut off, or too large.
    """
    require_file(source)
    name = describe(source)
    try:
        # Pillow warns of many pixels, where the limit is ours, and of odd tags, which nobody here can mend.
        with warnings.catch_warnings(action="ignore"), _open(source) as picture:
            if picture.width * picture.height > max_pixels:
                raise _too_large(name, f"{picture.width} × {picture.height} pixels", max_pixels)
            picture.load()
            return _to_rgb(_upright(picture), picture.info.get("icc_profile"))
    except PermissionError as error:
        raise MediaError(f"{name} cannot be read: permission denied.", hint="Check its permissions.") from error
    except UnidentifiedImageError as error:
        raise MediaError(f"{name} is not a picture that can be read.", hint=_hint(source)) from error
    except PillowImage.DecompressionBombError as error:
        raise _too_large(name, "far more pixels than Pillow opens", max_pixels) from error
    except _BROKEN as error:
        raise MediaError(
            f"{name} is broken or cut off: {str(error).rstrip('.')}.",
            hint="Copy or download it again, or save it anew as PNG or JPEG.",
        ) from error


def write_image(path: Path, image: Image, *, quality: int = 92, overwrite: bool = False) -> None:
    """Writes a JPEG, PNG or WebP, as the suffix says; whole or not at all.

    Raises:
        UsageError: the suffix is none of these.
        AlreadyExistsError, OutputError: as `atomic_output`.
    """
    form = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}.get(path.suffix.lower())
    if form is None:
        raise UsageError(f"{path.name} does not say a picture format.", hint="Use .jpg, .png or .webp.")
    with atomic_output(path, overwrite=overwrite) as part, writing(path):
        PillowImage.fromarray(np.ascontiguousarray(image)).save(part, form, quality=quality)


def _open(source: Source) -> Picture:
    if pillow_heif is not None:
        pillow_heif.register_heif_opener()
    PillowImage.init()
    known = [name for name in _FORMATS if name in PillowImage.OPEN]
    return PillowImage.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=known)


def _upright(picture: Picture) -> Picture:
    try:
        return ImageOps.exif_transpose(picture)
    except _BROKEN:
        # Damaged EXIF data in a good picture: as most viewers do, show it as it lies.
        return picture


def _to_rgb(picture: Picture, profile: bytes | None) -> Image:
    picture = _eight_bit(picture)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        alpha = picture.getchannel("A")
        colours = _to_srgb(picture.convert("RGB"), profile)
        colours.putalpha(alpha)
        picture = PillowImage.alpha_composite(PillowImage.new("RGBA", picture.size, _BACKDROP), colours)
    elif picture.mode in ("RGB", "CMYK"):
        picture = _to_srgb(picture, profile)
    return np.array(picture.convert("RGB"), dtype=np.uint8)


def _eight_bit(picture: Picture) -> Picture:
    """Grey pictures of 16 or 32 bit or float to 8 bit; white is the least of the usual whites that holds all values."""
    if not picture.mode.startswith(("I", "F")):
        return picture
    values = np.nan_to_num(np.asarray(picture, dtype=np.float64), posinf=0.0, neginf=0.0)
    whites = {"I": (255, 65535, 2**31 - 1), "F": (1, 255, 65535)}.get(picture.mode, (65535,))
    white = next((white for white in whites if values.max() <= white), values.max())
    return PillowImage.fromarray(np.clip(values * (255 / white) + 0.5, 0, 255).astype(np.uint8))


def _to_srgb(picture: Picture, profile: bytes | None) -> Picture:
    """Applies an embedded colour profile: phones write Display P3, printers CMYK; unread, skin looks wrong."""
    if not profile:
        return picture.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture, source, target, outputMode="RGB") or picture
    except (ImageCms.PyCMSError, *_BROKEN):
        # A profile that does not fit the picture is ignored, as browsers do.
        return picture.convert("RGB")


def _too_large(name: str, amount: str, max_pixels: int) -> MediaError:
    return MediaError(
        f"{name} has {amount}; the limit is {max_pixels / 1e6:g} million.", hint="Make the picture smaller first."
    )


def _hint(source: Source) -> str:
    suffix = source.suffix.lower() if isinstance(source, Path) else ""
    if suffix in (".heic", ".heif") and pillow_heif is None:
        return "Reading HEIC needs an extra: pip install 'mien[heic]'."
    return "Give a JPEG, PNG or WebP picture."
