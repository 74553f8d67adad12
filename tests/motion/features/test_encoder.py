from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.motion.features.models import DATA, DESCRIBED, folder_of
from tests.motion.features.official import numbers, wave, weights, write_safetensors

from mien.errors import MissingDependency, WeightsError
from mien.motion.features import FeatureStream, SpeechEncoder, features, open_encoder, wav2vec2
from mien.motion.features.encoder import HOP, open_posteriors

PARITY = Path(__file__).parents[4] / "shared/parity"
EXPECTED = np.load(DATA / "speech.npz")
TOLERANCE = 1e-4
"""float32 of two programs; what was seen is 2e-6."""

torch.set_num_threads(1)


@pytest.mark.parametrize("name", list(DESCRIBED))
def test_every_hidden_layer_is_the_official_one(name: str, tmp_path: Path) -> None:
    expected = EXPECTED[name]
    encoder = open_encoder(folder_of(name, tmp_path), keep=range(expected.shape[1]))
    heard = features(encoder, wave())
    assert heard.shape == (50 if name == "whisper" else 49, *expected.shape[1:])
    np.testing.assert_allclose(heard[:49:7], expected, atol=TOLERANCE, rtol=TOLERANCE)


@pytest.mark.parametrize("name", ["wav2vec2_large_ctc", "hubert_large_ctc"])
def test_probabilities_of_symbols_are_the_official_ones(name: str, tmp_path: Path) -> None:
    heard = features(open_posteriors(folder_of(name, tmp_path)), wave())
    np.testing.assert_allclose(heard[::7, 0], EXPECTED[f"{name}.log_probabilities"], atol=TOLERANCE)


def test_the_last_layer_is_kept_unless_others_are_wanted(tmp_path: Path) -> None:
    folder = folder_of("whisper", tmp_path)
    last, some = features(open_encoder(folder), wave()), features(open_encoder(folder, keep=[0, 2]), wave())
    np.testing.assert_array_equal(last[:, 0], some[:, 1])
    with pytest.raises(WeightsError, match=r"layers 0 … 2, not \[3\]"):
        open_encoder(folder, keep=[3])


@pytest.mark.parametrize("legacy", [False, True])
def test_pytorch_files_old_and_new_are_read(legacy: bool, tmp_path: Path) -> None:
    folder = folder_of("wav2vec2_large_ctc", tmp_path)
    before = features(open_encoder(folder), wave())
    tensors = {
        name: torch.from_numpy(array) for name, array in weights(DESCRIBED["wav2vec2_large_ctc"]["shapes"]).items()
    }
    if legacy:
        stem = "wav2vec2.encoder.pos_conv_embed.conv."
        tensors[f"{stem}weight_g"] = tensors.pop(f"{stem}parametrizations.weight.original0")
        tensors[f"{stem}weight_v"] = tensors.pop(f"{stem}parametrizations.weight.original1")
    (folder / "model.safetensors").unlink()
    torch.save(tensors, folder / "pytorch_model.bin", _use_new_zipfile_serialization=not legacy)
    np.testing.assert_array_equal(features(open_encoder(folder), wave()), before)


def test_weights_may_lie_in_several_files(tmp_path: Path) -> None:
    folder = folder_of("whisper", tmp_path)
    before = features(open_encoder(folder), wave())
    (folder / "model.safetensors").unlink()
    arrays = weights(DESCRIBED["whisper"]["shapes"])
    shards = {name: f"model-{index % 2}.safetensors" for index, name in enumerate(arrays)}
    for shard in set(shards.values()):
        write_safetensors(folder / shard, {name: arrays[name] for name in arrays if shards[name] == shard})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    np.testing.assert_array_equal(features(open_encoder(folder), wave()), before)


