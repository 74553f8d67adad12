"""Known faces in, known errors out."""

from __future__ import annotations

import numpy as np
import pytest

from mien.evaluation.regions import iod
from mien.evaluation.tally import Judges, Real, Tally
from mien.face import eye_aspect_ratio
from mien.types import Image, Landmarks

FPS = 25.0
LIDS = {0: ((159, 145), (158, 153), (160, 144)), 1: ((386, 374), (385, 380), (387, 373))}
"""Upper and lower lid of the right and the left eye."""


def parted(landmarks: Landmarks, by_iod: float) -> Landmarks:
    """The lower inner lip lower by a share of the eyes' distance."""
    moved = landmarks.copy()
    moved[[87, 14, 317], 1] += by_iod * iod(landmarks)
    return moved


def shut(landmarks: Landmarks, share: float) -> Landmarks:
    """The lids nearer to each other by a share of what is between them."""
    moved = landmarks.copy()
    for pairs in LIDS.values():
        for upper, lower in pairs:
            middle = (landmarks[upper] + landmarks[lower]) / 2
            moved[upper], moved[lower] = (middle + (1 - share) * (landmarks[end] - middle) for end in (upper, lower))
    return moved


def tallied(picture: Image, real: list[Landmarks], made: list[Landmarks | None]) -> tuple[Tally, Tally]:
    shown, lived = Tally(), Tally()
    for index, (one, other) in enumerate(zip(real, made, strict=True)):
        frame = Real(picture, one, index, FPS, Judges())
        shown.add(frame, picture, other)
        lived.add_real(frame, FPS)
    return shown, lived


def test_lips_that_part_too_far_are_as_far_off_in_au25(picture: Image, landmarks: Landmarks):
    off = (0.0, 0.02, 0.08)
    shown, _ = tallied(picture, [landmarks] * 3, [parted(landmarks, each) for each in off])
    start = shown.series()["au25"][0]
    assert start == 0
    assert shown.series()["au25"] == pytest.approx(off, abs=2e-3)


def test_a_blink_that_is_left_out_is_as_far_off_in_au45_as_the_eye_was_shut(picture: Image, landmarks: Landmarks):
    blink = [0.0] * 20 + [0.5, 1.0, 0.5] + [0.0] * 20
    real = [shut(landmarks, share) for share in blink]
    shown, lived = tallied(picture, real, [landmarks] * len(real))
    assert eye_aspect_ratio(real[21]) == pytest.approx(np.zeros(2), abs=0.02)
    error = np.abs(shown.blinks() - lived.blinks())
    assert error[21] == pytest.approx(lived.blinks()[21])
    assert lived.blinks()[21].min() > 0.9
    assert error[:19].max() < 1e-6
    assert (error[20] > 0.1).all()
    assert (error[20] < error[21]).all()


@pytest.mark.parametrize("name", ["au25", "mouth_px", "shape_iod"])
def test_the_right_face_has_no_error_and_a_lost_one_has_none_to_tell(name: str, picture: Image, landmarks: Landmarks):
    shown, _ = tallied(picture, [landmarks] * 2, [landmarks, None])
    found = shown.series()[name]
    assert found[0] == pytest.approx(0, abs=1e-4)
    assert np.isnan(found[1])


def test_what_was_skipped_has_no_figures_and_no_part_in_flicker(picture: Image, landmarks: Landmarks):
    bright = np.clip(picture.astype(np.int16) + 40, 0, 255).astype(np.uint8)
    tally = Tally()

    def add(index: int, image: Image) -> None:
        tally.add(Real(picture, landmarks, index, FPS, Judges()), image, landmarks)

    for index, image in enumerate((picture, bright, picture)):
        add(index, image)
    tally.skip()
    for index, image in enumerate((picture, picture, picture), 4):
        add(index, image)
    flicker = tally.series()["flicker_face"]
    assert np.flatnonzero(np.isfinite(flicker)).tolist() == [1, 5]
    assert flicker[1] > 60  # up by 40 and down again, but where it was white already
    assert flicker[5] == 0
    assert np.isnan(tally.series()["psnr_mouth"][3])
