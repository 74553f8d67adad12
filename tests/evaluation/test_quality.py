from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.evaluation.test_identity import recognizer

from mien.errors import AlreadyExistsError, Cancelled, FaceError, MediaError, NotFoundError, WeightsError
from mien.evaluation import QualityReport, evaluate_quality, write_quality_page
from mien.evaluation.page.quality import quality_page
from mien.evaluation.quality import CONTENDERS
from mien.evaluation.tally import METRICS
from mien.face.topology import LIPS_OUTER
from mien.media import VideoReader, read_audio
from mien.types import Image, Landmarks, Progress

from .conftest import noise, syllables, write_video

FPS = 25
FRAMES = 100


@pytest.fixture(scope="module", autouse=True)
def _few_patches_are_enough() -> Iterator[None]:
    """A face of 100 pixels has two patches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mien.evaluation.naturalness._FEWEST", 20)
        yield


def talking(
    picture: Image, landmarks: Landmarks, frames: int = FRAMES, seed: int = 0, gain: float = 1.0
) -> list[Image]:
    """The astronaut sways, and a dark ellipse that opens and closes is her mouth."""
    opening = syllables(frames / FPS + 1, seed)[::4][:frames]
    sway = syllables(frames / FPS + 1, 77)[::4][:frames]
    x, y = landmarks[LIPS_OUTER, :2].mean(axis=0)
    wide = np.ptp(landmarks[LIPS_OUTER, 0]) / 2
    images = []
    for open_, moved in zip(opening, sway, strict=True):
        image = picture.copy()
        axes = (round(wide), max(1, round(gain * 14 * open_)))
        cv2.ellipse(image, (round(float(x)), round(float(y))), axes, 0, 0, 360, (90, 20, 25), -1, cv2.LINE_AA)
        matrix = np.array([[1, 0, 10 * moved], [0, 1, 4 * moved]])
        size = picture.shape[1], picture.shape[0]
        images.append(np.asarray(cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8))
    return images


@pytest.fixture(scope="module")
def frames(picture: Image, landmarks: Landmarks) -> list[Image]:
    return talking(picture, landmarks)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, frames: list[Image]) -> Path:
    return write_video(tmp_path_factory.mktemp("real") / "real.mp4", frames, noise(FRAMES / FPS))


@pytest.fixture(scope="module")
def poor(tmp_path_factory: pytest.TempPathFactory, picture: Image, landmarks: Landmarks) -> Path:
    """Says something else, and begins six frames later; written at another size."""
    folder = tmp_path_factory.mktemp("poor")
    images = talking(picture, landmarks, seed=5)
    small = [np.asarray(cv2.resize(image, (256, 256), interpolation=cv2.INTER_AREA), np.uint8) for image in images]
    return write_video(folder / "poor.mp4", [small[0]] * 6 + small, noise(FRAMES / FPS + 0.24))


@pytest.fixture(scope="module")
def found(real: Path, poor: Path) -> QualityReport:
    return evaluate_quality(poor, real)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real video beside itself, once `same` has been found."""
    return tmp_path_factory.mktemp("both") / "both.mp4"


@pytest.fixture(scope="module")
def same(real: Path, both: Path) -> QualityReport:
    return evaluate_quality(real, real, identity=recognizer(both.with_name("tiny.onnx")), side_by_side=both)


def value(report: QualityReport, name: str, of: str = "generated") -> float:
    score = report.scores[of][name]
    assert score is not None, name
    return score


def test_the_real_video_is_as_near_as_can_be(same: QualityReport):
    assert same.remarks == ()
    assert (same.frames, same.fps, same.size, same.shift_frames) == (FRAMES, 25, (320, 320), 0)
    assert same.face == 1
    assert value(same, "psnr_whole") == value(same, "psnr_mouth") == 100
    assert value(same, "ssim_face") == pytest.approx(1, abs=1e-6)
    assert value(same, "sharpness_mouth") == pytest.approx(1)
    # Landmarks of the very same pictures, found by following from another first frame on.
    assert value(same, "mouth_px") < 0.05
    assert value(same, "flicker_mouth") == pytest.approx(value(same, "flicker_mouth", "real"))
    assert value(same, "naturalness") == pytest.approx(value(same, "naturalness", "real"))
    best = same.sync["generated"].reference
    assert best is not None
    assert best.best.mean.value == pytest.approx(1, abs=0.01)


