from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import Cancelled, MediaError, NotFoundError, UsageError, WeightsError
from mien.evaluation import SyncReport, evaluate_sync
from mien.types import SAMPLE_RATE, Image, Phoneme, Progress

from .conftest import SAID, noise, write_video


@pytest.fixture(scope="session")
def report(spoken: Path) -> SyncReport:
    return evaluate_sync(spoken, reference=spoken, lag_ms=-100)


@pytest.fixture(scope="session")
def still(tmp_path_factory: pytest.TempPathFactory, picture: Image) -> Path:
    """A face that does not move, 1.4 s, with noise."""
    return write_video(tmp_path_factory.mktemp("still") / "still.mp4", [picture] * 35, noise(1.4))


@pytest.mark.slow
def test_a_face_drawn_to_the_speech_follows_it(report: SyncReport):
    assert report.face == 1.0
    assert list(report.follows) == ["network", "loudness"]
    mean = report.follows["network"].best.mean
    assert mean.value is not None
    assert mean.chance_p95 is not None
    assert mean.value > max(0.4, mean.chance_p95)
    assert report.follows["network"].fixed.lag_ms == -100


@pytest.mark.slow
def test_its_lips_close_where_they_should_more_often_than_by_chance(report: SyncReport):
    assert report.closures is not None
    assert report.closures.reference == "network"
    assert report.closures.auc.value is not None
    assert report.closures.auc.value > 0.6


@pytest.mark.slow
def test_a_video_is_like_itself(report: SyncReport):
    beside = report.reference
    assert beside is not None
    assert beside.best.lag_ms == 0
    assert beside.best.mean.value == pytest.approx(1.0, abs=0.01)
    assert max(beside.error.values()) < 1e-6
    assert beside.amplitude["gap"] == pytest.approx(1.0)
    assert not any(remark.key == "other_speech" for remark in report.remarks)


def test_json_holds_all_figures(still: Path):
    report = evaluate_sync(still)
    told = json.loads(json.dumps(report.as_dict()))
    assert {"video", "seconds", "fps", "frames", "follows", "closures", "silence", "jitter", "remarks"} <= set(told)
    assert "curves" not in told
    assert told["follows"]["network"]["best"]["jaw"]["value"] == pytest.approx(
        report.follows["network"].best.jaw.value, abs=1e-4
    )
    assert all(isinstance(remark, str) for remark in told["remarks"])


def test_given_phonemes_come_first(still: Path):
    found = evaluate_sync(still, phonemes=[Phoneme("m", 0.3, 0.4), Phoneme("a", 0.4, 0.8)])
    assert list(found.follows) == ["phonemes", "network", "loudness"]
    assert found.closures is not None
    assert (found.closures.reference, found.closures.count) == ("phonemes", 1)


@pytest.mark.slow
def test_a_text_is_aligned(spoken: Path):
    found = evaluate_sync(spoken, text=SAID)
    assert found.closures is not None
    assert found.closures.reference == "text"
    assert found.closures.count > 8
    assert found.closures.recall.value is not None
    assert found.closures.false_alarms.value is not None
    assert found.closures.recall.value > found.closures.false_alarms.value + 0.3
    mean = found.follows["phonemes"].best.mean
    assert mean.value is not None
    assert mean.value > 0.6


def test_another_text_is_not_used(still: Path):
    found = evaluate_sync(still, text="Good morning to all of you. " * 20)
    assert "phonemes" not in found.follows
    assert [remark.key for remark in found.remarks] == ["short", "other_text"]


def test_a_still_face_and_short_noise(still: Path):
    found = evaluate_sync(still)
    assert found.frames == 35
    assert found.silence is None
    assert found.follows["network"].best.mean.chance is None
    assert [remark.key for remark in found.remarks] == ["short"]


def test_a_reference_of_other_length_and_other_sound(still: Path, tmp_path: Path, picture: Image):
    other = write_video(
        tmp_path / "other.mp4", [picture] * 60, noise(2.4, 0.1)[::-1] * np.linspace(0, 1, 38400, dtype=np.float32)
    )
    found = evaluate_sync(still, reference=other)
    assert [remark.key for remark in found.remarks] == ["short", "lengths", "other_speech"]
    assert found.reference is not None
    assert found.reference.seconds == pytest.approx(1.4)


def test_a_reference_without_sound(still: Path, tmp_path: Path, picture: Image):
    mute = write_video(tmp_path / "mute.mp4", [picture] * 30, None)
    found = evaluate_sync(still, reference=mute)
    assert "reference_mute" in [remark.key for remark in found.remarks]


def test_sound_shorter_than_the_video_is_followed_by_silence(tmp_path: Path, picture: Image):
    video = write_video(tmp_path / "short.mp4", [picture] * 40, np.pad(noise(0.5), (0, SAMPLE_RATE)))
    found = evaluate_sync(video)
    assert found.seconds == pytest.approx(1.6)
    assert found.silence is not None


def test_progress_and_stop(still: Path):
    stages: list[str] = []

    def stop(progress: Progress) -> None:
        stages.append(progress.stage)
        if len(stages) == 3:
            raise Cancelled("Enough.")

    with pytest.raises(Cancelled):
        evaluate_sync(still, report=stop)
    assert stages == ["track"] * 3


def test_refused_before_any_work(still: Path, tmp_path: Path, picture: Image):
    with pytest.raises(UsageError, match="500 ms"):
        evaluate_sync(still, lag_ms=500)
    with pytest.raises(UsageError, match="lag of nan"):
        evaluate_sync(still, lag_ms=float("nan"))
    with pytest.raises(UsageError, match="'de'"):
        evaluate_sync(still, spoken="de")
    with pytest.raises(NotFoundError):
        evaluate_sync(tmp_path / "nothing.mp4")
    with pytest.raises(NotFoundError):
        evaluate_sync(still, reference=tmp_path / "nothing.mp4")
    mute = write_video(tmp_path / "mute.mp4", [picture] * 2, None)
    with pytest.raises(MediaError, match="no sound"):
        evaluate_sync(mute)
    silent = write_video(tmp_path / "silent.mp4", [picture] * 2, noise(0.08, 1e-5))
    with pytest.raises(MediaError, match="Nothing can be heard"):
        evaluate_sync(silent)


@pytest.mark.slow
def test_weights_that_are_not_there(still: Path, tmp_path: Path):
    pytest.importorskip("torch")
    with pytest.raises(WeightsError):
        evaluate_sync(still, syncnet=tmp_path / "nothing.model")


def test_mien_hands_it_out():
    assert mien.evaluate_sync is evaluate_sync
    assert mien.SyncReport is SyncReport
