from __future__ import annotations

import json
import multiprocessing
import os
import pkgutil
import shutil
import signal
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mien_sketch
import numpy as np
import pytest
from PIL import Image
from tests.jobs.processes import job, picture, settings_in
from tests.media.made import flat, tone, video_file

from mien.avatars import AvatarPackage, AvatarStore
from mien.errors import (
    AlreadyExistsError,
    FaceError,
    MediaError,
    MienError,
    NotFoundError,
    PackageError,
    UsageError,
    WeightsError,
)
from mien.jobs import child
from mien.jobs.folder import JobFolder
from mien.jobs.kinds import KINDS, Context
from mien.jobs.kinds.speak import as_vtt
from mien.jobs.request import REQUESTS, CreateAvatarRequest, Kind, PullWeightsRequest, SpeakRequest, TrainRequest
from mien.media import VideoReader, read_image, write_wav
from mien.settings import Settings, load
from mien.speech import Speaker
from mien.studio import create_avatar, store
from mien.types import Progress, Sound
from mien.weights import WeightStore


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def anna(settings: Settings, tmp_path: Path) -> AvatarPackage:
    return create_avatar("anna", picture(tmp_path / "anna.png"), settings, engine="sketch")


class Told:
    """What a job said of itself."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.metrics: dict[int, dict[str, float]] = {}
        self.artifacts: list[tuple[str, int]] = []
        self.context = Context(
            report=self._report,
            metric=lambda step, **values: self.metrics.update({step: values}),
            artifact=lambda name, step: self.artifacts.append((name, step)),
        )

    def _report(self, progress: Progress) -> None:
        if progress.stage not in self.stages:
            self.stages.append(progress.stage)


@dataclass(frozen=True)
class Moment:
    """When a function is called for the n-th time, or when that call has done its work."""

    target: str
    after: bool = False
    call: int = 1

    def arm(self) -> None:
        where, _, name = self.target.rpartition(".")
        owner = pkgutil.resolve_name(where)
        real, calls = getattr(owner, name), []

        def deadly(*arguments: Any, **named: Any) -> Any:
            calls.append(1)
            if len(calls) == self.call and not self.after:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = real(*arguments, **named)
            if len(calls) == self.call:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        setattr(owner, name, deadly)


def done(folder: JobFolder, settings: Settings, told: Told | None = None) -> dict[str, Any]:
    """The work of a job, in this process."""
    asked = folder.job()
    request = REQUESTS[asked.kind].model_validate(asked.request)
    return KINDS[asked.kind].run(folder, request, settings, (told or Told()).context)


def killed(folder: JobFolder, settings: Settings, moment: Moment) -> None:
    """The work in a process of its own, which is killed at a moment."""
    # Not a copy of this process: libraries that have started threads do not survive that.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["mien.jobs.child", *(f"mien.jobs.kinds.{kind}" for kind in KINDS)])
    process = processes.Process(target=_work, args=(folder.id, settings, moment), daemon=True)
    process.start()
    process.join(60)
    status = process.exitcode
    process.kill()
    assert status == -signal.SIGKILL


def _work(id: str, settings: Settings, moment: Moment) -> None:
    moment.arm()
    child._work(id, settings, child.Wire(os.open(os.devnull, os.O_WRONLY)))


def again(folder: JobFolder, settings: Settings) -> dict[str, Any]:
    """The work as the next process does it."""
    outcome = child._work(folder.id, settings, child.Wire(os.open(os.devnull, os.O_WRONLY)))
    assert folder.outcome() == outcome
    assert not folder.work.exists()
    return outcome


PUBLISHING = [
    Moment("mien.avatars.builder.PackageBuilder.finish"),
    Moment("mien.jobs.kinds.publishing.write_json"),
    Moment("mien.avatars.store.AvatarStore.take"),
    Moment("mien.avatars.store.AvatarStore.take", after=True),
    Moment("mien.jobs.folder.JobFolder.finish"),
    Moment("mien.jobs.folder.JobFolder.finish", after=True),
]
"""The moments of an avatar's way into the store."""

posix = pytest.mark.skipif(os.name == "nt", reason="it knows no signals")