def test_shift_and_size_are_found_and_told(found: QualityReport):
    told = [remark.text() for remark in found.remarks]
    assert found.shift_frames == 6
    assert any("+6 frames (+240 ms)" in each for each in told)
    assert any("256 × 256" in each and "320 × 320" in each for each in told)
    assert found.frames == FRAMES
    assert found.size == (320, 320)


def test_the_head_is_right_and_the_mouth_is_wrong(found: QualityReport):
    assert value(found, "psnr_whole") > value(found, "psnr_mouth") + 5
    assert value(found, "mouth_px") > value(found, "mouth_px", "nearest")
    assert value(found, "psnr_mouth", "nearest") > value(found, "psnr_mouth")
    assert value(found, "sharpness_face") < 0.8  # it was smaller
    assert value(found, "mouth_iod") < 0.2
    beside = found.sync["generated"].reference
    assert beside is not None
    assert beside.best.mean.value is None or beside.best.mean.value < 0.7


def test_every_contender_has_every_figure_that_can_be_told(found: QualityReport):
    assert tuple(found.scores) == CONTENDERS
    need_weights = {"lpips_whole", "lpips_face", "identity"}
    for name in CONTENDERS[:-1]:
        told = {metric.name for metric in METRICS if found.scores[name][metric.name] is not None}
        assert told == {metric.name for metric in METRICS} - need_weights
    assert {name for name, score in found.scores["real"].items() if score is not None} == {
        "flicker_face",
        "flicker_mouth",
        "naturalness",
    }
    assert all(len(values) == FRAMES for values in found.series["generated"].values())


def test_means_are_those_of_the_series(found: QualityReport):
    values = found.series["generated"]["psnr_mouth"]
    assert np.isfinite(values).all()
    assert value(found, "psnr_mouth") == pytest.approx(values.mean())
    worst = found.worst[0]
    assert worst.psnr == pytest.approx(values.min())
    assert worst.index == values.argmin()
    assert len({int(each.seconds) for each in found.worst}) == len(found.worst)


def test_the_report_is_plain_json(found: QualityReport):
    plain = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert plain["scores"]["generated"]["psnr_mouth"] == round(value(found, "psnr_mouth"), 4)
    assert plain["size"] == [320, 320]
    assert plain["worst"][0].keys() == {"frame", "seconds", "psnr"}
    assert plain["sync"].keys() == {"generated", "real"}


