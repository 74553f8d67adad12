from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.media.made import flat, video_file

from mien.errors import AlreadyExistsError, Cancelled, MediaError, NotFoundError, UsageError
from mien.settings import Settings
from mien.studio import engine_for_training, store, train_avatar
from mien.types import Image, Progress


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "carl.mp4"
    path.write_bytes(video_file([flat(90), flat(110)], [0, 40]))
    return path


def test_a_video_becomes_an_avatar(video: Path, settings: Settings) -> None:
    losses: list[float] = []
    previews: dict[int, Image] = {}
    package = train_avatar(
        "carl",
        video,
        settings,
        engine="sketch",
        licence="CC0-1.0",
        consent="his",
        metric=lambda step, **values: losses.append(values["loss"]),
        preview=previews.__setitem__,
    )
    assert len(losses) == 20
    assert losses == sorted(losses, reverse=True)
    assert {step: image.shape for step, image in previews.items()} == {10: (48, 64, 3), 20: (48, 64, 3)}
    manifest = store(settings).get("carl").manifest
    assert (manifest.size, manifest.licence, manifest.consent) == ((64, 48), "CC0-1.0", "his")
    assert 90 < np.median(package.image("picture")) < 110


def test_one_that_was_stopped_goes_on_and_leaves_nothing_in_the_end(video: Path, settings: Settings) -> None:
    def stop(progress: Progress) -> None:
        if progress.stage == "train" and progress.done == 7:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        train_avatar("carl", video, settings, engine="sketch", report=stop)
    assert store(settings).list() == []
    package = train_avatar("carl", video, settings, engine="sketch")
    assert package.manifest.remarks == ("It was trained from step 7.",)
    assert not list((settings.cache_dir / "training").iterdir())


def _too_late(progress: Progress) -> None:
    pytest.fail("it has begun")


def test_a_name_that_is_taken_is_refused_before_the_work(video: Path, settings: Settings) -> None:
    train_avatar("carl", video, settings, engine="sketch")
    with pytest.raises(AlreadyExistsError):
        train_avatar("carl", video, settings, engine="sketch", report=_too_late)


def test_what_cannot_be_used_is_refused(video: Path, settings: Settings, photo: Path) -> None:
    with pytest.raises(MediaError):
        train_avatar("carl", Path(__file__), settings, engine="sketch")
    with pytest.raises(NotFoundError):
        train_avatar("carl", video.with_name("none.mp4"), settings, engine="sketch")
    assert store(settings).list() == []


def test_engines_that_learn_nothing_say_so() -> None:
    with pytest.raises(UsageError, match="learns nothing"):
        engine_for_training("portrait")
    with pytest.raises(NotFoundError):
        engine_for_training("nonsense")
