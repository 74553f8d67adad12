from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.training.conftest import SIDE, Person, film
from tests.training.test_openface import table

from mien.errors import Cancelled, InputError, MediaError, NotFoundError, UsageError
from mien.media import VideoReader
from mien.settings import Settings
from mien.training import COEFFICIENTS, FPS, Dataset, matte, prepare
from mien.types import SAMPLE_RATE, Progress


@pytest.fixture
def copy(dataset: Dataset, tmp_path: Path) -> Path:
    """The prepared dataset in a folder that a test may change."""
    return Path(shutil.copytree(dataset.folder, tmp_path / "dataset"))


def stages_done(video: Path, folder: Path, settings: Settings, **options: object) -> list[str]:
    """The stages whose work is reported while it is prepared."""
    told: list[str] = []
    prepare(video, folder, settings, report=lambda progress: told.append(progress.stage), **options)  # type: ignore[arg-type]
    return sorted(set(told))


def test_a_dataset_has_everything_in_one_length(dataset: Dataset, video: Path):
    assert dataset.count == 225
    assert dataset.size == (SIDE, SIDE)
    assert dataset.window == (0, 0, SIDE, SIDE)
    assert dataset.video == video
    assert dataset.landmarks.shape == (225, 478, 3)
    assert dataset.seen.all()
    assert dataset.blink.shape == (225, 2)
    assert 0.5 < dataset.blink.max() <= 1, "she blinks"
    assert len(dataset.samples) == 225 * SAMPLE_RATE // FPS
    assert dataset.mouth.values.shape == (900, 8)
    assert dataset.person.expression.shape == (225, COEFFICIENTS)
    assert len(dataset.cuts) == 0
    assert dataset.remarks == ()


def test_frames_are_those_of_the_video(dataset: Dataset, video: Path):
    with VideoReader(video, fps=FPS) as reader:
        whole = list(reader)
    for start, stop in ((0, 3), (100, 102), (223, None)):
        frames = list(dataset.frames(start, stop))
        assert len(frames) == (stop or 225) - start
        np.testing.assert_array_equal(frames, whole[start:stop])


def test_another_size_moves_frames_and_landmarks_alike(
    dataset: Dataset, video: Path, settings: Settings, tmp_path: Path
):
    larger = prepare(video, tmp_path / "large", settings, size=2 * SIDE)
    assert next(larger.frames(10, 11)).shape == (2 * SIDE, 2 * SIDE, 3)
    np.testing.assert_allclose(larger.landmarks[10], 2 * dataset.landmarks[10], rtol=1e-3, atol=0.05)
    again = prepare(video, tmp_path / "large", settings)
    assert again.size == (2 * SIDE, 2 * SIDE), "the size of the folder is kept"


def test_what_is_done_is_not_done_again(copy: Path, video: Path, settings: Settings):
    assert stages_done(video, copy, settings, size=SIDE) == []
    record = json.loads((copy / "dataset.json").read_text())
    del record["stages"]["listen"], record["stages"]["learn"]
    (copy / "dataset.json").write_text(json.dumps(record))
    assert stages_done(video, copy, settings) == ["learn", "listen"]


def test_another_table_of_blinks_changes_only_what_follows(copy: Path, video: Path, settings: Settings, tmp_path: Path):
    au_csv = table(tmp_path / "au.csv", 225, 25.0)
    assert "track" not in stages_done(video, copy, settings, au_csv=au_csv)
    blink = Dataset.open(copy).blink
    assert np.flatnonzero(blink[:, 0] == 1).tolist() == [25, 75, 125, 175]
    assert stages_done(video, copy, settings) == [], "the table of the folder is kept"
    with pytest.raises(NotFoundError):
        prepare(video, copy, settings, au_csv=tmp_path / "none.csv")


def test_another_video_in_the_same_folder_is_prepared_from_the_beginning(
    copy: Path, person: Person, settings: Settings, tmp_path: Path
):
    other = film(tmp_path / "other.mp4", person.images[5:215], person.samples[5 * 640 : 215 * 640])
    assert "track" in stages_done(other, copy, settings)
    assert Dataset.open(copy).count == 210


