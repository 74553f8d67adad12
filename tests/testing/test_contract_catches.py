"""Engines that break the contract in one way each; the contract must say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mien_sketch import SPEC
from mien_sketch.engine import SketchEngine, SketchSession, opening

from mien.avatars import AvatarPackage, builtin_picture
from mien.media import read_image
from mien.settings import Settings, load
from mien.testing import EngineContract
from mien.testing.utterances import Utterance, sentence
from mien.types import AvatarFrame


class Contract(EngineContract):
    __test__ = False
    spec = SPEC

    def mouth_openings(self, images, settings):
        return [opening(image) for image in images]


class Drops(SketchSession):
    """Forgets a frame of every eight."""

    def frames(self) -> Iterator[AvatarFrame]:
        return (frame for frame in super().frames() if frame.index % 8 != 3)


class Late(SketchSession):
    """Gives its sound 10 ms late."""

    def frames(self) -> Iterator[AvatarFrame]:
        for frame in super().frames():
            yield replace(frame, audio=np.roll(frame.audio, 160))


class Moody(SketchSession):
    """Is never the same twice."""

    def frames(self) -> Iterator[AvatarFrame]:
        for frame in super().frames():
            noise = np.random.default_rng().integers(0, 2, frame.image.shape, dtype=np.uint8)
            yield replace(frame, picture=frame.image + noise)


class Cut(SketchSession):
    """Lets the pictures depend on how often it is fed."""

    pushes = 0

    def push_audio(self, samples, phonemes=None) -> None:
        self.pushes += 1
        super().push_audio(samples, phonemes)

    def frames(self) -> Iterator[AvatarFrame]:
        for frame in super().frames():
            yield replace(frame, picture=np.roll(frame.image, self.pushes, axis=0))


class Babbles(SketchSession):
    """Opens the mouth in silence."""

    def frames(self) -> Iterator[AvatarFrame]:
        for frame in super().frames():
            image = frame.image.copy()
            image[90:100, 50:70] = (255, 0, 0)
            yield replace(frame, picture=image)


class Mute(SketchSession):
    """Never opens it."""

    def frames(self) -> Iterator[AvatarFrame]:
        for frame in super().frames():
            yield replace(frame, picture=self._picture)


class Deaf(SketchSession):
    """Goes on after `clear`."""

    def clear(self) -> int:
        return 0


class Reuses(SketchSession):
    """Draws every frame into the same array."""

    def idle_frame(self) -> AvatarFrame:
        return self._reused(super().idle_frame())

    def frames(self) -> Iterator[AvatarFrame]:
        return (self._reused(frame) for frame in super().frames())

    def _reused(self, frame: AvatarFrame) -> AvatarFrame:
        self._canvas = getattr(self, "_canvas", np.zeros_like(frame.image))
        self._canvas[...] = frame.image
        return replace(frame, picture=self._canvas)


class Swallows(SketchSession):
    """Takes sound of any kind."""

    def push_audio(self, samples, phonemes=None) -> None:
        super().push_audio(np.zeros(800, np.float32), phonemes)


class Waits(SketchSession):
    """Needs more sound ahead than it says."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.latency_frames = 1


class Frozen(SketchSession):
    """Takes actions and does nothing."""

    def act(self, name: str) -> None:
        pass


class Stuck(SketchSession):
    """Acts for ever."""

    def idle_frame(self) -> AvatarFrame:
        for name in self.actions if self._acting else ():
            super().act(name)
        return super().idle_frame()

    _acting = False

    def act(self, name: str) -> None:
        self._acting = True
        super().act(name)


class Gapes(Stuck):
    """Opens the mouth with an action."""

    def frames(self) -> Iterator[AvatarFrame]:
        for frame in super().frames():
            image = frame.image.copy()
            image[60:100, 50:70] = (255, 0, 0) if self._acting else image[60:100, 50:70]
            yield replace(frame, picture=image)


class Gasps(SketchSession):
    """Opens the mouth when somebody speaks to it."""

    _hears = False

    def listen(self, on: bool) -> None:
        self._hears = on

    def idle_frame(self) -> AvatarFrame:
        frame = super().idle_frame()
        image = frame.image.copy()
        image[60:100, 50:70] = (255, 0, 0) if self._hears else image[60:100, 50:70]
        return replace(frame, picture=image)


