"""Small pictures of avatars."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from mien.errors import NotFoundError

if TYPE_CHECKING:
    from mien.avatars import AvatarPackage

SIDE = 512
"""Pixels, of the longer side at most."""


def jpeg(avatar: AvatarPackage) -> bytes:
    """The first picture in a package, made small.

    Raises:
        NotFoundError: it holds none.
        PackageError: it is broken.
    """
    from PIL import Image

    pictures = sorted(file for file in avatar.manifest.files if file.endswith((".png", ".jpg")))
    if not pictures:
        raise NotFoundError(f"The avatar {avatar.manifest.name!r} has no picture.", hint="It can be used all the same.")
    picture = Image.fromarray(avatar.image(pictures[0].rpartition(".")[0]))
    picture.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()
