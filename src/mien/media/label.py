"""The mark that says a picture was made by a machine: visible in every frame, readable in the file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

import mien
from mien.types import Image

TEXT = "AI-generated"

METADATA = {
    "comment": f"{TEXT} by Mien {mien.__version__}",
    "description": f"{TEXT}: software animated the face in this video.",
}
"""For people: what players and file managers show."""

XMP = f"""\
<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmp:CreatorTool="Mien {mien.__version__}"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
/></rdf:RDF></x:xmpmeta><?xpacket end="r"?>""".encode()
"""For programs: IPTC's term for a real picture with generated parts, which platforms look for."""

_MARGIN = 0.022
"""Of the shorter side of the frame."""

_MIN_HEIGHT = 16
"""Pixels of the pill; below it the letters run together."""

_OVERSAMPLING = 4
_PILL = (18, 18, 22, 145)
_LETTERS = (255, 255, 255, 235)


class Label:
    """The mark for frames of one size: a dark translucent pill in the lower right corner.

    Args:
        size: width, height of the frames.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        short = min(size)
        # The square root keeps it legible at 512 (23 pixels) and small at 1080 (33).
        pill = _pill(max(round(short**0.5), _MIN_HEIGHT), max(size[0] - 2, 1), max(size[1] - 2, 1))
        height, width = pill.shape[:2]
        right = size[0] - min(round(short * _MARGIN), size[0] - width)
        bottom = size[1] - min(round(short * _MARGIN), size[1] - height)
        self._where = (slice(bottom - height, bottom), slice(right - width, right))
        alpha = pill[..., 3:].astype(np.uint16)
        self._ink = pill[..., :3] * alpha + 127
        self._keep = 255 - alpha

    def apply(self, image: Image) -> Image:
        """A copy of the frame with the mark."""
        marked = image.copy()
        under = marked[self._where]
        marked[self._where] = (under * self._keep + self._ink) // 255
        return marked


def _pill(height: int, max_width: int, max_height: int) -> NDArray[np.uint8]:
    """uint8 RGBA (H, W, 4); drawn large and brought down for smooth edges."""
    big = height * _OVERSAMPLING
    font = ImageFont.load_default(big * 0.62)
    left, top, right, bottom = font.getbbox(TEXT, anchor="ls")
    width = round((right - left + big * 0.8) / _OVERSAMPLING) * _OVERSAMPLING
    picture = PillowImage.new("RGBA", (width, big), (*_PILL[:3], 0))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((0, 0, width - 1, big - 1), radius=big / 2, fill=_PILL)
    # Letters on a plate of their own: drawing translucent ink onto the pill would replace its alpha, not add to it.
    letters = PillowImage.new("RGBA", picture.size, (*_LETTERS[:3], 0))
    baseline = (big - top - bottom) / 2
    ImageDraw.Draw(letters).text(((width - left - right) / 2, baseline), TEXT, font=font, fill=_LETTERS, anchor="ls")
    picture = PillowImage.alpha_composite(picture, letters).reduce(_OVERSAMPLING)
    shrink = min(1.0, max_width / picture.width, max_height / picture.height)
    size = (max(int(picture.width * shrink), 1), max(int(picture.height * shrink), 1))
    return np.asarray(picture.resize(size, PillowImage.Resampling.LANCZOS) if shrink < 1 else picture)
