from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from mien.errors import AlreadyExistsError, MediaError, NotFoundError, UsageError
from mien.media import read_image, write_image


def encoded(picture: Image.Image, form: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def gradient(width: int = 60, height: int = 40) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // width, y * 255 // height, 255 - x * 255 // width], -1).astype(np.uint8)


LOSSY = {"JPEG": {"quality": 95}, "WEBP": {"quality": 95}, "AVIF": {"quality": 95}, "HEIF": {"quality": 95}}


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "AVIF", "HEIF", "TIFF", "BMP", "JPEG2000", "PPM", "TGA"])
def test_formats(form):
    if form == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    image = read_image(encoded(Image.fromarray(gradient()), form, **LOSSY.get(form, {})))
    assert image.shape == (40, 60, 3)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    # 4:2:0 chroma costs a few levels on a gradient in the lossy ones.
    assert np.abs(image.astype(int) - gradient()).mean() < (4 if form in LOSSY else 0.6)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation):
    upright = gradient()
    # How the sensor saw it, so that the tag's transformation brings it upright (Exif 2.32, tag 0x0112).
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(np.ascontiguousarray(stored)), "PNG", exif=exif)
    np.testing.assert_array_equal(read_image(data), upright)


def test_transparency_lies_over_light_grey():
    rgba = np.zeros((2, 3, 4), np.uint8)
    rgba[:, 0] = (200, 10, 20, 255)
    rgba[:, 1] = (200, 10, 20, 0)
    rgba[:, 2] = (0, 0, 0, 128)
    image = read_image(encoded(Image.fromarray(rgba)))
    assert image[0].tolist() == [[200, 10, 20], [216, 216, 216], [108, 108, 108]]


def test_palette_with_transparent_entry():
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.putpixel((0, 0), 0)
    image = read_image(encoded(picture, "PNG", transparency=0))
    assert image[0, 0].tolist() == [216, 216, 216]
    assert image[1, 1].tolist() == [0, 255, 0]


def test_grey_and_one_bit():
    assert read_image(encoded(Image.new("L", (5, 4), 77)))[0, 0].tolist() == [77, 77, 77]
    assert read_image(encoded(Image.new("1", (5, 4), 1)))[0, 0].tolist() == [255, 255, 255]
    assert read_image(encoded(Image.new("LA", (5, 4), (77, 255))))[0, 0].tolist() == [77, 77, 77]


def test_sixteen_bit_grey_keeps_its_range():
    ramp = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    image = read_image(encoded(Image.fromarray(ramp)))
    assert np.abs(image[..., 0].astype(int) - np.arange(256).reshape(16, 16)).max() <= 1


def test_float_tiff():
    ramp = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    image = read_image(encoded(Image.fromarray(ramp), "TIFF"))
    assert np.abs(image[..., 0].astype(int) - np.arange(256).reshape(16, 16)).max() <= 1


def test_cmyk():
    image = read_image(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=95))
    assert image[0, 0, 0] > 230
    assert image[0, 0, 1:].max() < 30


def test_colour_profile_is_applied():
    # LAB's neutral axis and sRGB's agree; a picture in LAB with its profile is the strongest change of numbers there is.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = read_image(encoded(Image.fromarray(gradient()), "PNG", icc_profile=profile))
    assert np.abs(plain.astype(int) - gradient()).max() <= 1
    swapped = bytearray(profile)
    red, blue = swapped.index(b"rXYZ"), swapped.index(b"bXYZ")
    swapped[red : red + 4], swapped[blue : blue + 4] = b"bXYZ", b"rXYZ"
    changed = read_image(encoded(Image.fromarray(gradient()), "PNG", icc_profile=bytes(swapped)))
    np.testing.assert_allclose(changed[..., ::-1].astype(int), gradient(), atol=2)


def test_broken_colour_profile_is_ignored():
    data = encoded(Image.fromarray(gradient()), "PNG", icc_profile=b"no profile at all" * 20)
    np.testing.assert_array_equal(read_image(data), gradient())


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_first_frame_of_an_animation(form):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], form, save_all=True, append_images=frames[1:], duration=50)
    assert np.abs(read_image(data)[8, 8].astype(int) - (255, 0, 0)).max() <= 8


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress(bytes(1000))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [9000, 12_000, 20_000])
def test_too_many_pixels_are_refused_by_the_header(side):
    with pytest.raises(MediaError, match=r"limit is 64 million") as caught:
        read_image(png_header(side, side))
    assert caught.value.hint


def test_pixel_limit_is_an_argument():
    data = encoded(Image.new("RGB", (100, 100)))
    assert read_image(data, max_pixels=10_000).shape == (100, 100, 3)
    with pytest.raises(MediaError, match="100 × 100"):
        read_image(data, max_pixels=9_999)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
def test_cut_off_picture_names_the_file(tmp_path, form):
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    data = encoded(Image.fromarray(noise), form)
    file = tmp_path / "cut.bin"
    file.write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaError, match=r"cut\.bin") as caught:
        read_image(file)
    assert caught.value.hint


@pytest.mark.parametrize(
    "content", [b"", b"hello, this is text", bytes(3000), b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"]
)
def test_not_a_picture(tmp_path, content):
    file = tmp_path / "me.jpg"
    file.write_bytes(content)
    for source in (file, content):
        with pytest.raises(MediaError) as caught:
            read_image(source)
        assert caught.value.hint
    with pytest.raises(MediaError, match=r"me\.jpg"):
        read_image(file)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(NotFoundError, match=r"nowhere\.png"):
        read_image(tmp_path / "nowhere.png")
    with pytest.raises(MediaError, match="is a folder"):
        read_image(tmp_path)


@given(st.binary(max_size=400))
def test_random_bytes_are_only_media_errors(data):
    with pytest.raises(MediaError):
        read_image(data)


SEEDS = [
    encoded(Image.fromarray(gradient(24, 16)), form, **options)
    for form, options in [
        ("PNG", {}),
        ("JPEG", {}),
        ("WEBP", {}),
        ("GIF", {}),
        ("TIFF", {}),
        ("BMP", {}),
        ("AVIF", {}),
        ("TGA", {}),
    ]
]


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8), st.floats(0.3, 1))
def test_damaged_pictures_are_read_or_media_errors(seed, changes, keep):
    data = bytearray(seed)
    for where, value in changes:
        data[int(where * (len(data) - 1))] = value
    try:
        image = read_image(bytes(data[: max(int(len(data) * keep), 1)]))
    except MediaError:
        return
    assert image.dtype == np.uint8
    assert image.ndim == 3


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_write_and_read_back(tmp_path, suffix):
    file = tmp_path / f"out{suffix}"
    write_image(file, gradient(), quality=95)
    assert np.abs(read_image(file).astype(int) - gradient()).mean() < 4
    assert [p.name for p in tmp_path.iterdir()] == [file.name]
    with pytest.raises(AlreadyExistsError):
        write_image(file, gradient())
    write_image(file, gradient(8, 8), overwrite=True)
    assert read_image(file).shape == (8, 8, 3)


def test_suffix_must_name_a_format(tmp_path):
    with pytest.raises(UsageError, match=r"out\.xyz"):
        write_image(tmp_path / "out.xyz", gradient())


@pytest.mark.real
def test_real_photos(real_media: Path):
    for file in (real_media / "photo").iterdir():
        assert min(read_image(file).shape[:2]) >= 300
