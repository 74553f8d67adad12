from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from mien.errors import MissingDependency
from mien.evaluation.recognised import english_sounds
from mien.media import read_audio
from mien.media.resample import resample
from mien.types import SAMPLE_RATE, Progress

LJ = Path(__file__).parents[3] / "shared/media/speech/LJ001-0001.wav"
"""Printing, in the only sense with which we are at present concerned, …"""


@pytest.mark.real
@pytest.mark.skipif(not LJ.is_file(), reason="needs ../shared/media")
def test_english_sounds_stand_where_they_are_said():
    sound = read_audio(LJ)
    samples = resample(sound.samples, sound.sample_rate, SAMPLE_RATE)[: 4 * SAMPLE_RATE]
    told: list[Progress] = []
    heard = english_sounds(samples, report=told.append)
    assert told[-1].done == told[-1].total == pytest.approx(4.0)
    assert all(one.end_s == pytest.approx(other.start_s) for one, other in pairwise(heard))
    sounds = [sound.ipa for sound in heard if sound.ipa]
    assert 25 < len(sounds) < 60
    assert {"n", "ɪ", "s", "w"} <= set(sounds)


def test_silence_is_a_pause():
    heard = english_sounds(np.zeros(SAMPLE_RATE, np.float32))
    assert {sound.ipa for sound in heard} <= {""}


def test_nothing_at_all():
    assert english_sounds(np.zeros(0, np.float32)) == ()


def test_without_pocketsphinx(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(MissingDependency, match="PocketSphinx"):
        english_sounds(np.zeros(SAMPLE_RATE, np.float32))
