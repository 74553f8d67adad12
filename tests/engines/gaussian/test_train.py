import multiprocessing
import os
import signal

import numpy as np
import pytest
from tests.engines.runs import training

from mien import settings as settings_module
from mien.avatars import AvatarPackage, Manifest, PackageBuilder
from mien.avatars.film import Film
from mien.engines.gaussian.data import FaceData
from mien.engines.gaussian.engine import GaussianEngine
from mien.engines.gaussian.footage import mask
from mien.engines.gaussian.spec import SPEC, GaussianOptions
from mien.engines.gaussian.train import Learning
from mien.engines.gaussian.trainer import Plan
from mien.errors import PackageError
from mien.training import Dataset
from mien.types import silent

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # a face is learnt first
SHORT = Plan(gaussians=600, steps=40, look_again=(0.5,))


def learnt(dataset, video, work, report=silent):
    work.mkdir(exist_ok=True)
    with PackageBuilder(work / "x.mien") as builder:
        learning = Learning(dataset, training(video, work, builder, report), SHORT)
        learning.learn()
        return learning.trainer.state(), learning.score


def killed_at(step, folder, video, work):
    """Runs in a process of its own, which does not survive it."""

    def kill(progress):
        if progress.stage == "train" and progress.done >= step:
            os.kill(os.getpid(), signal.SIGKILL)

    learnt(Dataset.open(folder), video, work, kill)


@pytest.mark.skipif(os.name != "posix", reason="no such signal")
def test_a_training_that_was_killed_ends_as_if_it_had_not_been(dataset, video, tmp_path):
    whole, score = learnt(dataset, video, tmp_path / "whole")
    processes = multiprocessing.get_context("forkserver")
    process = processes.Process(target=killed_at, args=(30, dataset.folder, video, tmp_path / "broken"), daemon=True)
    process.start()
    process.join(300)
    assert process.exitcode == -signal.SIGKILL
    steps = []
    again, score_again = learnt(dataset, video, tmp_path / "broken", steps.append)
    assert min(step.done for step in steps if step.stage == "train") >= 20
    assert score_again == score
    for name, values in again.items():
        np.testing.assert_array_equal(values, whole[name], err_msg=name)


def test_only_the_lower_face_differs_from_the_film(package):
    film, data = Film.open(package), FaceData.load(package)
    session = GaussianEngine(settings_module.load()).open(package, GaussianOptions())
    image = session.idle_frame().image
    outside = mask(data.outline, data.poses[0], film.size) == 0
    np.testing.assert_array_equal(image[outside], film[0][outside])
    assert outside.mean() > 0.5
    difference = np.abs(image.astype(int) - film[0])[~outside].mean()
    assert 0 < difference < 8  # it is the same face at rest


def test_a_package_is_small(package):
    sizes = {name: entry.size for name, entry in package.manifest.files.items()}
    assert sum(size for name, size in sizes.items() if name != "film.mp4") < 8 << 20


def test_what_was_packed_draws_as_what_was_learnt(package):
    data = FaceData.load(package)
    assert data.model.linear.flags.c_contiguous
    assert data.model.linear.dtype == np.float32
    assert data.limits.shape == (2, len(data.calibration.measures))
    assert (data.limits[0] < 0).all()
    assert (data.limits[1] > 0).all()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda arrays: arrays.pop("answer"),
        lambda arrays: arrays.update(rest=arrays["rest"].astype(np.float64)),
        lambda arrays: arrays.update(neck=arrays["neck"][:-1]),
        lambda arrays: arrays["shift"].fill(np.nan),
        lambda arrays: arrays.update({name: arrays[name][:-1] for name in ("rotation", "scale", "shift", "torso")}),
        lambda arrays: arrays.update({name: arrays[name][:0] for name in ("rest", "answer", "log_scale", "neck")}),
    ],
    ids=["missing", "type", "shape", "not a number", "shorter than the film", "empty"],
)
def test_a_spoilt_package_is_refused(package: AvatarPackage, tmp_path, spoil):
    arrays = package.arrays("face")
    spoil(arrays)
    with PackageBuilder(tmp_path / "spoilt.mien") as builder:
        builder.add_arrays("face", arrays)
        for name in ("film.mp4", "calibration.json"):
            builder.add_bytes(name, package.read(name))
        about = Manifest(name="spoilt", engine=SPEC.name, source_sha256="0" * 64, size=package.manifest.size)
        spoilt = builder.finish(about)
    with pytest.raises(PackageError) as caught:
        GaussianEngine(settings_module.load()).open(spoilt, GaussianOptions())
    assert caught.value.hint