def test_the_page_shows_figures_curves_and_worst_frames(found: QualityReport, tmp_path: Path):
    write_quality_page(found, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert text.count("<img") == 3 * len(found.worst)
    assert text.count("<svg") == 4
    assert f"{value(found, 'psnr_mouth'):.2f}" in text
    assert "http" not in text.replace("http-equiv", "")
    assert "nan" not in text[text.index("<svg") :]
    assert "img-src data:" in text
    chinese = quality_page(found, "zh")
    assert "越高越好" in chinese
    assert "higher is better" not in chinese
    with pytest.raises(AlreadyExistsError):
        write_quality_page(found, tmp_path / "page.html")


def test_the_page_escapes_names(found: QualityReport):
    assert "<b>" not in quality_page(dataclasses.replace(found, generated="<b>.mp4"))


def test_another_rate_is_brought_to_the_lower_one(tmp_path: Path, real: Path, frames: list[Image]):
    every_other = write_video(tmp_path / "slow.mp4", frames[::2], noise(FRAMES / FPS), fps=12.5)
    found = evaluate_quality(every_other, real)
    assert found.fps == 12.5
    assert found.frames == FRAMES // 2
    assert any("12.5" in remark.text() for remark in found.remarks)
    # A frame halfway between two moments belongs to either of them.
    assert value(found, "psnr_mouth") > 25


def test_a_face_that_is_lost_is_left_out_and_told(tmp_path: Path, real: Path, frames: list[Image]):
    lost = [*frames[:30], *(np.full_like(image, 90) for image in frames[30:55]), *frames[55:]]
    found = evaluate_quality(write_video(tmp_path / "lost.mp4", lost, noise(FRAMES / FPS)), real)
    assert found.face == pytest.approx(0.75, abs=0.03)
    assert any("lost" in remark.text() for remark in found.remarks)
    assert np.isnan(found.series["generated"]["mouth_px"][35:50]).all()
    assert np.isfinite(found.series["generated"]["psnr_mouth"]).all()


def test_a_mute_video_has_no_sync(tmp_path: Path, real: Path, frames: list[Image]):
    found = evaluate_quality(write_video(tmp_path / "mute.mp4", frames[:60], None), real)
    assert found.sync.keys() == {"real"}
    told = [remark.text() for remark in found.remarks]
    assert any("no sound" in each for each in told)
    assert any("2.4 s" in each and "4.0 s" in each for each in told)
    assert found.frames == 60


def test_a_recogniser_tells_how_alike_the_faces_are(same: QualityReport):
    assert value(same, "identity") == pytest.approx(1, abs=0.01)
    assert value(same, "identity", "real") < value(same, "identity")


@pytest.mark.usefixtures("same")
def test_a_side_by_side_video_is_written(both: Path, real: Path, frames: list[Image]):
    with VideoReader(both) as reader:
        assert reader.size == (640, 320)
        shown = list(reader)
    assert len(shown) == FRAMES
    assert np.abs(shown[9][:250, :320].astype(int) - frames[9][:250]).mean() < 4
    assert np.abs(shown[9][:250, 320:].astype(int) - frames[9][:250]).mean() < 4
    sound = read_audio(both)
    assert len(sound.samples) / sound.sample_rate == pytest.approx(FRAMES / FPS, abs=0.05)
    with pytest.raises(AlreadyExistsError):
        evaluate_quality(real, real, side_by_side=both)


def test_cancelling_leaves_nothing(tmp_path: Path, real: Path):
    stages: list[str] = []

    def report(progress: Progress) -> None:
        stages.append(progress.stage)
        if progress.stage == "compare" and progress.done == 10:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        evaluate_quality(real, real, side_by_side=tmp_path / "both.mp4", report=report)
    assert list(dict.fromkeys(stages)) == ["look", "track", "learn", "compare"]
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_compared_is_refused(tmp_path: Path, real: Path, frames: list[Image]):
    with pytest.raises(NotFoundError):
        evaluate_quality(tmp_path / "missing.mp4", real)
    with pytest.raises(MediaError, match="320 × 200"):
        evaluate_quality(write_video(tmp_path / "cut.mp4", [each[:200] for each in frames[:30]], None), real)
    grey = write_video(tmp_path / "grey.mp4", [np.full((320, 320, 3), 90, np.uint8)] * 30, None)
    with pytest.raises(FaceError, match="grey"):
        evaluate_quality(real, grey)
    with pytest.raises(MediaError, match="in common"):
        evaluate_quality(write_video(tmp_path / "short.mp4", frames[:10], None), real)
    with pytest.raises(WeightsError):
        evaluate_quality(real, real, lpips=[tmp_path / "missing.pth"])


def test_frames_are_not_kept(found: QualityReport):
    """Of the pictures only the worst remain, small."""
    arrays: list[NDArray[np.uint8]] = [each for worst in found.worst for each in (worst.real, worst.generated)]
    assert all(max(array.shape) <= 256 for array in arrays)
    assert not any(math.isnan(each.psnr) for each in found.worst)
