from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.evaluation.conftest import noise, write_video
from tests.evaluation.data.make_syncnet import cepstra, faces
from tests.motion.features.official import numbers, wave, weights
from torch import nn
from torch.nn import functional

from mien.errors import FaceError, MediaError, MissingDependency, WeightsError
from mien.evaluation.syncnet import FRAMES, OFFSETS, SyncNet, score_video
from mien.evaluation.syncnet_networks import LipSyncExpert, SyncNetV2, distances
from mien.face import FaceTracker
from mien.motion.features.checkpoint import fill, read_tensors
from mien.motion.features.spectra import wav2lip_mel
from mien.types import Image
from mien.weights import WeightStore

SHARED = Path(__file__).parents[3] / "shared"
DATA = Path(__file__).parent / "data"
TOLERANCE = 1e-4

torch.set_num_threads(1)


class Brightness(nn.Module):
    """A judge who compares how bright faces are with how loud it is; stands in for the expert, who needs a second for ten frames."""

    def __init__(self) -> None:
        super().__init__()
        self.face_encoder = nn.Linear(FRAMES, FRAMES, bias=False)
        self.audio_encoder = nn.Linear(FRAMES, FRAMES, bias=False)

    def see(self, faces: torch.Tensor) -> torch.Tensor:
        return self.face_encoder(faces.float().mean(dim=(2, 3, 4)) / 255.0)

    def hear(self, mel: torch.Tensor) -> torch.Tensor:
        return self.audio_encoder(functional.adaptive_avg_pool1d((mel + 4.0) / 8.0, FRAMES).mean(dim=1))


@pytest.fixture
def brightness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SyncNet:
    monkeypatch.setattr("mien.evaluation.syncnet_networks.LipSyncExpert", Brightness)
    same = torch.eye(FRAMES)
    torch.save({"face_encoder.weight": same, "audio_encoder.weight": same}, tmp_path / "brightness.pth")
    return SyncNet(tmp_path / "brightness.pth")


def tensors(shapes: dict[str, list[int]]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(value) for name, value in weights(shapes).items()}


@pytest.fixture(scope="module")
def expert_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As Wav2Lip saves it, with weights by the rule."""
    with torch.device("meta"):
        shapes = {name: list(value.shape) for name, value in LipSyncExpert().state_dict().items()}
    path = tmp_path_factory.mktemp("weights") / "lipsync_expert.pth"
    held = {f"module.{name}": value for name, value in tensors(shapes).items()}
    torch.save({"state_dict": held, "optimizer": None, "global_step": 1}, path)
    return path


@pytest.fixture(scope="module")
def v2_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the first PyTorch saved it: without counters."""
    held = tensors(json.loads((DATA / "syncnet_v2.json").read_text()))
    path = tmp_path_factory.mktemp("weights") / "syncnet_v2.model"
    torch.save({name: value for name, value in held.items() if not name.endswith("num_batches_tracked")}, path)
    return path


def test_syncnet_v2_is_the_official_network(v2_file: Path) -> None:
    network = fill(SyncNetV2, read_tensors(v2_file), v2_file)
    expected = np.load(DATA / "syncnet_v2.npz")
    seen, heard = network.see(torch.from_numpy(faces())), network.hear(torch.from_numpy(cepstra()))
    np.testing.assert_allclose(seen[:, ::8].numpy(), expected["seen"], atol=TOLERANCE * 100, rtol=TOLERANCE)
    np.testing.assert_allclose(heard[:, ::8].numpy(), expected["heard"], atol=TOLERANCE, rtol=TOLERANCE)