def small_windows(encoder: SpeechEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, rows in (("core_rows", 20), ("around_rows", 5)):
        monkeypatch.setattr(encoder, name, rows)


@pytest.mark.parametrize("name", ["wav2vec2_base", "hubert_large_ctc", "whisper"])
@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.4, 0.5, 0.505, 0.525, 2.03])
def test_pieces_give_what_the_whole_gives(
    name: str, seconds: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = open_encoder(folder_of(name, tmp_path))
    if name != "whisper":
        small_windows(encoder, monkeypatch)
    sound = wave(seconds)
    whole = features(encoder, sound)
    rows = len(sound) // HOP if name == "whisper" else max(0, (len(sound) - 400) // HOP + 1)
    assert whole.shape == (rows, 1, 32)
    rng = np.random.default_rng(1)
    stream = FeatureStream(encoder)
    pieces = []
    while len(sound):
        cut = int(rng.integers(1, 4000))
        pieces.append(stream.push(sound[:cut]))
        sound = sound[cut:]
    pieces.append(stream.finish())
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_windows_are_as_good_as_the_whole_where_the_network_looks_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = open_encoder(folder_of("hubert_large_ctc", tmp_path), keep=[0])
    monkeypatch.setattr(encoder, "_normalise", False)
    sound = wave(2.0)
    whole = features(encoder, sound)
    small_windows(encoder, monkeypatch)
    monkeypatch.setattr(encoder, "around_rows", 8)
    np.testing.assert_allclose(features(encoder, sound), whole, atol=1e-5)


def test_neighbours_in_a_batch_change_nothing(tmp_path: Path) -> None:
    network = wav2vec2.load(folder_of("wav2vec2_base", tmp_path))
    one, other = torch.from_numpy(wave())[None], torch.from_numpy(wave()[::-1].copy())[None]
    both = network(torch.cat([one, other]))[-1]
    torch.testing.assert_close(both[0], network(one)[-1][0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(both[1], network(other)[-1][0], atol=1e-5, rtol=1e-5)


@pytest.mark.skipif(not PARITY.is_dir(), reason="../shared/parity is not there")
def test_features_are_stretched_to_the_frames_of_a_video_as_hallo2_does() -> None:
    given = numbers("input:w2v.feat").standard_normal((1, 49, 8)).astype(np.float32)
    expected = np.load(PARITY / "hallo2_audio_interp.npz")["out"]
    np.testing.assert_allclose(wav2vec2.stretched(torch.from_numpy(given), 25).numpy(), expected, atol=1e-5)


def test_a_network_may_hear_as_many_rows_as_a_video_has_frames(tmp_path: Path) -> None:
    network = wav2vec2.load(folder_of("wav2vec2_base", tmp_path))
    assert [hidden.shape for hidden in network(torch.from_numpy(wave())[None], rows=25)] == [(1, 25, 32)] * 4


def test_wrong_folders_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"There is no config\.json"):
        open_encoder(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(WeightsError, match="is no JSON"):
        open_encoder(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(WeightsError, match="'bert'"):
        open_encoder(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(DESCRIBED["hubert_base"]["config"]))
    with pytest.raises(WeightsError, match="There are no weights in"):
        open_encoder(tmp_path)
    write_safetensors(tmp_path / "model.safetensors", weights(DESCRIBED["hubert_large_ctc"]["shapes"]))
    config = DESCRIBED["hubert_large_ctc"]["config"] | {"hidden_size": 64}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match="is another model"):
        open_encoder(tmp_path)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"add_adapter": True}, "add_adapter"),
        ({"hidden_act": "relu"}, "hidden_act"),
        ({"hidden_size": "many"}, "cannot be read"),
        ({"hidden_size": 34}, "shared out evenly"),
        ({"conv_kernel": [10, 3]}, "not all described"),
        ({"conv_stride": [5, 2, 2, 2, 2, 2, 1]}, "100 rows per second"),
    ],
)
def test_variants_that_are_not_built_are_refused(change: dict[str, object], what: str, tmp_path: Path) -> None:
    folder = folder_of("wav2vec2_base", tmp_path)
    (folder / "config.json").write_text(json.dumps(DESCRIBED["wav2vec2_base"]["config"] | change))
    with pytest.raises(WeightsError, match=what):
        open_encoder(folder)


def test_a_model_that_recognises_nothing_is_refused_as_a_recogniser(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no CTC layer"):
        open_posteriors(folder_of("hubert_base", tmp_path))


def test_without_pytorch_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingDependency) as caught:
        open_encoder(tmp_path)
    assert "mien[train]" in caught.value.hint
