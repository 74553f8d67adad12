"""Fewer densities for the same sounds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pocketsphinx import get_model_path

from mien.errors import InputError
from mien.motion.ear import CEPSTRA, SOUNDS, STREAMS, Mixtures, mixtures
from mien.motion.training.ear import DENSITIES, reduced, save, sphinx_model


def made(densities: int) -> Mixtures:
    """Two sounds, whose densities are pairs that lie close together."""
    rng = np.random.default_rng(1)
    centres = 10 * rng.standard_normal((STREAMS, 2, densities // 2, CEPSTRA))
    means = np.repeat(centres, 2, axis=2) + 0.01 * rng.standard_normal((STREAMS, 2, densities, CEPSTRA))
    weights = rng.random((STREAMS, 2, densities, 3))
    weights /= weights.sum(axis=2, keepdims=True)
    return Mixtures(
        ("A", "B"),
        means.astype(np.float32),
        np.ones(means.shape, np.float32),
        weights.astype(np.float32),
        np.zeros(CEPSTRA, np.float32),
    )


def test_what_lies_together_is_merged():
    model = made(8)
    small = reduced(model, 4)
    assert small.means.shape == (STREAMS, 2, 4, CEPSTRA)
    assert np.allclose(small.weights.sum(axis=2), 1.0, atol=1e-5)
    centres = model.means.reshape(STREAMS, 2, 4, 2, CEPSTRA).mean(axis=3)
    for stream in range(STREAMS):
        for sound in range(2):
            apart = np.abs(small.means[stream, sound][:, None] - centres[stream, sound]).max(axis=2)
            assert (apart.min(axis=0) < 0.05).all()
    assert np.allclose(small.variances, 1.0, atol=0.01)


def test_it_is_kept_in_a_file(tmp_path: Path):
    save(reduced(made(8), 4), tmp_path / "ear.npz")
    with np.load(tmp_path / "ear.npz") as stored:
        assert list(stored["names"]) == ["A", "B"]
        assert stored["means"].shape == (STREAMS, 2, 4, CEPSTRA)


def test_what_is_shipped_comes_of_the_model_of_pocketsphinx():
    model = sphinx_model(Path(str(get_model_path("en-us/en-us"))))
    shipped = mixtures()
    assert shipped.names == model.names
    assert shipped.means.shape == (STREAMS, SOUNDS, DENSITIES, CEPSTRA)
    whole = (model.means * model.weights.mean(axis=3)[..., None]).sum(axis=2)
    parts = (shipped.means * shipped.weights.mean(axis=3)[..., None]).sum(axis=2)
    assert np.abs(whole - parts).max() < 0.1


@pytest.mark.parametrize("broken", ["missing", "mdef", "means"])
def test_what_is_no_model_is_said(tmp_path: Path, broken: str):
    if broken != "missing":
        for name in ("mdef", "means", "variances", "sendump"):
            (tmp_path / name).write_bytes(b"endhdr\n" + bytes(40) if broken == "means" else b"nothing")
    with pytest.raises(InputError, match="no acoustic model"):
        sphinx_model(tmp_path)