@pytest.mark.skipif(not (SHARED / "parity").is_dir(), reason="../shared/parity is not there")
def test_the_lip_sync_expert_is_the_official_network() -> None:
    shapes = {
        name: about["shape"]
        for name, about in json.loads((SHARED / "parity/syncnet_color_keys.json").read_text())["tensors"].items()
    }
    network = fill(LipSyncExpert, tensors(shapes), SHARED)
    assert list(network.state_dict()) == list(shapes)
    mel = np.clip(numbers("input:syncnet.mel").standard_normal((3, 1, 80, 16)), -4, 4).astype(np.float32)
    lower = numbers("input:syncnet.face").random((3, 15, 48, 96)).astype(np.float32)
    heard, seen = network.hear(torch.from_numpy(mel[:, 0])), network.see_lower_halves(torch.from_numpy(lower))
    expected = np.load(SHARED / "parity/syncnet_color.npz")
    np.testing.assert_allclose(heard.numpy(), expected["audio"], atol=TOLERANCE)
    np.testing.assert_allclose(seen.numpy(), expected["face"], atol=TOLERANCE)
    np.testing.assert_allclose((heard * seen).sum(dim=1).numpy(), expected["cosine"], atol=TOLERANCE)


def test_the_expert_sees_the_lower_halves_blue_first(expert_file: Path) -> None:
    network = fill(LipSyncExpert, read_tensors(expert_file), expert_file)
    windows = np.floor(256 * numbers("windows").random((1, 5, 96, 96, 3))).astype(np.uint8)
    by_hand = np.concatenate([frame[48:, :, ::-1].transpose(2, 0, 1) for frame in windows[0]])[None] / np.float32(255)
    torch.testing.assert_close(
        network.see(torch.from_numpy(windows)), network.see_lower_halves(torch.from_numpy(by_hand))
    )


@pytest.mark.parametrize("late", [-7, 0, 3, 15])
def test_the_smallest_distance_is_where_the_sound_belongs(late: int) -> None:
    heard = torch.from_numpy(numbers("heard").standard_normal((80, 16)).astype(np.float32))
    mean = distances(heard.roll(late, dims=0), heard, OFFSETS)
    assert OFFSETS - int(mean.argmin()) == late


def crops_of(count: int) -> list[np.ndarray]:
    return list(np.floor(256 * numbers("crops").random((count, 96, 96, 3))).astype(np.uint8))


@pytest.mark.parametrize(("frames", "seconds"), [(42, 2.0), (60, 1.7)])
def test_scores_are_those_of_the_published_procedure(frames: int, seconds: float, brightness: SyncNet) -> None:
    crops, sound = crops_of(frames), wave(seconds)
    scores = brightness.scores(iter(crops), sound)
    network, mel = Brightness(), wav2lip_mel(sound)
    network.load_state_dict(dict.fromkeys(network.state_dict(), torch.eye(FRAMES)))
    windows = min(frames, len(sound) // 640) - FRAMES
    with torch.no_grad():
        seen = [network.see(torch.from_numpy(np.stack(crops[i : i + 5])[None]))[0].numpy() for i in range(windows)]
        starts = [int(80 * i / 25) for i in range(windows)]
        heard = [network.hear(torch.from_numpy(mel[None, :, start : start + 16]))[0].numpy() for start in starts]
    table = []
    for offset in range(-15, 16):
        others = [heard[i + offset] if 0 <= i + offset < windows else np.zeros(FRAMES) for i in range(windows)]
        table.append(np.mean([np.linalg.norm(one - other + 1e-6) for one, other in zip(seen, others, strict=True)]))
    assert scores.network == "lipsync_expert"
    assert scores.lse_d == pytest.approx(min(table), abs=1e-4)
    assert scores.lse_c == pytest.approx(np.median(table) - min(table), abs=1e-4)
    assert scores.offset_frames == 15 - int(np.argmin(table))


@pytest.mark.parametrize("late", [-4, 0, 6])
def test_a_late_picture_is_noticed(late: int, brightness: SyncNet) -> None:
    loudness = np.repeat(10.0 ** numbers("loudness").uniform(-3, 0, 120), 640)
    sound = (loudness * numbers("noise").uniform(-0.5, 0.5, len(loudness))).astype(np.float32)
    levels = [(wav2lip_mel(sound)[:, int(3.2 * i) :][:, :3].mean() + 4.0) / 8.0 for i in range(120)]
    images = [np.full((96, 96, 3), round(255 * level), np.uint8) for level in np.roll(levels, late)]
    scores = brightness.scores(images, sound)
    assert scores.offset_frames == late
    assert scores.lse_c > scores.lse_d


@pytest.mark.parametrize(("frames", "seconds"), [(0, 3.0), (35, 3.0), (60, 1.4), (60, 0.0)])
def test_too_little_cannot_be_judged(frames: int, seconds: float, brightness: SyncNet) -> None:
    with pytest.raises(MediaError, match="too little to be judged"):
        brightness.scores(crops_of(frames), wave(seconds))


def test_each_network_is_known_by_its_weights(v2_file: Path, expert_file: Path, tmp_path: Path) -> None:
    assert SyncNet(v2_file).network == "syncnet_v2"
    assert SyncNet(expert_file).network == "lipsync_expert"
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="holds no SyncNet"):
        SyncNet(tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="There is no file"):
        SyncNet(tmp_path / "none.pth")


