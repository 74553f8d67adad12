from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.errors import InputError, PackageError, UsageError
from mien.motion.articulation import MOUTH_CHANNELS, MOUTH_RATE
from mien.motion.calibration import Calibration, fit
from mien.motion.visemes import GAP, JAW, ROUND, STRETCH
from mien.types import SAMPLE_RATE

MEDIA = Path(__file__).parents[3] / "shared" / "media"
NEUTRAL = np.array([0.02, 0.01, 0.62])
FPS = 25.0


def track(seconds: float, seed: int = 1) -> np.ndarray:
    """Smooth random movement in every channel, at rest now and then."""
    rng = np.random.default_rng(seed)
    count = round(seconds * MOUTH_RATE)
    kernel = np.hanning(15) / np.hanning(15).sum()
    raw = rng.standard_normal((count, len(MOUTH_CHANNELS)))
    moving = np.stack([np.convolve(column, kernel, "same") for column in raw.T], axis=1)
    awake = (np.arange(count) % 400) > 80
    return (np.clip(0.1 + 0.2 * moving, 0.0, 1.0) * awake[:, None]).astype(np.float32)


def person(rows: np.ndarray, noise: float = 0.0, early_rows: int = 8) -> np.ndarray:
    """Someone whose jaw moves twice as far as the track's, early, and whose lips narrow when they round."""
    ahead = np.concatenate([rows[early_rows:], np.zeros((early_rows, rows.shape[1]), np.float32)])
    measures = np.stack([2.0 * ahead[:, JAW], 0.7 * ahead[:, GAP], 0.1 * ahead[:, STRETCH] - 0.2 * ahead[:, ROUND]], 1)
    frames = measures[:: round(MOUTH_RATE / FPS)]
    shaken = frames + noise * frames.std(axis=0) * np.random.default_rng(2).standard_normal(frames.shape)
    return (NEUTRAL + shaken).astype(np.float32)


def test_it_learns_neutral_gains_and_time_of_a_person():
    rows = track(40)
    found = fit(rows, person(rows), FPS)
    assert found.r.min() > 0.98
    assert found.neutral == pytest.approx(NEUTRAL, abs=0.005)
    assert found.gains == pytest.approx(np.ones(3), abs=0.05)
    other = track(10, seed=5)
    ours, theirs = found.apply(other)[::4], person(other)
    assert np.abs(ours - theirs).max() < 0.1 * np.ptp(theirs, axis=0).max()


def test_the_resting_mouth_is_the_neutral_one():
    rows = track(20)
    found = fit(rows, person(rows), FPS)
    still = found.apply(np.zeros((50, 8), np.float32))
    np.testing.assert_allclose(still, np.tile(found.neutral, (50, 1)), atol=1e-6)


def test_noise_makes_it_move_less_and_says_so():
    rows = track(30)
    clear, noisy = fit(rows, person(rows), FPS), fit(rows, person(rows, noise=1.5), FPS)
    assert (noisy.r < clear.r).all()
    assert (noisy.gains < clear.gains).all()


def test_what_has_nothing_to_do_with_the_sound_is_hardly_foretold():
    strange = fit(track(30), person(np.roll(track(30, seed=9), 150, axis=0)), FPS)
    assert np.abs(strange.r).max() < 0.35
    assert strange.gains.max() < 0.5


def test_frames_without_a_face_are_left_out():
    rows = track(20)
    measured = person(rows)
    measured[40:90] = np.nan
    measured[200, 1] = np.nan
    found = fit(rows, measured, FPS)
    assert np.isfinite(found.weights).all()
    assert found.r.min() > 0.95


@pytest.mark.parametrize("fps", [12.5, 24000 / 1001, 30.0, 60.0])
def test_any_frame_rate(fps: float):
    rows = track(20)
    at = np.rint(np.arange(int(19.5 * fps)) * MOUTH_RATE / fps).astype(int)
    measured = np.repeat(rows[at, JAW, None], 3, axis=1) + np.arange(3, dtype=np.float32)
    assert fit(rows, measured, fps).r.min() > 0.95


def test_less_than_five_seconds_are_refused():
    rows = track(20)
    with pytest.raises(InputError, match=r"4\.8 s") as caught:
        fit(rows, person(rows)[:120], FPS)
    assert "longer video" in caught.value.hint
    mostly_hidden = person(rows)
    mostly_hidden[100:] = np.nan
    with pytest.raises(InputError, match=r"4\.0 s"):
        fit(rows, mostly_hidden, FPS)


def test_a_mouth_or_a_track_that_does_not_move_is_refused():
    rows = track(20)
    for ours, theirs in ((rows, np.ones((500, 3), np.float32)), (np.zeros_like(rows), person(rows))):
        with pytest.raises(InputError, match="does not move"):
            fit(ours, theirs, FPS)


@pytest.mark.parametrize(
    ("rows", "measured", "rate"),
    [
        (np.zeros((500, 7), np.float32), np.zeros((500, 3), np.float32), 25.0),
        (np.zeros(500, np.float32), np.zeros((500, 3), np.float32), 25.0),
        (np.full((500, 8), np.nan, np.float32), np.zeros((500, 3), np.float32), 25.0),
        (np.zeros((500, 8), np.float32), np.zeros((500, 2), np.float32), 25.0),
        (np.zeros((500, 8), np.float32), np.zeros(500, np.float32), 25.0),
        (np.zeros((500, 8), np.float32), np.zeros((500, 3), np.float32), 0.0),
        (np.zeros((500, 8), np.float32), np.zeros((500, 3), np.float32), float("nan")),
    ],
)
def test_wrong_shapes_and_rates(rows: np.ndarray, measured: np.ndarray, rate: float):
    with pytest.raises(UsageError):
        fit(rows, measured, rate)


