"""Small pictures of avatars."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from mien.errors import NotFoundError

if TYPE_CHECKING:
    from mien.avatars import AvatarPackage
    from mien.types import Image as RGB

SIDE = 512
"""Pixels, of the longer side at most."""


def jpeg(avatar: AvatarPackage) -> bytes:
    """The first picture in a package, or of the film in one that was learnt from a video, made small.

    Raises:
        NotFoundError: it holds none.
        PackageError: it is broken.
    """
    from PIL import Image

    picture = Image.fromarray(_first(avatar))
    picture.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()


def _first(avatar: AvatarPackage) -> RGB:
    from mien.avatars import Film

    pictures = sorted(file for file in avatar.manifest.files if file.endswith((".png", ".jpg")))
    if pictures:
        return avatar.image(pictures[0].rpartition(".")[0])
    if "film.mp4" in avatar.manifest.files:
        return Film.open(avatar)[0]
    raise NotFoundError(f"The avatar {avatar.manifest.name!r} has no picture.", hint="It can be used all the same.")
