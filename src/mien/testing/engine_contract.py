"""The contract of `mien.types.RenderSession` as tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from mien import plugins
from mien import settings as settings_module
from mien.avatars import AvatarPackage, Manifest, PackageBuilder, builtin_picture
from mien.errors import FaceError, MienError, PackageError, UsageError
from mien.face import FaceTracker
from mien.media import read_image
from mien.settings import Settings
from mien.testing.utterances import Utterance, sentence, silence, without_phonemes
from mien.types import (
    SAMPLE_RATE,
    AvatarFrame,
    Engine,
    EngineSpec,
    Image,
    Progress,
    RenderSession,
    Samples,
    frame_bounds,
    silent,
)
from mien.weights import WeightStore

RESTING = 0.03
"""How much further than in an idle face the lips may stand apart in silence, of the distance between the eyes: what the
tracking of a drawn face trembles by."""
SPEAKING = 0.05
"""How much further they must stand apart at least once while a sentence is spoken."""
ACTION_S = 8.0
"""No action lasts longer."""
LISTENING_S = 4.0
"""Somebody speaks to it for so long."""


class EngineContract:
    """Subclass it in a plug-in's tests; every test of it must pass.

        class TestMyEngine(EngineContract):
            spec = SPEC
            options = {"size": 256}

    Attributes:
        spec: the engine.
        options: what its options are given; small pictures make fast tests.
        picture: what its avatar is made from.
    """

    spec: ClassVar[EngineSpec]
    options: ClassVar[dict[str, Any]] = {}
    picture: ClassVar[Path | None] = builtin_picture("astronaut")

    def mouth_openings(self, images: Sequence[Image], settings: Settings) -> list[float]:
        """How far the lips stand apart in each frame, of the distance between the eyes.

        Override it if no tracker finds the engine's faces.
        """
        return _tracked_openings(images, settings)

    @pytest.fixture(scope="class")
    @classmethod
    def settings(cls) -> Settings:
        return settings_module.load()

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls, settings: Settings) -> Engine:
        return plugins.load(cls.spec)(settings)

    @pytest.fixture(scope="class")
    @classmethod
    def avatar(cls, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AvatarPackage:
        assert cls.picture is not None, "override the fixture `avatar` for an engine that takes no picture"
        return cls._prepare(read_image(cls.picture), tmp_path_factory.mktemp("avatar") / "contract.mien", settings)

    @pytest.fixture(scope="class")
    @classmethod
    def utterance(cls, settings: Settings) -> Utterance:
        return sentence(settings)

    def test_a_session_says_what_it_will_give(self, engine: Engine, avatar: AvatarPackage) -> None:
        session = self._open(engine, avatar)
        assert isinstance(session, RenderSession)
        assert session.fps > 0
        assert session.latency_frames >= 0
        assert engine.spec.name == self.spec.name
        frame = session.idle_frame()
        assert (frame.image.shape, frame.image.dtype) == ((session.size[1], session.size[0], 3), np.uint8)

    @pytest.mark.parametrize("seconds", [0.001, 0.04, 0.3, 1.017])
    def test_every_sample_has_one_picture(
        self, engine: Engine, avatar: AvatarPackage, utterance: Utterance, seconds: float
    ) -> None:
        samples = utterance.samples[: round(seconds * SAMPLE_RATE)]
        session = self._open(engine, avatar)
        frames = _speak(session, Utterance(samples))
        assert abs(len(frames) - round(len(samples) / SAMPLE_RATE * session.fps)) <= 1
        assert [frame.index for frame in frames] == list(range(len(frames)))
        assert not any(frame.idle for frame in frames)
        for frame in frames:
            assert frame.image.shape == (session.size[1], session.size[0], 3)
            start, end = frame_bounds(frame.index, session.fps)
            assert (len(frame.audio), frame.audio.dtype) == (end - start, np.float32)
        _assert_sound(frames, samples)

    def test_frames_come_as_soon_as_promised(self, engine: Engine, avatar: AvatarPackage, utterance: Utterance) -> None:
        session = self._open(engine, avatar)
        ready = pushed = 0
        for piece in without_phonemes(utterance).pieces(SAMPLE_RATE // 10):
            session.push_audio(piece.samples)
            pushed += len(piece.samples)
            ready += sum(1 for _ in session.frames())
            assert ready >= int(pushed / SAMPLE_RATE * session.fps) - session.latency_frames

    @pytest.mark.parametrize("timed", [True, False], ids=["phonemes", "sound"])
    def test_the_same_seed_gives_the_same_frames_however_the_sound_is_cut(
        self, engine: Engine, avatar: AvatarPackage, utterance: Utterance, timed: bool
    ) -> None:
        spoken = utterance if timed else without_phonemes(utterance)
        whole = _speak(self._open(engine, avatar), spoken)
        _assert_same(_speak(self._open(engine, avatar), spoken), whole)
        for length in (1000, 7001):
            _assert_same(_speak(self._open(engine, avatar), *spoken.pieces(length)), whole)

    def test_two_sessions_do_not_disturb_each_other(
        self, engine: Engine, avatar: AvatarPackage, utterance: Utterance
    ) -> None:
        quiet = Utterance(silence(len(utterance.samples) / SAMPLE_RATE))
        alone = _speak(self._open(engine, avatar), utterance)
        one, other = self._open(engine, avatar), self._open(engine, avatar)
        frames: list[AvatarFrame] = []
        for loud_piece, quiet_piece in zip(utterance.pieces(3200), quiet.pieces(3200), strict=True):
            one.push_audio(loud_piece.samples, loud_piece.phonemes)
            other.push_audio(quiet_piece.samples)
            frames += one.frames()
            list(other.frames())
        one.end_segment()
        frames += one.frames()
        _assert_same(frames, alone)

    def test_a_frame_that_was_given_does_not_change(
        self, engine: Engine, avatar: AvatarPackage, utterance: Utterance
    ) -> None:
        session = self._open(engine, avatar)
        session.push_audio(utterance.samples, utterance.phonemes)
        session.end_segment()
        given = [(frame, frame.image.copy(), frame.audio.copy()) for frame in session.frames()]
        for frame, image, audio in given:
            np.testing.assert_array_equal(frame.image, image)
            np.testing.assert_array_equal(frame.audio, audio)

    def test_idle_frames_and_segments_share_one_clock(
        self, engine: Engine, avatar: AvatarPackage, utterance: Utterance
    ) -> None:
        session = self._open(engine, avatar)
        half = utterance.samples[: SAMPLE_RATE // 3]
        before = [session.idle_frame() for _ in range(3)]
        first = _speak(session, Utterance(half))
        between = [session.idle_frame() for _ in range(2)]
        second = _speak(session, Utterance(half[::-1].copy()))
        frames = before + first + between + second
        assert [frame.index for frame in frames] == list(range(len(frames)))
        for frame in before + between:
            start, end = frame_bounds(frame.index, session.fps)
            assert frame.idle
            np.testing.assert_array_equal(frame.audio, np.zeros(end - start, np.float32))
        _assert_sound(first, half)
        _assert_sound(second, half[::-1])

    def test_clear_stops_within_one_frame(self, engine: Engine, avatar: AvatarPackage, utterance: Utterance) -> None:
        session = self._open(engine, avatar)
        session.push_audio(utterance.samples, utterance.phonemes)
        shown = [frame for frame, _ in zip(session.frames(), range(5), strict=False)]
        reached = session.clear()
        one_frame = SAMPLE_RATE / session.fps
        assert abs(reached - frame_bounds(shown[-1].index, session.fps)[1]) <= one_frame
        assert list(session.frames()) == []
        again = _speak(session, Utterance(utterance.samples[: SAMPLE_RATE // 4]))
        assert 0 <= again[0].index - shown[-1].index - 1 <= 1
        _assert_sound(again, utterance.samples[: SAMPLE_RATE // 4])

    def test_nothing_said_gives_no_frames(self, engine: Engine, avatar: AvatarPackage) -> None:
        session = self._open(engine, avatar)
        session.end_segment()
        session.push_audio(silence(0))
        session.end_segment()
        assert list(session.frames()) == []
        assert session.clear() == 0

    def test_the_mouth_opens_in_speech_and_rests_in_silence(
        self, engine: Engine, avatar: AvatarPackage, utterance: Utterance, settings: Settings
    ) -> None:
        pause = silence(1.0)
        samples = np.concatenate([pause, utterance.samples, pause])
        session = self._open(engine, avatar)
        rest = np.median(self.mouth_openings([session.idle_frame().image for _ in range(5)], settings))
        frames = _speak(session, Utterance(samples))
        opening = np.array(self.mouth_openings([frame.image for frame in frames], settings)) - rest
        # A third of a second on both sides of the sentence belongs to the moving lips: they prepare, and they settle.
        edge = round(0.34 * session.fps)
        pause_frames = int(len(pause) / SAMPLE_RATE * session.fps)
        silent_frames = np.concatenate(
            [opening[edge : pause_frames - edge], opening[len(opening) - pause_frames + edge :]]
        )
        assert silent_frames.max() <= RESTING, "the mouth opens in silence"
        assert opening[pause_frames:-pause_frames].max() >= SPEAKING, "the mouth stays shut in speech"

    def test_every_action_moves_the_picture_and_ends_by_itself(self, engine: Engine, avatar: AvatarPackage) -> None:
        still = self._open(engine, avatar)
        count = round(ACTION_S * still.fps)
        plain = [_thumbnail(still.idle_frame()) for _ in range(count)]
        for action in still.actions:
            session = self._open(engine, avatar)
            session.act(action)
            change = [
                np.abs(_thumbnail(session.idle_frame()) - before).mean() for before in plain[: round(0.5 * still.fps)]
            ]
            after = [_thumbnail(session.idle_frame()) for _ in range(len(change), count)][-5:]
            # A face in a film may have lost some time: it need not show what it would have shown just then.
            left = max(min(float(np.abs(image - other).mean()) for other in plain) for image in after)
            assert max(change) > 0, f"{action!r} changes nothing within half a second"
            assert left <= 0.2 * max(change), f"{action!r} does not end within {ACTION_S} s"

    def test_an_action_leaves_the_sound_and_closed_lips_alone(
        self, engine: Engine, avatar: AvatarPackage, utterance: Utterance, settings: Settings
    ) -> None:
        plain = _speak(self._open(engine, avatar), utterance)
        rest = min(self.mouth_openings([plain[0].image], settings))
        closed = np.array(self.mouth_openings([frame.image for frame in plain], settings)) - rest <= RESTING / 2
        closed[1:-1] &= closed[:-2] & closed[2:]  # beside a closed mouth stands one that is just opening or closing
        for action in self._open(engine, avatar).actions:
            session = self._open(engine, avatar)
            session.act(action)
            frames = _speak(session, utterance)
            assert len(frames) == len(plain)
            _assert_sound(frames, utterance.samples)
            shut = [frame.image for frame, is_shut in zip(frames, closed, strict=True) if is_shut]
            opening = max(self.mouth_openings(shut, settings), default=rest) - rest
            assert opening <= RESTING, f"{action!r} opens closed lips"

    def test_an_unknown_action_is_refused_and_the_known_ones_are_named(
        self, engine: Engine, avatar: AvatarPackage
    ) -> None:
        session = self._open(engine, avatar)
        with pytest.raises(UsageError) as caught:
            session.act("stand on your head")
        assert all(action in caught.value.hint for action in session.actions)
        assert len(set(session.actions)) == len(session.actions)

    def test_actions_may_follow_each_other_at_any_time(
        self, engine: Engine, avatar: AvatarPackage, utterance: Utterance
    ) -> None:
        session = self._open(engine, avatar)
        frames: list[AvatarFrame] = []
        session.push_audio(utterance.samples[: SAMPLE_RATE // 2], None)
        session.end_segment()
        for frame in session.frames():
            frames.append(frame)
            for action in session.actions:
                session.act(action)
        session.clear()
        frames += [session.idle_frame() for _ in range(3)]
        assert [frame.index for frame in frames] == list(range(len(frames)))

    def test_who_listens_keeps_the_mouth_shut_and_loses_no_frame_and_no_sound(
        self, engine: Engine, avatar: AvatarPackage, utterance: Utterance, settings: Settings
    ) -> None:
        session = self._open(engine, avatar)
        rest = np.median(self.mouth_openings([session.idle_frame().image for _ in range(5)], settings))
        heard = _listen(session, LISTENING_S)
        opening = max(self.mouth_openings([frame.image for frame in heard[::4]], settings)) - rest
        assert opening <= RESTING, "the mouth opens while somebody else speaks"
        assert all(frame.idle and not frame.audio.any() for frame in heard)
        samples = utterance.samples[: SAMPLE_RATE // 2]
        session.listen(True)
        frames = _speak(session, Utterance(samples))
        session.listen(False)
        _assert_sound(frames, samples)
        every = [*heard, *frames, session.idle_frame()]
        assert [frame.index for frame in every] == list(range(5, 5 + len(every)))

    def test_the_same_seed_listens_in_the_same_way(self, engine: Engine, avatar: AvatarPackage) -> None:
        one, other = (_listen(self._open(engine, avatar), LISTENING_S) for _ in range(2))
        _assert_same(one, other)

    @pytest.mark.parametrize(
        "samples",
        [np.zeros(800), np.zeros((800, 2), np.float32), np.zeros(800, np.int16)],
        ids=["float64", "stereo", "int16"],
    )
    def test_sound_of_another_kind_is_refused(self, engine: Engine, avatar: AvatarPackage, samples: Any) -> None:
        with pytest.raises(UsageError) as caught:
            self._open(engine, avatar).push_audio(samples)
        assert caught.value.hint

    def test_a_package_without_data_is_refused(self, engine: Engine, tmp_path: Path) -> None:
        with PackageBuilder(tmp_path / "empty.mien") as builder:
            empty = builder.finish(self._manifest((64, 64)))
        with pytest.raises(PackageError):
            self._open(engine, empty)

    def test_a_picture_without_a_face_leaves_nothing(self, settings: Settings, tmp_path: Path) -> None:
        if "image" not in self.spec.creates_from:
            pytest.skip("this engine takes no pictures")
        with pytest.raises(FaceError) as caught:
            self._prepare(np.full((256, 256, 3), 128, np.uint8), tmp_path / "nobody.mien", settings)
        assert caught.value.hint
        assert list(tmp_path.iterdir()) == []

    def test_preparing_says_how_far_it_is_and_can_be_stopped(self, settings: Settings, tmp_path: Path) -> None:
        if "image" not in self.spec.creates_from or self.picture is None:
            pytest.skip("this engine takes no pictures")

        class Stopped(MienError):
            pass

        def stop(progress: Progress) -> None:
            raise Stopped(progress.stage)

        with pytest.raises(Stopped), PackageBuilder(tmp_path / "stopped.mien") as builder:
            plugins.attribute(self.spec.prepare)(read_image(self.picture), builder, settings, stop)
        assert list(tmp_path.iterdir()) == []

    def _open(self, engine: Engine, avatar: AvatarPackage) -> RenderSession:
        return engine.open(avatar, self.spec.options(**self.options))

    @classmethod
    def _prepare(cls, picture: Image, folder: Path, settings: Settings) -> AvatarPackage:
        with PackageBuilder(folder) as builder:
            plugins.attribute(cls.spec.prepare)(picture, builder, settings, silent)
            return builder.finish(cls._manifest((picture.shape[1], picture.shape[0])))

    @classmethod
    def _manifest(cls, size: tuple[int, int]) -> Manifest:
        return Manifest(
            name="contract",
            engine=cls.spec.name,
            data_version=cls.spec.data_version,
            source_sha256="0" * 64,
            size=size,
        )


def _listen(session: RenderSession, seconds: float) -> list[AvatarFrame]:
    """The frames of a face to which somebody speaks, with a pause of half a second every other second."""
    frames: list[AvatarFrame] = []
    for number in range(round(seconds * session.fps)):
        session.listen(number / session.fps % 2.0 < 1.5)
        frames.append(session.idle_frame())
    return frames


def _thumbnail(frame: AvatarFrame) -> NDArray[np.float32]:
    """A third of the picture's pixels in each direction."""
    return frame.image[::3, ::3].astype(np.float32)


