"""The automatic choice between engines, with a person who was drawn speaking."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.training.conftest import person, video  # noqa: F401 - fixtures

from mien.errors import Cancelled
from mien.settings import Settings, load
from mien.studio import AUTO, train, train_avatar
from mien.studio import store as store_of
from mien.types import Progress


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """Folders of one's own, but this machine's networks."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "weights").symlink_to(load().cache_dir / "weights")
    return Settings(data_dir=tmp_path / "data", cache_dir=cache, offline=True)


def test_the_better_engine_is_kept_and_nothing_is_done_twice(
    video: Path,  # noqa: F811
    here: Settings,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(sys.modules["mien.studio.train"], "_ENGINES", ("sketch", "clip"))

    def stop(progress: Progress) -> None:
        if progress.stage == "judge":
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        train_avatar("me", video, here, engine=AUTO, report=stop)
    assert store_of(here).list() == []
    stages: set[str] = set()
    package = train_avatar("me", video, here, engine=AUTO, report=lambda progress: stages.add(progress.stage))
    assert package.manifest.engine == "clip", "a drawn mouth looks less like the person"
    assert stages == {"judge"}
    assert store_of(here).get("me").manifest.size == (192, 192)
    assert not list((here.cache_dir / "training").iterdir())


def test_little_video_is_learnt_by_the_engine_that_needs_little(video: Path, here: Settings, tmp_path: Path):  # noqa: F811
    avatar = train(video, "me", dataset=tmp_path / "kept", consent="hers", settings=here)
    assert avatar.package.manifest.engine == "clip"
    stages: set[str] = set()
    again = train(
        video,
        "me2",
        engine="clip",
        dataset=tmp_path / "kept",
        skip_preprocess=True,
        settings=here,
        report=lambda progress: stages.add(progress.stage),
    )
    assert "track" not in stages
    assert again.package.manifest.consent == ""
    frames = list(avatar.render(text="Hello."))
    assert frames[0].image.shape == (512, 512, 3)
