from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.media.made import flat, video_file

from mien.errors import MediaError, NotFoundError
from mien.media import read_image, write_poster


def test_a_third_of_the_way_is_shown_small(tmp_path: Path) -> None:
    video, poster = tmp_path / "video.mp4", tmp_path / "poster.jpg"
    greys = [10 * number for number in range(24)]
    video.write_bytes(video_file([flat(grey, (1280, 320)) for grey in greys], [40 * n for n in range(24)]))
    write_poster(video, poster)
    image = read_image(poster)
    assert image.shape == (160, 640, 3)
    assert np.median(image) == pytest.approx(greys[8], abs=3)
    write_poster(video, poster, share=0)
    assert np.median(read_image(poster)) == pytest.approx(0, abs=3)


def test_a_video_of_one_picture_has_a_poster(tmp_path: Path) -> None:
    (tmp_path / "video.mp4").write_bytes(video_file([flat(80)], [0]))
    write_poster(tmp_path / "video.mp4", tmp_path / "poster.jpg")
    assert read_image(tmp_path / "poster.jpg").shape == (48, 64, 3)


def test_what_is_no_video_has_none(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        write_poster(tmp_path / "video.mp4", tmp_path / "poster.jpg")
    (tmp_path / "video.mp4").write_bytes(b"no video")
    with pytest.raises(MediaError):
        write_poster(tmp_path / "video.mp4", tmp_path / "poster.jpg")
    assert not (tmp_path / "poster.jpg").exists()
