"""Sound, places, footage and checkpoints of the Wav2Lip engines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.motion.features.official import write_safetensors

from mien import settings as settings_module
from mien.avatars import AvatarPackage, Manifest, PackageBuilder, builtin_picture
from mien.engines.wav2lip.checkpoint import network_file
from mien.engines.wav2lip.engine import Wav2Lip256Engine, Wav2LipEngine
from mien.engines.wav2lip.footage import load
from mien.engines.wav2lip.network import Topology
from mien.engines.wav2lip.paste import place_of
from mien.engines.wav2lip.prepare import smoothed, train
from mien.engines.wav2lip.sound import SILENT, Hearing, window
from mien.engines.wav2lip.spec import SPEC, Wav2LipOptions
from mien.errors import FaceError, PackageError, UsageError, WeightsError
from mien.media import VideoWriter, read_image
from mien.motion.features.spectra import wav2lip_mel
from mien.settings import Settings
from mien.studio.train import unmeasured, unseen
from mien.types import Image, Samples, TrainingRun, silent

from .conftest import speaking


def noise(seconds: float) -> Samples:
    return (np.random.default_rng(0).standard_normal(round(seconds * 16000)) * 0.1).astype(np.float32)


def heard(hearing: Hearing, samples: Samples, piece: int) -> list[np.ndarray]:
    found = []
    for start in range(0, len(samples), piece):
        hearing.push(samples[start : start + piece])
        found += [mel for mel, _ in hearing.frames()]
    hearing.end_segment()
    return found + [mel for mel, _ in hearing.frames()]


@pytest.mark.parametrize("fps", [25.0, 30.0])
def test_what_is_heard_is_what_the_official_program_cuts_out(fps: float) -> None:
    samples = noise(1.0)
    whole = wav2lip_mel(samples)
    mels = heard(Hearing(fps), samples, 16000)
    assert len(mels) == fps
    starts = [int(i * 80 / fps) for i in range(len(mels))]
    inner = [(mel, start) for mel, start in zip(mels, starts, strict=True) if start + 16 <= whole.shape[1] - 2]
    assert len(inner) > 0.7 * fps
    for mel, start in inner:
        np.testing.assert_allclose(mel, whole[:, start : start + 16], atol=1e-5)


def test_a_shift_reads_the_sound_later_or_sooner() -> None:
    samples = noise(0.6)
    plain, later, sooner = (heard(Hearing(25, shift), samples, 16000) for shift in (0, 1, -1))
    np.testing.assert_array_equal(later[3], plain[4])
    np.testing.assert_array_equal(sooner[4], plain[3])
    np.testing.assert_array_equal(sooner[0], plain[0])


def test_sound_is_heard_alike_however_it_comes() -> None:
    samples = noise(0.7)
    whole = heard(Hearing(25), samples, len(samples))
    for piece in (160, 1001):
        np.testing.assert_array_equal(heard(Hearing(25), samples, piece), whole)


def test_silence_is_heard_as_silence() -> None:
    np.testing.assert_array_equal(window(np.zeros(16000, np.float32), 0), SILENT)
    np.testing.assert_array_equal(window(np.zeros(0, np.float32), 40), SILENT)


def face(centre: float = 100.0) -> np.ndarray:
    """Landmarks of the astronaut, 100 pixels high."""
    points = np.random.default_rng(0).uniform(-1, 1, (478, 2))
    points /= np.abs(points).max(axis=0)
    return (centre + 50 * points).astype(np.float32)


def test_what_is_drawn_is_shown_inside_the_mask_and_its_colour_is_matched() -> None:
    image = np.full((200, 200, 3), (200, 150, 100), np.uint8)
    place = place_of(face(), (200, 200))
    assert place.box == (50, 50, 150, 153)
    darker = np.full((96, 96, 3), (60, 110, 160), np.float32)  # BGR
    np.testing.assert_array_equal(place.shown(image, darker, "blended"), image)
    darker[60:70, 40:56] = 0
    shown = place.shown(image, darker, "blended").astype(int)
    changed = np.abs(shown - image).max(axis=2)
    assert changed[place.box[1] + 70, 100] > 80
    left, top, right, bottom = place.box
    outside = np.ones((200, 200), bool)
    outside[top:bottom, left:right] = place.mask[..., 0] == 0
    assert not changed[outside].any()


def test_the_official_way_pastes_everything_truncated() -> None:
    image = np.full((200, 200, 3), 90, np.uint8)
    place = place_of(face(), (200, 200))
    shown = place.shown(image, np.full((96, 96, 3), (1.9, 2.9, 3.9), np.float32), "official")
    left, top, right, bottom = place.box
    assert (shown[top:bottom, left:right] == (3, 2, 1)).all()
    assert (shown[:top] == 90).all()
    assert (image == 90).all()


def test_a_face_beside_the_picture_is_told() -> None:
    with pytest.raises(FaceError, match="outside"):
        place_of(face() + 500, (200, 200))
    cut = place_of(face(195), (200, 200))
    assert cut.box == (145, 145, 200, 200)


def test_places_are_means_over_frames_in_which_the_face_is_seen() -> None:
    landmarks = np.tile(np.arange(6, dtype=np.float32)[:, None, None], (1, 478, 2))
    seen = np.array([True, True, True, True, False, True])
    np.testing.assert_allclose(smoothed(landmarks, seen)[:, 0, 0], [1, 1.5, 1.5, 11 / 4, 0, 4])


@pytest.fixture(scope="module")
def settings() -> Settings:
    return settings_module.load()


@pytest.fixture(scope="module")
def film(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AvatarPackage:
    """The astronaut moves for six frames, and is away for three."""
    folder = tmp_path_factory.mktemp("film")
    picture = builtin_picture("astronaut")
    assert picture is not None
    head = np.ascontiguousarray(read_image(picture)[:256, 100:356])
    away = np.full_like(head, 120)
    with VideoWriter(folder / "video.mp4", (256, 256), 25, None) as writer:
        for number in range(9):
            writer.write(np.roll(head, number, axis=1) if number < 6 else away)
    (folder / "work").mkdir()
    with PackageBuilder(folder / "film.mien") as builder:
        run = TrainingRun(
            video=folder / "video.mp4",
            work=folder / "work",
            package=builder,
            settings=settings,
            report=silent,
            metric=unmeasured,
            preview=unseen,
        )
        remarks = train(run)
        about = Manifest(name="film", engine=SPEC.name, source_sha256="0" * 64, size=(256, 256))
        package = builder.finish(about)
    assert remarks == ["In 3 of 9 frames no face is seen; they are shown as they are."]
    return package


def test_a_film_speaks_and_passes_frames_without_a_face(
    film: AvatarPackage, settings: Settings, checkpoint: Path, tmp_path: Path
) -> None:
    session = Wav2LipEngine(settings, checkpoint, tmp_path).open(film, Wav2LipOptions())
    footage = load(film, Wav2LipOptions())
    assert footage.seen.tolist() == [True] * 6 + [False] * 3
    assert session.size == (256, 256)
    session.push_audio(noise(0.36))
    session.end_segment()
    for number, frame in enumerate(session.frames()):
        same = np.array_equal(frame.image, footage.frames[number])
        assert same == (number >= 6)


def test_a_film_has_its_own_size(film: AvatarPackage) -> None:
    with pytest.raises(UsageError, match="is a film"):
        load(film, Wav2LipOptions(size=256))


def test_a_video_without_a_face_is_refused(settings: Settings, tmp_path: Path) -> None:
    grey: Image = np.full((64, 64, 3), 128, np.uint8)
    with VideoWriter(tmp_path / "grey.mp4", (64, 64), 25, None) as writer:
        for _ in range(3):
            writer.write(grey)
    with PackageBuilder(tmp_path / "grey.mien") as builder, pytest.raises(FaceError, match="No face was found"):
        train(
            TrainingRun(
                video=tmp_path / "grey.mp4",
                work=tmp_path,
                package=builder,
                settings=settings,
                report=silent,
                metric=unmeasured,
                preview=unseen,
            )
        )


@pytest.mark.parametrize(
    "change",
    [
        {"seen": np.zeros(9, bool)},
        {"seen": np.ones(8, bool)},
        {"landmarks": np.zeros((9, 478, 2), np.float32)},
        {"landmarks": np.full((9, 478, 2), np.nan, np.float32)},
        {"landmarks": np.random.default_rng(0).random((9, 478, 2)).astype(np.float32)},
    ],
)
def test_data_that_is_none_is_refused(change: dict[str, np.ndarray], film: AvatarPackage, tmp_path: Path) -> None:
    with PackageBuilder(tmp_path / "broken.mien") as builder:
        builder.add_bytes("film.mp4", film.read("film.mp4"))
        builder.add_arrays("faces", film.arrays("faces") | change)
        broken = builder.finish(Manifest.model_validate(film.manifest.model_dump() | {"files": {}}))
    with pytest.raises(PackageError, match="is not whole"):
        load(broken, Wav2LipOptions())


def test_a_network_is_made_once_for_each_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    file = network_file(checkpoint, "wav2lip", tmp_path)
    made = file.stat().st_mtime_ns
    assert network_file(checkpoint, "wav2lip", tmp_path) == file
    assert file.stat().st_mtime_ns == made
    assert [path.suffix for path in tmp_path.glob("wav2lip*")] == [".onnx"]


def test_checkpoints_that_cannot_be_used_leave_nothing(checkpoint: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(checkpoint.read_bytes()[:-100])
    other = tmp_path / "other.safetensors"
    write_safetensors(other, {"weight": np.ones(3, np.float32)})
    huge = tmp_path / "huge.pth"
    with huge.open("wb") as file:
        file.truncate(3 << 30)
    large = tmp_path / "large.safetensors"
    write_safetensors(large, speaking(Topology.of("wav2lip256", 3)))
    for path, told in (
        (cut, "cannot be read as weights"),
        (other, "holds no Wav2Lip"),
        (huge, "too much for a Wav2Lip"),
        (tmp_path / "gone.pth", "cannot be read"),
        (large, "holds the network of the engine 'wav2lip256'"),
    ):
        with pytest.raises(WeightsError, match=told):
            network_file(path, "wav2lip", tmp_path / "kept")
    assert not list((tmp_path / "kept").glob("wav2lip*"))


@pytest.mark.parametrize("engine", [Wav2LipEngine, Wav2Lip256Engine])
def test_without_weights_it_is_said_where_they_are(
    engine: type[Wav2LipEngine], film: AvatarPackage, tmp_path: Path, settings: Settings
) -> None:
    empty = settings.model_copy(update={"cache_dir": tmp_path})
    with pytest.raises(WeightsError, match="needs weights that Mien may not bring along") as caught:
        engine(empty).open(film, Wav2LipOptions())
    assert "mien weights pull wav2lip" in caught.value.hint
