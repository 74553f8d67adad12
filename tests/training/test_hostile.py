"""Videos as people film them: each works, or is refused with one clear sentence."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.training.conftest import SIDE, Person, film

from mien.errors import FaceError, InputError, MediaError
from mien.settings import Settings
from mien.training import Dataset, check_clip, prepare
from mien.types import SAMPLE_RATE, Image

ROOM = np.full((SIDE, SIDE, 3), (60, 90, 120), np.uint8)


def resampled(images: list[Image], fps: float, seconds: float = 9.0) -> list[Image]:
    """What a camera with another rate sees."""
    return [images[min(round(index * 25 / fps), len(images) - 1)] for index in range(round(seconds * fps))]


def same_person(dataset: Dataset, good: Dataset) -> None:
    """Landmarks at the same moments are where they are in the good video."""
    count = min(dataset.count, good.count) - 5
    scale = dataset.size[0] / good.size[0]
    error = np.linalg.norm(dataset.landmarks[:count] - scale * good.landmarks[:count], axis=2)
    assert np.nanmedian(error) < 0.03 * float(dataset.person.scale.mean())


def test_a_good_video_passes_but_for_its_length(video: Path, settings: Settings):
    check = check_clip(video, settings)
    assert {item.name for item in check.items if item.verdict != "pass"} <= {"length", "resolution", "face_size"}
    assert check["face"].value == 100
    assert check.verdict == "fail", "192 pixels are too few"
    assert all(item.advice for item in check.items if item.verdict != "pass")
    assert check.as_dict()["items"][0]["name"] == "length"


def test_no_face(person: Person, settings: Settings, tmp_path: Path):
    start = film(tmp_path / "start.mp4", [ROOM] * 50, person.samples[: 2 * SAMPLE_RATE])
    assert check_clip(start, settings)["face"].verdict == "fail"
    path = film(tmp_path / "room.mp4", [ROOM] * 225, person.samples)
    with pytest.raises(FaceError, match="No face"):
        prepare(path, tmp_path / "dataset", settings)


def test_two_faces(person: Person, settings: Settings, tmp_path: Path):
    images = [np.concatenate([image, image[:, ::-1]], axis=1) for image in person.images]
    path = film(tmp_path / "two.mp4", images, person.samples)
    people = check_clip(path, settings)["people"]
    assert (people.verdict, people.value) == ("warn", 2)
    dataset = prepare(path, tmp_path / "dataset", settings, size=SIDE)
    assert dataset.seen.all()
    assert np.ptp(dataset.person.shift[:, 0]) < 0.5 * dataset.person.scale.mean(), "the same one all the time"


def test_cuts_between_scenes(person: Person, settings: Settings, tmp_path: Path):
    other = [np.ascontiguousarray(255 - image[:, ::-1] // 2) for image in person.images]
    images = person.images[:80] + other[80:150] + person.images[150:]
    path = film(tmp_path / "cuts.mp4", images, person.samples)
    scenes = check_clip(path, settings)["scenes"]
    assert (scenes.verdict, scenes.value) == ("warn", 2)
    dataset = prepare(path, tmp_path / "dataset", settings)
    assert dataset.cuts.tolist() == [80, 150]
    assert "3.2, 6.0 s" in dataset.remarks[0]


def test_a_phone_held_upright(person: Person, dataset: Dataset, settings: Settings, tmp_path: Path):
    tall = [np.pad(image, ((70, 70), (0, 0), (0, 0)), mode="edge") for image in person.images]
    lying = [np.ascontiguousarray(np.rot90(image)) for image in tall]
    path = film(tmp_path / "phone.mp4", lying, person.samples, rotation=-90)
    check = check_clip(path, settings)
    assert check["rotation"].value == 270
    assert check["face"].value == 100
    found = prepare(path, tmp_path / "dataset", settings, size=SIDE)
    assert found.seen.all()
    assert found.window[2] == found.window[3] <= SIDE
    eyes = found.landmarks[0, [33, 263]]
    assert abs(eyes[0, 1] - eyes[1, 1]) < 0.3 * abs(eyes[0, 0] - eyes[1, 0]), "she is upright"


@pytest.mark.parametrize("fps", [15, 30_000 / 1001, 60])
def test_other_frame_rates(fps: float, person: Person, dataset: Dataset, settings: Settings, tmp_path: Path):
    start = film(tmp_path / "start.mp4", resampled(person.images, fps, 2.0), person.samples[: 2 * SAMPLE_RATE], fps)
    rate = check_clip(start, settings)["fps"]
    assert rate.value == pytest.approx(fps, abs=0.02)
    assert rate.verdict == ("warn" if fps < 20 else "pass")
    path = film(tmp_path / "rate.mp4", resampled(person.images, fps), person.samples, fps)
    found = prepare(path, tmp_path / "dataset", settings)
    assert abs(found.count - 225) <= 2
    same_person(found, dataset)


def test_a_variable_frame_rate(person: Person, dataset: Dataset, settings: Settings, tmp_path: Path):
    kept = [index for index in range(225) if index % 7 not in (2, 3)]
    path = film(
        tmp_path / "variable.mp4",
        [person.images[index] for index in kept],
        person.samples,
        times_s=[index / 25 for index in kept],
    )
    assert "irregular" in check_clip(path, settings)["steady"].sentence
    found = prepare(path, tmp_path / "dataset", settings)
    assert abs(found.count - 225) <= 2
    same_person(found, dataset)


def test_no_sound_track(person: Person, settings: Settings, tmp_path: Path):
    path = film(tmp_path / "mute.mp4", person.images, None)
    sound = check_clip(path, settings)["sound"]
    assert sound.verdict == "warn"
    assert "anybody's" in sound.advice
    found = prepare(path, tmp_path / "dataset", settings, size=SIDE)
    assert not found.heard
    assert len(found.samples) == len(person.samples)
    assert not found.samples.any()
    assert not found.mouth.values.any()
    assert "anybody's" in found.remarks[0]


def test_no_sound_and_a_mouth_that_keeps_shut(person: Person, settings: Settings, tmp_path: Path):
    sound = check_clip(film(tmp_path / "still.mp4", person.images[:1] * 225, None), settings)["sound"]
    assert sound.verdict == "fail"
    assert "hardly opens" in sound.sentence


def test_silence(person: Person, settings: Settings, tmp_path: Path):
    path = film(tmp_path / "silent.mp4", person.images, np.zeros_like(person.samples))
    assert check_clip(path, settings)["loudness"].verdict == "warn"
    assert not prepare(path, tmp_path / "dataset", settings, size=SIDE).heard


@pytest.mark.parametrize("late_ms", [400, -400])
def test_sound_that_is_late_or_early_is_moved_back(
    late_ms: int, person: Person, dataset: Dataset, settings: Settings, tmp_path: Path
):
    shift = late_ms * SAMPLE_RATE // 1000
    samples = np.roll(person.samples, shift)
    path = film(tmp_path / "late.mp4", person.images, samples)
    found = prepare(path, tmp_path / "dataset", settings)
    assert found.late_ms == pytest.approx(late_ms, abs=60)
    middle = slice(SAMPLE_RATE, 8 * SAMPLE_RATE)
    assert (
        np.corrcoef(
            np.abs(found.samples[middle]), np.abs(np.roll(dataset.samples, shift - found.late_ms * 16)[middle])
        )[0, 1]
        > 0.9
    )
    assert any(
        f"{abs(found.late_ms)} ms too {'late' if late_ms > 0 else 'early'}" in remark for remark in found.remarks
    )


def test_two_seconds(person: Person, settings: Settings, tmp_path: Path):
    path = film(tmp_path / "short.mp4", person.images[:50], person.samples[: 2 * SAMPLE_RATE])
    assert check_clip(path, settings)["length"].verdict == "fail"
    with pytest.raises(MediaError, match=r"2\.0 s; at least 8 s"):
        prepare(path, tmp_path / "dataset", settings)


def test_a_face_that_is_mostly_lost(person: Person, settings: Settings, tmp_path: Path):
    path = film(tmp_path / "lost.mp4", person.images[:70] + [ROOM] * 155, person.samples)
    assert check_clip(path, settings)["face"].verdict == "fail"
    with pytest.raises(InputError, match="of the 158 frames"):
        prepare(path, tmp_path / "dataset", settings)


def test_a_face_that_is_lost_for_a_moment_is_told_and_passed_over(person: Person, settings: Settings, tmp_path: Path):
    images = person.images[:60] + [ROOM] * 8 + person.images[68:]
    dataset = prepare(film(tmp_path / "gap.mp4", images, person.samples), tmp_path / "dataset", settings)
    lost = np.flatnonzero(~dataset.seen)
    assert set(range(60, 68)) <= set(lost.tolist())
    assert len(lost) < 12
    assert np.isnan(dataset.landmarks[lost]).all()
    assert np.isfinite(dataset.person.rotation).all()
    assert any("first at 2.4 s" in remark for remark in dataset.remarks)


def test_a_hand_before_the_mouth(person: Person, dataset: Dataset, settings: Settings, tmp_path: Path):
    images = [image.copy() for image in person.images]
    for index in range(100, 180):
        x, y = dataset.landmarks[index, [13, 14], :2].mean(axis=0).astype(int).tolist()
        cv2.ellipse(images[index], (x, y + 6), (26, 17), 20, 0, 360, (205, 160, 140), -1, cv2.LINE_AA)
        for finger in range(4):
            cv2.line(
                images[index],
                (x - 18 + 12 * finger, y - 12),
                (x - 14 + 12 * finger, y + 24),
                (150, 105, 90),
                2,
                cv2.LINE_AA,
            )
    path = film(tmp_path / "hand.mp4", images, person.samples)
    mouth = check_clip(path, settings)["mouth_free"]
    assert mouth.verdict != "pass"
    assert "hand" in mouth.advice
    assert check_clip(dataset.video, settings)["mouth_free"].verdict == "pass"
    assert prepare(path, tmp_path / "dataset", settings).count == 225


def test_four_thousand_columns(person: Person, dataset: Dataset, settings: Settings, tmp_path: Path):
    def enlarged(image: Image) -> Image:
        big = np.full((2160, 3840, 3), (40, 60, 80), np.uint8)
        big[500:1700, 1300:2500] = cv2.resize(image, (1200, 1200), interpolation=cv2.INTER_LINEAR)
        return big

    # Few pictures, each shown for long: decoding of so many pixels is what takes the time.
    pictures = [enlarged(image) for image in person.images[:205:16]]
    path = film(tmp_path / "4k.mp4", pictures, person.samples[: 205 * 640], 25 / 16)
    check = check_clip(path, settings)
    assert check["resolution"].value == 2160
    assert check["face_size"].value == pytest.approx(dataset.person.scale.mean() * 1200 / SIDE, rel=0.1)
    found = prepare(path, tmp_path / "dataset", settings)
    assert found.size == (512, 512)
    assert found.seen.all()