def names(settings: Settings) -> list[str]:
    assert not [path.name for path in store(settings).folder.glob(".*") if path.is_file()]
    return [stored.name for stored in store(settings).list()]


# speak


def test_a_text_becomes_a_video_with_poster_and_subtitles(settings: Settings, anna: AvatarPackage) -> None:
    folder, told = job(settings, avatar="anna", text="Hello you. How are you?", size=128, fps=10), Told()
    outcome = done(folder, settings, told)
    assert told.stages == [stage for stage, _ in KINDS["speak"].stages]
    assert sorted(path.name for path in folder.result.iterdir()) == [
        "poster.jpg",
        "video.mp4",
        "video.srt",
        "video.vtt",
    ]
    assert outcome | {"made_in_s": 0, "stages": {}, "seconds": 0, "frames": 0} == {
        "video": "video.mp4",
        "poster": "poster.jpg",
        "subtitles": ["video.srt", "video.vtt"],
        "avatar": "anna",
        "engine": "sketch",
        "voice": "espeak",
        "seconds": 0,
        "frames": 0,
        "fps": 10,
        "width": 128,
        "height": 128,
        "bytes": (folder.result / "video.mp4").stat().st_size,
        "made_in_s": 0,
        "remarks": ["The mouth was guessed."],
        "stages": {},
    }
    with VideoReader(folder.result / "video.mp4") as video:
        pictures = list(video)
    assert len(pictures) == outcome["frames"] == round(10 * outcome["seconds"])
    poster = read_image(folder.result / "poster.jpg").astype(int)
    differences = [np.abs(poster - image).mean() for image in pictures]
    assert np.argmin(differences) == -(-len(pictures) // 3)
    assert (folder.result / "video.vtt").read_text().startswith("WEBVTT\n\n1\n00:00:00.000 --> ")
    json.dumps(outcome)


def test_a_recording_has_no_subtitles(settings: Settings, anna: AvatarPackage) -> None:
    folder = job(settings, avatar="anna", size=128)
    write_wav(folder.inputs / "audio.wav", Sound(tone(1.0, 16_000), 16_000))
    outcome = done(folder, settings)
    assert (outcome["subtitles"], outcome["voice"], outcome["seconds"]) == ([], None, 1.0)


def test_a_recording_with_its_transcript_has_subtitles(settings: Settings, anna: AvatarPackage) -> None:
    text = "Please put the big map on my piano."
    with Speaker(settings, "espeak:en-us+m3") as speaker:
        (chunk,) = speaker.speak(text)
    folder = job(settings, avatar="anna", size=128, transcript=text, language="en", driver="phonemes")
    write_wav(folder.inputs / "audio.wav", Sound(chunk.samples, chunk.sample_rate))
    assert done(folder, settings)["subtitles"] == ["video.srt", "video.vtt"]
    assert "piano" in (folder.result / "video.srt").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "Hello."])
def test_text_or_recording_but_not_both(settings: Settings, anna: AvatarPackage, text: str) -> None:
    folder = job(settings, avatar="anna", text=text)
    if text:
        write_wav(folder.inputs / "audio.wav", Sound(tone(1.0, 16_000), 16_000))
    with pytest.raises(UsageError):
        done(folder, settings)


def test_an_avatar_is_a_name_and_never_a_path(settings: Settings, anna: AvatarPackage) -> None:
    for avatar in ("/etc/anna.png", "../avatars/anna", "anna.mien"):
        with pytest.raises((UsageError, NotFoundError)):
            done(job(settings, avatar=avatar, text="Hello."), settings)


@posix
@pytest.mark.parametrize(
    "moment",
    [
        Moment("mien.jobs.kinds.speak.speak"),
        Moment("mien.jobs.kinds.speak.write_poster"),
        Moment("mien.jobs.kinds.speak.os.replace", after=True, call=8),
        Moment("mien.jobs.folder.JobFolder.finish"),
        Moment("mien.jobs.folder.JobFolder.finish", after=True),
    ],
)
def test_a_video_is_made_once_however_often_it_is_begun(
    settings: Settings, anna: AvatarPackage, moment: Moment
) -> None:
    folder = job(settings, avatar="anna", text="Hello.", size=128, fps=10)
    killed(folder, settings, moment)
    outcome = again(folder, settings)
    assert len(list(folder.result.iterdir())) == 4
    assert (folder.result / "video.mp4").stat().st_size == outcome["bytes"]
    (folder.result / "video.mp4").write_bytes(b"kept")
    assert again(folder, settings) == outcome
    assert (folder.result / "video.mp4").read_bytes() == b"kept"