class Fidgets(SketchSession):
    """Never listens in the same way."""

    def listen(self, on: bool) -> None:
        if np.random.default_rng().random() < 0.5:
            self._performance.act("nod")


_SHARED: list[np.ndarray] = []


class Shares(SketchSession):
    """Mixes up its sessions."""

    def push_audio(self, samples, phonemes=None) -> None:
        _SHARED.append(samples)
        super().push_audio(samples, phonemes)

    def frames(self) -> Iterator[AvatarFrame]:
        for frame in super().frames():
            shade = int(np.abs(_SHARED[-1]).max() * 50)
            yield replace(frame, picture=np.minimum(frame.image, 205) + np.uint8(shade))


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load()


@pytest.fixture(scope="module")
def utterance(settings: Settings) -> Utterance:
    return sentence(settings)


@pytest.fixture(scope="module")
def avatar(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AvatarPackage:
    picture = builtin_picture("astronaut")
    assert picture is not None
    folder: Path = tmp_path_factory.mktemp("avatar") / "a.mien"
    return Contract._prepare(read_image(picture), folder, settings)


class _Engine(SketchEngine):
    session: type[SketchSession] = SketchSession

    def open(self, avatar: AvatarPackage, options: Any) -> SketchSession:
        made = super().open(avatar, options)
        return self.session(made._picture, made._centre, options)


CONTRACT = Contract()


@pytest.mark.parametrize(
    ("session", "test", "more"),
    [
        (Drops, CONTRACT.test_every_sample_has_one_picture, {"seconds": 1.017}),
        (Late, CONTRACT.test_every_sample_has_one_picture, {"seconds": 0.3}),
        (Moody, CONTRACT.test_the_same_seed_gives_the_same_frames_however_the_sound_is_cut, {"timed": True}),
        (Cut, CONTRACT.test_the_same_seed_gives_the_same_frames_however_the_sound_is_cut, {"timed": True}),
        (Babbles, CONTRACT.test_the_mouth_opens_in_speech_and_rests_in_silence, {"settings": None}),
        (Mute, CONTRACT.test_the_mouth_opens_in_speech_and_rests_in_silence, {"settings": None}),
        (Deaf, CONTRACT.test_clear_stops_within_one_frame, {}),
        (Reuses, CONTRACT.test_a_frame_that_was_given_does_not_change, {}),
        (Waits, CONTRACT.test_frames_come_as_soon_as_promised, {}),
        (Frozen, CONTRACT.test_every_action_moves_the_picture_and_ends_by_itself, {}),
        (Stuck, CONTRACT.test_every_action_moves_the_picture_and_ends_by_itself, {}),
        (Gapes, CONTRACT.test_an_action_leaves_the_sound_and_closed_lips_alone, {"settings": None}),
        (Gasps, CONTRACT.test_who_listens_keeps_the_mouth_shut_and_loses_no_frame_and_no_sound, {"settings": None}),
        (Fidgets, CONTRACT.test_the_same_seed_listens_in_the_same_way, {}),
        (Shares, CONTRACT.test_two_sessions_do_not_disturb_each_other, {}),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_broken_engine_is_caught(
    session, test, more, avatar: AvatarPackage, utterance: Utterance, settings: Settings
):
    engine = _Engine(settings)
    given = {"engine": engine, "avatar": avatar, "utterance": utterance, **more}
    wanted = {name: given[name] for name in signature(test).parameters}
    test(**wanted)
    engine.session = session
    with pytest.raises(AssertionError):
        test(**wanted)


def test_an_engine_that_takes_any_sound_is_caught(avatar: AvatarPackage, settings: Settings):
    engine = _Engine(settings)
    engine.session = Swallows
    with pytest.raises(pytest.fail.Exception):
        CONTRACT.test_sound_of_another_kind_is_refused(engine, avatar, np.zeros(800))


def test_an_engine_that_takes_any_action_is_caught(avatar: AvatarPackage, settings: Settings):
    engine = _Engine(settings)
    engine.session = Frozen
    with pytest.raises(pytest.fail.Exception):
        CONTRACT.test_an_unknown_action_is_refused_and_the_known_ones_are_named(engine, avatar)