def test_it_can_be_stopped_and_goes_on(video: Path, settings: Settings, tmp_path: Path):
    def stop(progress: Progress) -> None:
        if progress.stage == "listen":
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        prepare(video, tmp_path / "dataset", settings, size=SIDE, report=stop)
    with pytest.raises(InputError, match="listen, learn"):
        Dataset.open(tmp_path / "dataset")
    assert "track" not in stages_done(video, tmp_path / "dataset", settings)


@pytest.mark.slow
def test_killed_at_any_moment_it_becomes_the_same(dataset: Dataset, video: Path, tmp_path: Path, settings: Settings):
    code = (
        "import sys; from pathlib import Path; from mien.settings import load; from mien.training import prepare;"
        f"prepare(Path({str(video)!r}), Path({str(tmp_path / 'dataset')!r}), load(), size={SIDE},"
        " report=lambda progress: print(progress.stage, progress.done, flush=True))"
    )
    for until in ("track 60", "listen 3", "learn"):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert any(line.startswith(until) for line in child.stdout), until
        time.sleep(0.02)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    again = prepare(video, tmp_path / "dataset", settings, size=SIDE)
    np.testing.assert_array_equal(again.landmarks, dataset.landmarks)
    np.testing.assert_allclose(again.person.expression, dataset.person.expression, atol=1e-4)
    left = {path.name for path in (tmp_path / "dataset").iterdir()}
    assert {path.name for path in dataset.folder.iterdir()} <= left


def test_a_folder_of_something_else_is_left_alone(video: Path, settings: Settings, tmp_path: Path):
    (tmp_path / "dataset.json").write_text('{"mine": 1}')
    with pytest.raises(InputError, match=r"dataset\.json"):
        prepare(video, tmp_path, settings)
    with pytest.raises(NotFoundError):
        Dataset.open(tmp_path / "none")


def test_a_damaged_dataset_says_so(copy: Path):
    (copy / "person.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"person\.npz"):
        _ = Dataset.open(copy).person


def test_a_dataset_without_its_video_says_so(copy: Path):
    record = (copy / "dataset.json").read_text()
    (copy / "dataset.json").write_text(record.replace("person.mp4", "gone.mp4"))
    with pytest.raises(NotFoundError, match=r"gone\.mp4"):
        Dataset.open(copy)


def test_impossible_sizes_are_refused(video: Path, settings: Settings, tmp_path: Path):
    for size in (0, 64, 4000):
        with pytest.raises(UsageError, match="size"):
            prepare(video, tmp_path, settings, size=size)


def test_pictures_are_no_videos(settings: Settings, tmp_path: Path):
    (tmp_path / "a.mp4").write_bytes(b"nothing")
    with pytest.raises(MediaError):
        prepare(tmp_path / "a.mp4", tmp_path / "dataset", settings)


def test_another_background_is_put_behind_the_person(
    copy: Path, video: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(matte, "CHUNK", 100)
    green = np.full((10, 20, 3), (0, 177, 64), np.uint8)

    def stop(progress: Progress) -> None:
        if progress.stage == "matte" and progress.done == 130:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        prepare(video, copy, settings, background=green, report=stop)
    begun: list[float] = []
    prepare(video, copy, settings, background=green, report=lambda progress: begun.append(progress.done))
    assert begun == list(range(101, 226)), "what was cut out is not cut out again"
    dataset = Dataset.open(copy)
    shown, filmed = list(dataset.frames(40, 60)), list(dataset.filmed(40, 60))
    assert len(shown) == len(filmed) == 20
    assert np.abs(shown[0][:20, :10].astype(int) - green[0, 0]).max() < 8, "a corner"
    x, y = dataset.landmarks[40, 4, :2].astype(int)
    assert np.abs(shown[0].astype(int) - filmed[0])[y - 20 : y + 20, x - 20 : x + 20].max() <= 1, "the nose"
    assert stages_done(video, copy, settings) == []
    assert stages_done(video, copy, settings, background=green[:, :, ::-1]) == [], "nobody is cut out twice"
    assert np.abs(next(Dataset.open(copy).frames())[:20, :10].astype(int) - green[0, 0, ::-1]).max() < 8
