from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from mien.media import XMP, Label

from .made import flat

SIZES = [(256, 256), (512, 512), (1080, 1080), (1920, 1080), (1080, 1920)]


def changed(size: tuple[int, int], grey: int) -> tuple[np.ndarray, np.ndarray]:
    """The marked picture and where it differs."""
    image = flat(grey, size)
    marked = Label(size).apply(image)
    assert (image == grey).all(), "the given frame is not written into"
    return marked, (marked != image).any(axis=2)


@pytest.mark.parametrize("size", SIZES)
def test_small_and_in_the_lower_right_corner(size):
    _, where = changed(size, 250)
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    width, height = size
    assert rows[0] > 0.9 * height
    assert rows[-1] < height
    assert columns[0] > 0.55 * width
    assert columns[-1] < width
    assert where.mean() < 0.02
    assert rows[-1] - rows[0] >= 14, "letters of 9 pixels or more"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("grey", [0, 20, 128, 250, 255])
def test_letters_stand_out_on_light_and_dark(size, grey):
    marked, where = changed(size, grey)
    inside = marked[where][:, 0].astype(float)
    # WCAG contrast of the lightest parts (letters) against the pill's body; 3 is asked of large text.
    light, body = np.percentile(inside, 99), np.percentile(inside, 30)

    def luminance(level: float) -> float:
        return (level / 255) ** 2.2

    assert (luminance(light) + 0.05) / (luminance(body) + 0.05) > 3


@pytest.mark.parametrize("size", [(16, 16), (40, 300), (300, 20), (2, 2)])
def test_fits_small_frames(size):
    marked, _ = changed(size, 100)
    assert marked.shape == (size[1], size[0], 3)


def test_pixels_outside_are_untouched():
    image = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    marked = Label((512, 512)).apply(image)
    np.testing.assert_array_equal(marked[:470], image[:470])
    np.testing.assert_array_equal(marked[:, :340], image[:, :340])


def test_xmp_is_well_formed_and_names_the_source_type():
    (description,) = ElementTree.fromstring(XMP.decode()).iter(
        "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
    )
    source = description.attrib["{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"]
    assert source.startswith("http://cv.iptc.org/newscodes/digitalsourcetype/")
    assert source.endswith("TrainedAlgorithmicMedia")
