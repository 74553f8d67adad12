from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.engines.runs import training

from mien import settings as settings_module
from mien.avatars import AvatarPackage, Manifest, PackageBuilder
from mien.avatars.film import Film
from mien.engines.unet.crop import SIZE, Crop, cut
from mien.engines.unet.data import MouthData
from mien.engines.unet.engine import UnetEngine
from mien.engines.unet.lessons import Lessons
from mien.engines.unet.spec import SPEC, UnetOptions
from mien.engines.unet.train import learn
from mien.errors import InputError, PackageError
from mien.face.session import open_session
from mien.training import Dataset
from mien.types import Report, silent

STEPS = 4


def learnt(dataset: Dataset, video: Path, work: Path, report: Report = silent) -> dict[str, bytes]:
    work.mkdir(exist_ok=True)
    with PackageBuilder(work / "x.mien") as builder:
        learn(dataset, training(video, work, builder, report), STEPS)
        about = Manifest(name="x", engine=SPEC.name, source_sha256=dataset.sha256, size=dataset.size)
        package = builder.finish(about)
    return {name: package.read(name) for name in package.manifest.files}


def killed_at(step: int, folder: Path, video: Path, work: Path) -> None:
    """Runs in a process of its own, which does not survive it."""

    def kill(progress: object) -> None:
        if getattr(progress, "stage", "") == "train" and getattr(progress, "done", 0) >= step:
            os.kill(os.getpid(), signal.SIGKILL)

    learnt(Dataset.open(folder), video, work, kill)


@pytest.mark.skipif(os.name != "posix", reason="no such signal")
def test_a_training_that_was_killed_ends_as_if_it_had_not_been(dataset: Dataset, video: Path, tmp_path: Path) -> None:
    whole = learnt(dataset, video, tmp_path / "whole")
    processes = multiprocessing.get_context("forkserver")
    process = processes.Process(target=killed_at, args=(3, dataset.folder, video, tmp_path / "broken"), daemon=True)
    process.start()
    process.join(300)
    assert process.exitcode == -signal.SIGKILL
    steps = []
    again = learnt(dataset, video, tmp_path / "broken", steps.append)
    assert min(step.done for step in steps if step.stage == "train") == 3
    assert again == whole


def test_a_checkpoint_of_another_training_is_refused(dataset: Dataset, video: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "unet.npz", step=np.array(3), score=np.array(1.0))
    with PackageBuilder(tmp_path / "x.mien") as builder, pytest.raises(InputError, match="another training"):
        learn(dataset, training(video, tmp_path, builder), STEPS)


