"""Trained avatars on what they have not learnt from, and the choice between engines by that, with a person who was drawn speaking."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.studio.conftest import settings_in
from tests.training.conftest import SIDE, person, video  # noqa: F401 - fixtures

import mien
from mien.errors import Cancelled, InputError, NotFoundError, UsageError
from mien.evaluation import QualityReport
from mien.evaluation.page.quality import quality_page
from mien.settings import Settings
from mien.studio import AUTO, Avatar, train, train_avatar
from mien.studio import store as store_of
from mien.studio.evaluate import Movement, glance, score
from mien.training import Dataset
from mien.types import Progress


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_in(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "dataset"


@pytest.fixture(scope="module")
def avatar(video: Path, home: Settings, kept: Path) -> Avatar:  # noqa: F811
    """So little video is learnt by the engine that needs little."""
    return train(video, "me", dataset=kept, consent="hers", size=SIDE, settings=home)


@pytest.fixture(scope="module")
def found(avatar: Avatar, home: Settings, kept: Path) -> QualityReport:
    return mien.evaluate_avatar("me", kept, settings=home)


def value(report: QualityReport, name: str, of: str = "generated") -> float:
    number = report.scores[of][name]
    assert number is not None, name
    return number


def test_a_training_tells_how_good_the_avatar_is(avatar: Avatar):
    assert avatar.package.manifest.engine == "clip"
    told = avatar.evaluation
    assert told is not None
    assert list(told.scores) == ["generated", "frozen", "nearest", "previous", "real"]
    assert "quick" in told.remarks[0].text()
    assert f"{value(told, 'psnr_mouth'):.1f} dB" in avatar.remarks[-1]
    assert f"{value(told, 'psnr_mouth', 'frozen'):.1f} dB" in avatar.remarks[-1]
    assert avatar.package.manifest.consent == "hers"
    looked = np.isfinite(told.series["generated"]["psnr_mouth"])
    assert looked[:3].all()
    assert looked.mean() == pytest.approx(0.2, abs=0.02)


def test_what_was_kept_back_is_measured_by_sound_and_by_the_real_movement(found: QualityReport):
    assert list(found.scores) == ["generated", "tracked", "frozen", "nearest", "previous", "real"]
    assert found.frames == 45
    assert value(found, "psnr_mouth", "tracked") > value(found, "psnr_mouth") > 10
    assert value(found, "mouth_px", "tracked") < min(value(found, "mouth_px", name) for name in ("generated", "frozen"))
    beside = found.sync["tracked"].reference
    assert beside is not None
    assert beside.fixed.mean.value is not None
    assert beside.fixed.mean.value > 0.8
    assert value(found, "au45") < 0.05, "the eyes are the real ones"
    page = quality_page(found, "en")
    assert "real movement" in page
    assert "which the avatar has learnt nothing" in page


def test_a_glance_tells_about_the_same(found: QualityReport, avatar: Avatar):
    told = avatar.evaluation
    assert told is not None
    assert value(told, "psnr_mouth") == pytest.approx(value(found, "psnr_mouth"), abs=2)
    for one, other in zip(told.sync["generated"].curves.lips.gap, found.sync["generated"].curves.lips.gap, strict=True):
        assert one == pytest.approx(other, abs=1e-6)
    assert score(told) == pytest.approx(score(found), abs=0.15)


def test_lips_that_move_as_the_real_ones_and_a_sharp_mouth_make_the_score(found: QualityReport):
    blurred = {**found.scores, "generated": {**found.scores["generated"], "sharpness_mouth": 0.0}}
    noisy = {**found.scores, "generated": {**found.scores["generated"], "sharpness_mouth": 1e9}}
    assert score(replace(found, scores=blurred)) < score(found)
    assert score(replace(found, scores=blurred)) == pytest.approx(score(replace(found, scores=noisy)), abs=1e-6)
    assert score(replace(found, sync={})) < score(found)


def test_the_sound_before_is_heard_too(avatar: Avatar, kept: Path):
    dataset = Dataset.open(kept)
    whole = Movement.foretold(dataset, slice(0, dataset.count))
    part = Movement.foretold(dataset, dataset.split.test)
    assert part.coefficients.shape == (45, whole.coefficients.shape[1])
    same = np.corrcoef(part.coefficients.ravel(), whole.coefficients[dataset.split.test].ravel())[0, 1]
    assert same > 0.95


def test_an_avatar_is_measured_on_its_own_video_only(avatar: Avatar, home: Settings, kept: Path, tmp_path: Path):
    dataset = Dataset.open(kept)
    dataset.sha256 = "0" * 64
    with pytest.raises(InputError, match="from another video"):
        glance([avatar.package], dataset, home)
    with pytest.raises(UsageError, match="cannot be drawn over"):
        mien.evaluate_avatar("astronaut", kept, settings=home)
    with pytest.raises(NotFoundError):
        mien.evaluate_avatar(avatar, tmp_path / "none", settings=home)
    with pytest.raises(NotFoundError):
        mien.evaluate_avatar("nobody", kept, settings=home)


def test_nobody_needs_to_look(video: Path, home: Settings, kept: Path, avatar: Avatar):  # noqa: F811
    stages: set[str] = set()
    again = train(
        video,
        "me2",
        engine="clip",
        dataset=kept,
        skip_preprocess=True,
        evaluate=False,
        settings=home,
        report=lambda progress: stages.add(progress.stage),
    )
    assert not stages & {"track", "evaluate"}
    assert again.evaluation is None
    assert again.remarks == avatar.remarks[:-1]
    assert again.package.manifest.consent == ""
    frames = list(again.render(text="Hello."))
    assert frames[0].image.shape == (SIDE, SIDE, 3)


def test_without_sound_there_is_nothing_to_measure(
    video: Path,  # noqa: F811
    home: Settings,
    kept: Path,
    avatar: Avatar,
    tmp_path: Path,
):
    silent = shutil.copytree(kept, tmp_path / "silent")
    record = silent / "dataset.json"
    record.write_text(record.read_text().replace('"heard": true', '"heard": false'))
    made = train(video, "mute", engine="clip", dataset=silent, skip_preprocess=True, settings=home)
    assert made.evaluation is None
    assert made.remarks[-1] == "How good it is could not be measured: its video has no sound."
    assert made.remarks[:-1] == avatar.remarks[:-1]


def test_the_better_engine_is_kept_and_nothing_is_done_twice(
    video: Path,  # noqa: F811
    here: Settings,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(sys.modules["mien.studio.train"], "_ENGINES", ("sketch", "clip"))

    def stop(progress: Progress) -> None:
        if progress.stage == "evaluate":
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        train_avatar("me", video, here, engine=AUTO, evaluate=False, report=stop)
    assert store_of(here).list() == []
    stages: set[str] = set()
    told: list[QualityReport] = []
    package = train_avatar(
        "me",
        video,
        here,
        engine=AUTO,
        consent="hers",
        report=lambda progress: stages.add(progress.stage),
        evaluated=told.append,
    )
    assert package.manifest.engine == "clip", "the other one cannot be looked at"
    assert stages == {"evaluate"}
    assert len(told) == 1
    manifest = store_of(here).get("me").manifest
    assert (manifest.size, manifest.consent) == ((192, 192), "hers")
    assert not list((here.cache_dir / "training").iterdir())