def test_subtitles_for_browsers_have_no_markup() -> None:
    srt = "1\n00:00:00,000 --> 00:00:01,500\n1 < 2 & 3 --> 4\n\n2\n01:00:00,000 --> 01:00:01,000\n你好\n"
    assert as_vtt(srt) == (
        "WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.500\n1 &lt; 2 &amp; 3 --&gt; 4\n\n2\n01:00:00.000 --> 01:00:01.000\n你好\n"
    )


# create_avatar


def creation(settings: Settings, tmp_path: Path, name: str = "anna", **request: Any) -> JobFolder:
    folder = job(settings, "create_avatar", **{"name": name, "engine": "sketch", "consent": "hers", **request})
    shutil.move(picture(tmp_path / "upload.png"), folder.inputs / "source.png")
    return folder


def test_a_picture_becomes_an_avatar(settings: Settings, tmp_path: Path) -> None:
    folder = creation(settings, tmp_path, licence="CC0-1.0")
    assert done(folder, settings) == {
        "avatar": "anna",
        "engine": "sketch",
        "width": 96,
        "height": 96,
        "remarks": ["The mouth was guessed."],
    }
    manifest = store(settings).get("anna").manifest
    assert (manifest.licence, manifest.consent) == ("CC0-1.0", "hers")


@posix
@pytest.mark.parametrize("moment", PUBLISHING)
def test_an_avatar_is_made_once_however_often_it_is_begun(settings: Settings, tmp_path: Path, moment: Moment) -> None:
    folder = creation(settings, tmp_path)
    killed(folder, settings, moment)
    assert again(folder, settings)["avatar"] == "anna"
    assert names(settings) == ["anna"]
    assert again(folder, settings)["avatar"] == "anna"


def test_a_name_that_is_taken_is_refused_before_the_work(
    settings: Settings, anna: AvatarPackage, tmp_path: Path
) -> None:
    folder, told = creation(settings, tmp_path), Told()
    with pytest.raises(AlreadyExistsError):
        done(folder, settings, told)
    assert told.stages == []