def test_the_network_in_the_package_draws_as_the_one_that_was_learnt(lessons: Lessons) -> None:
    import torch

    from mien.engines.unet.network import MouthUnet
    from mien.engines.unet.trainer import Plan, Trainer

    trainer = Trainer(lessons, Plan(steps=3))
    trainer.advance()
    torch.manual_seed(1)
    for parameter in trainer._network.parameters():  # pyright: ignore[reportPrivateUsage]
        parameter.data += torch.randn(parameter.shape) * 0.02
    arrays = {name: value.numpy() for name, value in trainer._network.state_dict().items()}  # pyright: ignore[reportPrivateUsage]
    two = lessons.judged[:2]
    rim, features = trainer._inputs(two, two)  # pyright: ignore[reportPrivateUsage]
    network = MouthUnet(features.shape[1])
    network.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
    with torch.no_grad():
        wanted = (network(rim, features) + 0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy() * 255
    session = open_session(trainer.exported(arrays), "the network")
    found = np.asarray(session.run(None, {"crop": lessons.crops[two], "features": features.numpy()})[0])
    assert found.dtype == np.uint8
    assert np.abs(found - wanted).max() < 2
    assert wanted.std() > 5


def test_what_is_drawn_over_is_not_shown_to_the_network(lessons: Lessons, package: AvatarPackage) -> None:
    session = open_session(MouthData.load(package).network, "the network")
    one = lessons.judged[:1]
    features = lessons.features(one, one)
    spoilt = lessons.crops[one].copy()
    spoilt[:, ~lessons.known] = 77
    own, other = (session.run(None, {"crop": crop, "features": features})[0] for crop in (lessons.crops[one], spoilt))
    np.testing.assert_array_equal(np.asarray(own), np.asarray(other))
    assert 0.2 < lessons.known.mean() < 0.7


def test_the_crop_goes_with_the_head(dataset: Dataset, lessons: Lessons) -> None:
    """Eyes apart, the landmarks of two frames lie at nearly the same place of their crops."""
    seen = np.flatnonzero(dataset.seen)[[10, 60]]
    found = []
    for frame in seen:
        place = lessons.heads.place(lessons.crop, int(frame))
        whole = np.vstack([place, [0, 0, 1]])
        points = dataset.landmarks[frame][[2, 98, 327], :2]
        found.append((np.linalg.inv(whole) @ np.column_stack([points, np.ones(3)]).T)[:2])
    assert np.abs(found[0] - found[1]).max() < 2.0
    assert (np.abs(found[0] - SIZE / 2) < SIZE / 2).all()


def test_a_crop_that_is_laid_back_changes_next_to_nothing(dataset: Dataset, lessons: Lessons) -> None:
    frame = int(np.flatnonzero(dataset.seen)[20])
    image = next(dataset.frames(frame, frame + 1))
    place = lessons.heads.place(lessons.crop, frame)
    again = image.copy()
    lessons.crop.lay(again, cut(image, place), place)
    off = np.abs(again.astype(int) - image)
    assert 0 < off.mean() < 0.5
    eyes = int(dataset.landmarks[frame, [33, 263], 1].max())
    assert not off[:eyes].any()


@pytest.mark.parametrize("shift", [(-300, 0), (0, 250), (2000, 2000)])
def test_a_head_that_leaves_the_picture_is_no_error(lessons: Lessons, shift: tuple[int, int]) -> None:
    image = np.full((256, 256, 3), 90, np.uint8)
    place = lessons.crop.place(np.eye(3, dtype=np.float32), 90.0, np.array([128, 128], np.float32) + shift)
    lessons.crop.lay(image, np.full((SIZE, SIZE, 3), 90, np.uint8), place)
    assert (image == 90).all()


def test_the_lowest_chin_is_within_the_crop(dataset: Dataset) -> None:
    person = dataset.person
    expression = person.expression[dataset.seen]
    crop = Crop.of(person.mean, person.basis, expression)
    chins = crop.within(np.stack([person.shape(row)[152] for row in expression]))
    assert chins[:, 1].max() < SIZE * 0.95
    assert crop.drawn[np.rint(chins[:, 1]).astype(int), np.rint(chins[:, 0]).astype(int)].min() > 0.9


def test_only_the_mouth_differs_from_the_film(package: AvatarPackage) -> None:
    film, data = Film.open(package), MouthData.load(package)
    image = UnetEngine(settings_module.load()).open(package, UnetOptions()).idle_frame().image
    off = np.abs(image.astype(int) - film[0])
    whole = np.vstack([data.heads.place(data.crop, 0), [0, 0, 1]])
    x, y = (np.linalg.inv(whole) @ np.stack([*np.mgrid[:256, :256][::-1], np.ones((256, 256))]).reshape(3, -1))[:2]
    outside = (np.maximum(np.abs(x - SIZE / 2), np.abs(y - SIZE / 2)) > SIZE / 2).reshape(256, 256)
    assert not off[outside].any()
    assert 0 < off[~outside].mean() < 12  # it is the same face at rest


def test_a_package_is_small(package: AvatarPackage) -> None:
    sizes = {name: entry.size for name, entry in package.manifest.files.items()}
    assert sum(size for name, size in sizes.items() if name != "film.mp4") < 4 << 20


def _foreign(network: bytes, change: Callable[[onnx.ModelProto], object]) -> bytes:
    model = onnx.load_model_from_string(network)
    change(model)
    return model.SerializeToString()


def _outside(model: onnx.ModelProto) -> None:
    array = model.graph.initializer[0]
    array.ClearField("raw_data")
    array.data_location = onnx.TensorProto.EXTERNAL
    array.external_data.add(key="location", value="/etc/passwd")


@pytest.mark.parametrize(
    "change",
    [
        _outside,
        lambda model: setattr(model.graph.node[0], "domain", "com.microsoft"),
        lambda model: setattr(model.graph.input[0].type.tensor_type.shape.dim[1], "dim_value", 4096),
        lambda model: model.graph.node.pop(),
    ],
    ids=["a file elsewhere", "foreign operators", "another size", "half"],
)
def test_a_foreign_network_is_refused(
    package: AvatarPackage, tmp_path: Path, change: Callable[[onnx.ModelProto], object]
) -> None:
    spoilt = _with(package, tmp_path, network=_foreign(package.read("mouth.onnx"), change))
    with pytest.raises(PackageError) as caught:
        UnetEngine(settings_module.load()).open(spoilt, UnetOptions())
    assert caught.value.hint


@pytest.mark.parametrize(
    "spoil",
    [
        lambda arrays: arrays.pop("drawn"),
        lambda arrays: arrays.update(side=-arrays["side"]),
        lambda arrays: arrays.update(limits=arrays["limits"][:, :-1]),
        lambda arrays: arrays["shift"].fill(np.nan),
        lambda arrays: arrays.update({name: arrays[name][:-1] for name in ("rotation", "scale", "shift")}),
    ],
    ids=["missing", "negative", "shape", "not a number", "shorter than the film"],
)
def test_a_spoilt_package_is_refused(
    package: AvatarPackage, tmp_path: Path, spoil: Callable[[dict[str, np.ndarray]], object]
) -> None:
    arrays = package.arrays("mouth")
    spoil(arrays)
    with pytest.raises(PackageError) as caught:
        UnetEngine(settings_module.load()).open(_with(package, tmp_path, arrays=arrays), UnetOptions())
    assert caught.value.hint


def _with(
    package: AvatarPackage, folder: Path, arrays: dict[str, np.ndarray] | None = None, network: bytes | None = None
) -> AvatarPackage:
    """The avatar with something else in it."""
    with PackageBuilder(folder / "spoilt.mien") as builder:
        builder.add_arrays("mouth", package.arrays("mouth") if arrays is None else arrays)
        builder.add_bytes("mouth.onnx", package.read("mouth.onnx") if network is None else network)
        for name in ("film.mp4", "calibration.json"):
            builder.add_bytes(name, package.read(name))
        about = Manifest(name="spoilt", engine=SPEC.name, source_sha256="0" * 64, size=package.manifest.size)
        return builder.finish(about)