def test_without_pytorch_the_error_says_what_to_install(expert_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingDependency) as caught:
        SyncNet(expert_file)
    assert "mien[train]" in caught.value.hint


def filling(boxes: list[tuple[float, float, float, float]]) -> np.ndarray:
    """Faces that just fill these boxes."""
    corners = np.array([[(left, top, 0), (right, bottom, 0)] for left, top, right, bottom in boxes], np.float32)
    return np.tile(corners, (1, 239, 1))


def test_faces_for_the_expert_are_cut_at_the_filling(expert_file: Path) -> None:
    image = np.floor(256 * numbers("image").random((120, 160, 3))).astype(np.uint8)
    (crop,) = SyncNet(expert_file).crops([image], filling([(20, 10, 116, 106)]))
    np.testing.assert_array_equal(crop, image[10:106, 20:116])
    (beyond,) = SyncNet(expert_file).crops([image], filling([(-40, -30, 96, 96)]))
    np.testing.assert_array_equal(beyond, image[:96, :96])
    with pytest.raises(FaceError, match="outside"):
        list(SyncNet(expert_file).crops([image], filling([(-40, -30, -4, -6)])))


def test_faces_for_syncnet_v2_have_room_around_and_do_not_tremble(v2_file: Path) -> None:
    image = np.full((300, 400, 3), 200, np.uint8)
    steady = [(150.0, 60.0, 250.0, 180.0)] * 30
    jumps = [*steady[:15], (0.0, 0.0, 30.0, 30.0), *steady[16:]]
    crops = list(SyncNet(v2_file).crops([image] * 30, filling(jumps)))
    assert {crop.shape for crop in crops} == {(224, 224, 3)}
    np.testing.assert_array_equal(crops[15], crops[14])
    # Half the height is 60: from 120 - 60 to 120 + 108, 84 to either side of 200.
    image[60:228, 116:284] = 50
    crop = list(SyncNet(v2_file).crops([image] * 30, filling(steady)))[15]
    assert np.abs(crop.astype(int) - 50).max() == 0
    low = [(150.0, 230.0, 250.0, 330.0)] * 30
    assert (list(SyncNet(v2_file).crops([image] * 30, filling(low)))[15][-20:] == 110).all()


def test_a_video_is_judged(brightness: SyncNet, store: WeightStore, picture: Image, tmp_path: Path) -> None:
    video = write_video(tmp_path / "still.mp4", [picture] * 50, noise(2.0))
    scores = score_video(video, brightness, FaceTracker(store))
    assert 0.0 < scores.lse_d < 1.5
    assert 0.0 <= scores.lse_c < 1.0
    with pytest.raises(MediaError):
        score_video(write_video(tmp_path / "mute.mp4", [picture] * 50, None), brightness, FaceTracker(store))