def test_a_name_that_is_taken_meanwhile_is_refused_and_the_others_avatar_is_kept(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = creation(settings, tmp_path)
    take = AvatarStore.take

    def slower(self: AvatarStore, package: AvatarPackage) -> AvatarPackage:
        create_avatar("anna", picture(tmp_path / "other.png", seed=1), settings, engine="sketch", licence="theirs")
        return take(self, package)

    monkeypatch.setattr(AvatarStore, "take", slower)
    with pytest.raises(AlreadyExistsError):
        done(folder, settings)
    monkeypatch.undo()
    with pytest.raises(AlreadyExistsError):
        done(folder, settings)
    assert store(settings).get("anna").manifest.licence == "theirs"


def test_an_avatar_that_was_deleted_meanwhile_is_made_anew(settings: Settings, tmp_path: Path) -> None:
    folder = creation(settings, tmp_path)
    done(folder, settings)
    store(settings).delete("anna")
    assert done(folder, settings)["avatar"] == "anna"


def test_a_half_made_avatar_is_made_anew(settings: Settings, tmp_path: Path) -> None:
    folder = creation(settings, tmp_path)
    broken = folder.work / "avatars" / "anna.mien"
    broken.mkdir(parents=True)
    (broken / "manifest.json").write_text("{}")
    assert done(folder, settings)["avatar"] == "anna"


def test_a_picture_without_a_face_makes_none(settings: Settings, tmp_path: Path) -> None:
    folder = creation(settings, tmp_path)
    Image.new("RGB", (96, 96)).save(folder.inputs / "source.png")
    with pytest.raises(FaceError):
        done(folder, settings)
    assert names(settings) == []


# import_avatar


def arrival(settings: Settings, anna: AvatarPackage, name: str = "") -> JobFolder:
    """An exported avatar that comes to a machine that has none."""
    folder = job(settings, "import_avatar", name=name)
    store(settings).export("anna", folder.inputs / "package.mien")
    store(settings).delete("anna")
    return folder


@pytest.mark.parametrize("name", ["", "berta"])
def test_an_exported_avatar_comes_back(settings: Settings, anna: AvatarPackage, name: str) -> None:
    folder = arrival(settings, anna, name)
    assert done(folder, settings)["avatar"] == (name or "anna")
    assert names(settings) == [name or "anna"]


@posix
@pytest.mark.parametrize("moment", PUBLISHING[3:5])
def test_an_avatar_comes_once_however_often_it_is_begun(
    settings: Settings, anna: AvatarPackage, moment: Moment
) -> None:
    folder = arrival(settings, anna)
    killed(folder, settings, moment)
    assert again(folder, settings)["avatar"] == "anna"
    assert names(settings) == ["anna"]


def test_an_avatar_is_not_replaced_by_one_that_comes(settings: Settings, anna: AvatarPackage, tmp_path: Path) -> None:
    folder = arrival(settings, anna)
    create_avatar("anna", tmp_path / "anna.png", settings, engine="sketch", licence="mine")
    with pytest.raises(AlreadyExistsError):
        done(folder, settings)
    assert store(settings).get("anna").manifest.licence == "mine"


def _altered(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data if name == "manifest.json" else data[:-1] + b"!")


def _escaping(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../escaped.txt", "!")


def _bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.bin", bytes(20 << 20))


def _nonsense(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 and then nothing")


@pytest.mark.parametrize("spoil", [_altered, _escaping, _bomb, _nonsense])
def test_hostile_avatars_are_refused(settings: Settings, anna: AvatarPackage, spoil: Callable[[Path], None]) -> None:
    folder = arrival(settings, anna)
    spoil(folder.inputs / "package.mien")
    with pytest.raises(PackageError):
        done(folder, settings)
    assert names(settings) == []
    assert not list(settings.data_dir.rglob("escaped.txt"))


# train


def lesson(settings: Settings, **request: Any) -> JobFolder:
    folder = job(settings, "train", **{"name": "carl", "engine": "sketch", "consent": "his", **request})
    folder.inputs.joinpath("source.mp4").write_bytes(video_file([flat(90), flat(110)], [0, 40]))
    return folder


def test_a_video_becomes_an_avatar_with_losses_and_previews(settings: Settings) -> None:
    folder, told = lesson(settings), Told()
    outcome = done(folder, settings, told)
    assert told.stages == [stage for stage, _ in KINDS["train"].stages]
    assert list(told.metrics) == list(range(1, 21))
    assert told.metrics[4] == {"loss": 0.25, "psnr": 4.0}
    assert told.artifacts == [("preview-0000010.png", 10), ("preview-0000020.png", 20)]
    assert outcome["previews"] == [name for name, _ in told.artifacts]
    assert read_image(folder.result / "preview-0000020.png").shape == (48, 64, 3)
    assert (outcome["avatar"], outcome["width"], outcome["height"]) == ("carl", 64, 48)
    assert outcome["evaluation"] is None, "this engine cannot draw over the video's frames"
    assert store(settings).get("carl").manifest.consent == "his"


@posix
@pytest.mark.parametrize("moment", PUBLISHING[3:5])
def test_a_training_ends_once_however_often_it_is_begun(settings: Settings, moment: Moment) -> None:
    folder = lesson(settings)
    killed(folder, settings, moment)
    outcome = again(folder, settings)
    assert names(settings) == ["carl"]
    assert len(outcome["previews"]) == 2


@posix
def test_a_training_goes_on_from_its_checkpoint(settings: Settings) -> None:
    folder = lesson(settings)
    killed(folder, settings, Moment("mien.jobs.child.Wire.metric", call=13))
    outcome = again(folder, settings)
    assert outcome["remarks"] == ["It was trained from step 12."]
    assert len(outcome["previews"]) == 2


def test_every_training_has_stages_of_its_own(settings: Settings) -> None:
    stages = {
        engine: [stage for stage, _ in KINDS["train"].stages_of(lesson(settings, engine=engine))]
        for engine in ("sketch", "clip", "gaussian", "auto")
    }
    assert stages["sketch"] == ["prepare", "train", "finish"]
    assert stages["clip"] == ["track", "listen", "learn", "train", "evaluate", "finish"]
    assert stages["auto"][:4] == stages["clip"][:4]
    assert stages["auto"][4:7] == stages["gaussian"][3:6]
    plain = KINDS["train"].stages_of(lesson(settings, engine="clip", evaluate=False, background_colour="#00b140"))
    assert [stage for stage, _ in plain] == ["track", "listen", "learn", "matte", "train", "finish"]


def test_a_video_is_looked_at(settings: Settings) -> None:
    networks = WeightStore.from_settings(load()).folder
    settings.cache_dir.mkdir()
    (settings.cache_dir / "weights").symlink_to(networks)
    folder, told = job(settings, "check_clip", name="carl.mov"), Told()
    folder.inputs.joinpath("source.mp4").write_bytes(video_file([flat(90), flat(110)], [0, 40]))
    outcome = done(folder, settings, told)
    assert (outcome["video"], outcome["verdict"]) == ("carl.mov", "fail")
    assert {"name": "fps", "verdict": "pass"}.items() <= next(i for i in outcome["items"] if i["name"] == "fps").items()
    assert told.stages == ["look"]


def test_what_cannot_be_learnt_from_is_refused(settings: Settings) -> None:
    folder = lesson(settings)
    folder.inputs.joinpath("source.mp4").write_bytes(b"no video")
    with pytest.raises(MediaError):
        done(folder, settings)
    with pytest.raises(MediaError, match="at least 8 s"):  # since only Mien's own preparation knows of sizes
        done(lesson(settings, size=128), settings)
    with pytest.raises(UsageError, match="learns nothing"):
        done(lesson(settings, engine="portrait"), settings)


# pull_weights


def test_weights_that_nobody_knows_or_that_cannot_be_fetched_are_refused(settings: Settings) -> None:
    with pytest.raises(NotFoundError):
        done(job(settings, "pull_weights", name="nonsense"), settings)
    with pytest.raises(WeightsError):
        done(job(settings, "pull_weights"), settings)


# all


@pytest.mark.parametrize("kind", ["create_avatar", "import_avatar", "check_clip", "train"])
def test_a_job_without_its_file_is_refused(settings: Settings, kind: Kind) -> None:
    fields = {"name": "anna", "engine": "sketch", "consent": "hers"} if kind in ("create_avatar", "train") else {}
    with pytest.raises(UsageError):
        done(job(settings, kind, **fields), settings)


def test_jobs_wait_for_a_gpu_only_if_their_engine_needs_one(
    settings: Settings, anna: AvatarPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Kind, Any]] = [
        ("speak", SpeakRequest(avatar="anna", text="Hello.")),
        ("create_avatar", CreateAvatarRequest(name="berta", engine="sketch", consent="hers")),
        ("train", TrainRequest(name="carl", engine="sketch", consent="his")),
        ("pull_weights", PullWeightsRequest()),
    ]
    assert [KINDS[kind].queue(request, settings) for kind, request in asked] == ["cpu"] * 4
    monkeypatch.setattr(mien_sketch, "SPEC", replace(mien_sketch.SPEC, gpu=True))
    assert [KINDS[kind].queue(request, settings) for kind, request in asked] == ["gpu"] * 3 + ["cpu"]


def test_a_job_for_an_avatar_that_is_not_there_does_not_wait(settings: Settings) -> None:
    with pytest.raises(NotFoundError):
        KINDS["speak"].queue(SpeakRequest(avatar="nobody", text="Hello."), settings)
    with pytest.raises(MienError):
        KINDS["train"].queue(TrainRequest(name="a", engine="portrait", consent="hers"), settings)
