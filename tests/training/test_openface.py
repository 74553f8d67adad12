from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError
from mien.training.openface import read_units


def table(
    path: Path, rows: int, fps: float, *, header: str = "frame, face_id, timestamp, confidence, success, AU25_r, AU45_r"
) -> Path:
    lines = [header]
    for row in range(rows):
        shut = 3.0 if row % 50 == 25 else 0.0
        lines.append(f"{row + 1}, 0, {row / fps:.4f}, 0.98, {0 if row == 7 else 1}, 0.50, {shut}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_blinks_come_from_the_column_with_the_space_before_its_name(tmp_path: Path):
    blinks = read_units(table(tmp_path / "au.csv", 250, 25.0), 250, 25.0)["blink"]
    assert blinks.shape == (250, 2)
    assert np.flatnonzero(blinks[:, 0] == 1).tolist() == [25, 75, 125, 175, 225]
    assert blinks[30:70].max() == 0


def test_the_frame_rate_of_the_table_is_its_own(tmp_path: Path):
    blinks = read_units(table(tmp_path / "au.csv", 300, 30.0), 250, 25.0)["blink"]
    assert blinks[round(25 / 30 * 25), 0] > 0.5


def test_without_times_the_rows_are_spread(tmp_path: Path):
    path = tmp_path / "au.csv"
    path.write_text("frame, AU45_r\n" + "\n".join(f"{row}, {row / 100}" for row in range(101)))
    units = read_units(path, 200, 25.0)
    assert set(units) == {"blink"}
    assert units["blink"][100, 0] == pytest.approx(0.25, abs=0.02)


def test_parted_lips_come_from_the_other_column(tmp_path: Path):
    units = read_units(table(tmp_path / "au.csv", 250, 25.0), 250, 25.0)
    assert units["parted"].shape == (250,)
    assert units["parted"][[0, 100, 249]] == pytest.approx(0.1), "half of one of five"
    assert units["parted"][7] == 0, "OpenFace has not seen the face there"
    alone = tmp_path / "lips.csv"
    alone.write_text("timestamp, AU25_r\n" + "\n".join(f"{row / 25}, 5" for row in range(250)))
    assert list(read_units(alone, 250, 25.0)) == ["parted"]


@pytest.mark.parametrize(
    "text", ["", "frame, AU12_r\n1, 0\n", "frame, AU45_r\n1, much\n", "frame, AU45_r\n1, 0\n", "\x00\x01\x02"]
)
def test_other_files_are_refused(text: str, tmp_path: Path):
    path = tmp_path / "au.csv"
    path.write_text(text)
    with pytest.raises(InputError):
        read_units(path, 250, 25.0)


def test_the_table_of_a_shorter_video_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"100 frames until 4\.0 s"):
        read_units(table(tmp_path / "au.csv", 100, 25.0), 250, 25.0)