def _speak(session: RenderSession, *pieces: Utterance) -> list[AvatarFrame]:
    """All frames of one segment, taken as soon as they can be made."""
    frames: list[AvatarFrame] = []
    for piece in pieces:
        session.push_audio(piece.samples, piece.phonemes)
        frames += session.frames()
    session.end_segment()
    return frames + list(session.frames())


def _assert_sound(frames: Sequence[AvatarFrame], samples: Samples) -> None:
    """The frames carry exactly these samples, filled up with silence."""
    sound = np.concatenate([frame.audio for frame in frames])
    np.testing.assert_array_equal(sound[: len(samples)], samples)
    assert not sound[len(samples) :].any()


def _assert_same(frames: Sequence[AvatarFrame], expected: Sequence[AvatarFrame]) -> None:
    assert len(frames) == len(expected)
    for frame, wanted in zip(frames, expected, strict=True):
        assert frame.index == wanted.index
        np.testing.assert_array_equal(frame.audio, wanted.audio)
        np.testing.assert_array_equal(frame.image, wanted.image, err_msg=f"frame {frame.index}")


def _tracked_openings(images: Sequence[Image], settings: Settings) -> list[float]:
    """Distances of the inner lips at the centre (landmarks 13 and 14) by those of the outer eye corners (33 and 263)."""
    openings = []
    for face in FaceTracker(WeightStore.from_settings(settings)).track(images):
        assert face is not None, "no face is found in the engine's picture"
        points = face.landmarks
        openings.append(float(np.linalg.norm(points[13] - points[14]) / np.linalg.norm(points[33] - points[263])))
    return openings