def test_it_goes_into_a_package_and_comes_back():
    rows = track(20)
    found = fit(rows, person(rows), FPS)
    text = found.to_json()
    back = Calibration.from_json(text)
    np.testing.assert_allclose(back.apply(rows), found.apply(rows), atol=1e-4)
    assert back.to_json() == text
    assert len(text) < 5000


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"measures": ["jaw"]},
        {"lags_rows": [0]},
        {"neutral": [0.0, 1.0]},
        {"neutral": [0.0, "x", 1.0]},
        {"weights": []},
        {"r": None},
        {"gains": [0.0, float("inf"), 1.0]},
    ],
)
def test_a_broken_one_is_not_read(change: dict[str, Any]):
    rows = track(10)
    told = json.loads(fit(rows, person(rows), FPS).to_json()) | change
    with pytest.raises(PackageError, match="calibration"):
        Calibration.from_json(json.dumps(told))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", "7"])
def test_what_is_none_is_not_read(text: str):
    with pytest.raises(PackageError, match="calibration"):
        Calibration.from_json(text)


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not MEDIA.is_dir(), reason="needs ../shared/media")
def test_a_real_person_is_foretold_better_than_chance():
    from mien.evaluation.lips import measured as tracked
    from mien.media import read_audio, resample
    from mien.motion.from_sound import SoundMouth
    from mien.settings import load
    from mien.weights import WeightStore

    video = MEDIA / "video" / "newsreader_de.mp4"
    sound = read_audio(video)
    mouth = SoundMouth()
    mouth.push(resample(sound.samples, sound.sample_rate, SAMPLE_RATE), ())
    mouth.finish()
    rows = mouth.take(sys.maxsize)[:, : len(MOUTH_CHANNELS)]
    lips = tracked(video, WeightStore(load().cache_dir))
    seen = np.stack([lips.jaw, lips.gap, lips.width], axis=1).astype(np.float32)
    mine = fit(rows, seen, lips.fps)
    others = fit(np.roll(rows, len(rows) // 2, axis=0), seen, lips.fps)
    assert mine.r.mean() > 0.25
    assert mine.r.mean() > others.r.mean() + 0.1


def coefficients(measured: np.ndarray, count: int = 6, noise: float = 0.3) -> np.ndarray:
    """Numbers that hang together with the lips somehow, beside movement of their own."""
    rng = np.random.default_rng(4)
    lips = (measured - measured.mean(axis=0)) / measured.std(axis=0)
    return (lips @ rng.standard_normal((3, count)) + noise * rng.standard_normal((len(lips), count))).astype(np.float32)


NAMES = tuple(f"e{index}" for index in range(6))


def test_it_learns_any_numbers_under_their_names():
    rows = track(40)
    wanted = coefficients(person(rows))
    found = fit(rows, wanted, FPS, NAMES)
    assert found.measures == NAMES
    assert found.r.shape == (6,)
    assert found.r.min() > 0.7
    assert found.apply(rows).shape == (len(rows), 6)
    back = Calibration.from_json(found.to_json())
    assert back.measures == NAMES
    np.testing.assert_allclose(back.apply(rows), found.apply(rows), atol=1e-4)


def test_what_lips_do_by_themselves_need_not_be_learnt():
    few, later = track(8), track(30, seed=5)
    lips, lips_later = person(few, noise=1.5), person(later)
    numbers = coefficients(np.concatenate([lips, lips_later]))
    wanted, truth = numbers[: len(lips)], numbers[len(lips) :]

    def error(found: Calibration) -> float:
        return float(((found.apply(later)[:: round(MOUTH_RATE / FPS)] - truth) ** 2).mean())

    assert error(fit(few, wanted, FPS, NAMES, lips=lips)) < error(fit(few, wanted, FPS, NAMES))


def test_the_resting_mouth_may_be_told():
    rows = track(30)
    rest = np.array([0.0, 0.0, 0.6])
    plain, told = fit(rows, person(rows), FPS), fit(rows, person(rows), FPS, rest=rest)
    silence = np.zeros((100, 8), np.float32)
    np.testing.assert_allclose(told.apply(silence), np.tile(rest, (100, 1)), atol=1e-6)
    talking = rows.copy()
    talking[:, -1] = 1.0
    np.testing.assert_allclose(told.apply(talking)[50:-50], plain.apply(talking)[50:-50], atol=1e-6)


def test_the_mouth_leaves_its_rest_without_a_jump():
    rows = track(30)
    found = fit(rows, person(rows), FPS, rest=np.array([0.2, 0.2, 0.9]))
    begins = np.zeros((200, 8), np.float32)
    begins[100:, -1] = np.minimum(np.arange(100) / 12, 1)
    steps = np.abs(np.diff(found.apply(begins), axis=0)).max(axis=0)
    assert (steps < 0.5 * np.abs(found.speaking)).all()


@pytest.mark.parametrize("names", [(), ("a", "b"), ("a", "a", "b"), ("a", "", "b"), ("a", 1, "b")])
def test_names_must_fit_the_numbers(names: Any):
    rows = track(10)
    with pytest.raises(UsageError):
        fit(rows, person(rows), FPS, names)
    text = fit(rows, person(rows), FPS).to_json()
    with pytest.raises(PackageError, match="calibration"):
        Calibration.from_json(json.dumps(json.loads(text) | {"measures": names}))
