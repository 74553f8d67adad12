"""How good the lips of a video are, as a job: of one that was sent, and of one that another job has made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.conftest import ASTRONAUT, noise, write_video
from tests.jobs.processes import job, settings_in
from tests.jobs.site import Site, until
from tests.jobs.test_kinds import Moment, Told, again, done, killed, posix
from tests.server.conftest import eventually

from mien.errors import MediaError, NotFoundError, UsageError
from mien.jobs.folder import JobFolder
from mien.jobs.kinds import KINDS
from mien.jobs.request import EvaluateRequest, JobInfo
from mien.jobs.store import Jobs
from mien.media import read_image
from mien.settings import Settings, load
from mien.weights import WeightStore

SCRIPT = "</p><script>alert(1)</script>.mp4"


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face that does not move, 1.2 s, with noise."""
    return film(tmp_path_factory.mktemp("still") / "still.mp4", 1.2)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return with_networks(settings_in(tmp_path))


def film(path: Path, seconds: float) -> Path:
    picture = np.ascontiguousarray(read_image(ASTRONAUT)[:320, 64:384])
    return write_video(path, [picture] * round(25 * seconds), noise(seconds))


def with_networks(settings: Settings) -> Settings:
    """The face networks are those of the machine."""
    settings.cache_dir.mkdir(parents=True, exist_ok=True)
    weights = WeightStore.from_settings(load()).path("face-detector").parents[1]
    (settings.cache_dir / "weights").symlink_to(weights)
    return settings


def sent(settings: Settings, **files: Path) -> JobFolder:
    folder = job(settings, "evaluate", name=SCRIPT, lag_ms=-40, language="en")
    for name, file in files.items():
        shutil.copy(file, folder.inputs / f"{name}{file.suffix}")
    return folder


def made(settings: Settings, video: Path, **request: object) -> JobFolder:
    """A `speak` job that has made that video."""
    folder = job(settings, "speak", **request)
    folder.result.mkdir()
    shutil.copy(video, folder.result / "video.mp4")
    return folder


def test_a_video_is_measured_beside_a_reference(settings: Settings, still: Path):
    folder, told = sent(settings, video=still, reference=still), Told()
    outcome = done(folder, settings, told)
    assert told.stages == [stage for stage, _ in KINDS["evaluate"].stages_of(folder)]
    assert sorted(path.name for path in folder.result.iterdir()) == ["lips.html", "lips.json"]
    figures = outcome["figures"]
    assert json.loads((folder.result / outcome["json"]).read_text(encoding="utf-8")) == figures
    assert (figures["frames"], figures["video"], figures["reference"]["video"]) == (30, SCRIPT, "reference")
    assert figures["follows"]["network"]["fixed"]["lag_ms"] == -40
    assert str(settings.data_dir) not in json.dumps(outcome)
    page = (folder.result / outcome["page"]).read_text(encoding="utf-8")
    assert "Lip sync" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert str(settings.data_dir) not in page


def test_of_a_video_that_was_made_here_the_text_is_known(settings: Settings, still: Path):
    video = made(settings, still, avatar="astronaut", text="Guten Tag.", voice="espeak:de+m3")
    folder, told = job(settings, "evaluate", video_id=video.id), Told()
    outcome = done(folder, settings, told)
    assert "reference" not in told.stages
    assert "reference" not in dict(KINDS["evaluate"].stages_of(folder))
    # Noise says nothing of it, which shows that it was compared.
    assert any("text" in remark for remark in outcome["remarks"]["en"])
    assert any("文本" in remark for remark in outcome["remarks"]["zh"])
    shutil.rmtree(folder.work)
    assert (video.result / "video.mp4").read_bytes() == still.read_bytes()


def test_a_video_that_was_deleted_is_missed(settings: Settings, still: Path):
    video = made(settings, still, avatar="astronaut", text="Hello.")
    (video.result / "video.mp4").unlink()
    for _ in range(2):
        with pytest.raises(NotFoundError, match=r"deleted|no such job"):
            done(job(settings, "evaluate", video_id=video.id), settings)
        video.delete()


def test_one_video_and_not_two(settings: Settings, still: Path):
    with pytest.raises(UsageError):
        done(job(settings, "evaluate"), settings)
    both = job(settings, "evaluate", video_id="0" * 32)
    shutil.copy(still, both.inputs / "video.mp4")
    with pytest.raises(UsageError):
        done(both, settings)


def test_a_broken_video_fails_and_leaves_nothing(settings: Settings, tmp_path: Path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\0\0\0\x20ftypisom" + bytes(400))
    folder = sent(settings, video=broken)
    with pytest.raises(MediaError):
        done(folder, settings)
    assert not folder.result.exists()


@posix
@pytest.mark.slow
@pytest.mark.parametrize(
    "moment",
    [
        Moment("mien.jobs.kinds.evaluate.evaluate_sync"),
        Moment("mien.jobs.kinds.evaluate.write_page", after=True),
        Moment("mien.jobs.folder.JobFolder.finish"),
        Moment("mien.jobs.folder.JobFolder.finish", after=True),
    ],
    ids=lambda moment: f"{moment.target.rpartition('.')[2]}{'-after' * moment.after}",
)
def test_killed_at_any_moment_it_is_done_again(settings: Settings, still: Path, moment: Moment):
    folder = job(settings, "evaluate", video_id=made(settings, still, avatar="astronaut", text="Hello.").id)
    killed(folder, settings, moment)
    assert again(folder, settings)["figures"]["frames"] == 30


@pytest.mark.slow
def test_it_outlives_its_worker_and_can_be_stopped(tmp_path: Path):
    site = Site(tmp_path / "site")
    with_networks(site.settings)
    long = film(tmp_path / "long.mp4", 20)

    async def scenario(jobs: Jobs) -> JobInfo:
        copy = shutil.copy(long, site.settings.data_dir / "copy.mp4")
        job, _ = await jobs.submit("evaluate", EvaluateRequest(name="long"), owner="local", files={"video": Path(copy)})
        assert job.title == "long"
        with site.worker():
            await until(jobs, job.id, "running", stage="track")
            await jobs.cancel(job.id)
            assert (await jobs.get(job.id)).status == "cancelled"
            await jobs.resume(job.id)
            await until(jobs, job.id, "running", stage="track")
        eventually(lambda: not site.processes())
        with site.worker():
            return await until(jobs, job.id, "succeeded", timeout_s=120)

    job = site.use(scenario)
    assert job.attempt == 3
    assert job.result is not None
    assert job.result["figures"]["frames"] == 500
