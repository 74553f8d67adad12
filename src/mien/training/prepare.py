"""From a video to a dataset, in stages that are not done twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.errors import FaceError, MediaError, UsageError
from mien.evaluation.lips import from_landmarks
from mien.evaluation.shapes import au25
from mien.face import Face, FaceTracker, Matting, au45, eye_aspect_ratio
from mien.media import AudioReader, Resampler, VideoReader, atomic_output, is_silent, write_image, write_wav
from mien.media.containers import require_file
from mien.media.files import writing
from mien.motion.articulation import MOUTH_CHANNELS, MOUTH_RATE
from mien.settings import Settings
from mien.training import offset
from mien.training.appearance import SIDE, Appearance, cut
from mien.training.dataset import BACKDROP, LANDMARKS, LOOKS, MOUTH, PERSON, PLATE, SOUND, TRACK, UNITS, Dataset
from mien.training.folder import Record, load_arrays, save_arrays
from mien.training.matte import covering, find_plate
from mien.training.mouth import heard
from mien.training.openface import read_units
from mien.training.person import find_space
from mien.training.remarks import of_mouth, of_pictures, of_sound
from mien.training.smoothing import BLOCK, smooth
from mien.training.split import FPS, Split
from mien.training.window import head_window
from mien.types import SAMPLE_RATE, Image, Matte, Progress, Report, Samples, Sound, frame_bounds, silent
from mien.weights import WeightStore

LEAST_S = 8.0
"""Of a video: below that too little is left to learn from when the end is kept to judge by."""

WIDE_OPEN = 0.25
"""IOD between the lips that counts as 1 for AU25: as wide as speech opens them, see `MOUTH_CHANNELS`."""

SIZES = (128, 1024)
"""Smallest and largest width of the frames."""

_SIZE = 512
_COMPARED_S = 60.0
"""Of lips and sound, to find out whether they are in time."""
_VIEW, _OTHER_VIEW = 24, 0.16
"""Side of a thumbnail, and the mean difference (of 1) between two consecutive ones from which the scene has changed."""
_EDGES = 256
"""Pixels; see `Matting`."""
_BEHIND_EVERY = 5
"""Frames of which one is asked what is behind the person."""


def prepare(
    video: Path,
    folder: Path,
    settings: Settings,
    *,
    size: int | None = None,
    au_csv: Path | None = None,
    background: Image | None = None,
    report: Report = silent,
) -> Dataset:
    """Makes a video's dataset, or finishes one that was broken off; what is done already is not done again.

    Args:
        video: of one person who speaks.
        folder: becomes the dataset; it need not exist.
        settings: see `mien.settings`.
        size: width and height of the frames in pixels; None: that of the folder, or 512 in a new one.
        au_csv: OpenFace's table of action units for this video: its AU45 and AU25 take the place of what eyes and
            lips look like; None: as the folder has it.
        background: is shown instead of the one that was filmed, by a camera that stands still: uint8 RGB of any size; None: as the folder
            has it.
        report: progress, stages "track", "listen", "learn" and "matte".

    Raises:
        UsageError: a size that is not possible.
        NotFoundError: there is no such file.
        MediaError: the video cannot be read, or is too short.
        FaceError: it shows no face, or too seldom.
        InputError: the mouth does not move; `folder` holds something else; `au_csv` is no such table.
        OutputError: the folder cannot be written.
    """
    if size is not None and not SIZES[0] <= size <= SIZES[1]:
        raise UsageError(f"A size of {size} pixels is not possible.", hint=f"Use {SIZES[0]} to {SIZES[1]}.")
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    work = _Work(video, folder, Record(folder), settings, report)
    work.source()
    work.track(size)
    work.units(au_csv)
    work.listen()
    work.learn()
    work.backdrop(background)
    return Dataset.open(folder)


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """The stages, in the order in which each needs those before it."""

    video: Path
    folder: Path
    record: Record
    settings: Settings
    report: Report

    def source(self) -> None:
        with VideoReader(self.video) as reader:
            seconds = reader.duration_s
        if seconds is not None and seconds < LEAST_S:
            raise _too_short(self.video, seconds)
        sha256 = _sha256(self.video)
        self.record.begun("source", {"sha256": sha256})
        self.record.done("source", video=str(self.video.absolute()), sha256=sha256)

    def track(self, wanted: int | None) -> None:
        size = wanted or self.record.facts.get("size", _SIZE)
        if not self.record.begun("track", {"size": size, "fps": FPS}):
            return
        with (
            atomic_output(self.folder / "found.f32", overwrite=True) as found,
            atomic_output(self.folder / LOOKS, overwrite=True) as looks,
        ):
            sight = self._find(found, looks)
            raw = np.memmap(found, np.float32, "r", shape=(sight.count, 478, 3))
            seen = np.array([not np.isnan(face[0, 0]) for face in raw])
            window = head_window(_boxes(raw, seen), sight.picture, size)
            cuts = np.array(sight.cuts, np.int64)
            with atomic_output(self.folder / LANDMARKS, overwrite=True) as file:
                kept = np.lib.format.open_memmap(file, "w+", np.float32, raw.shape)
                smooth(raw, seen, cuts, kept)
                for part in (slice(start, start + BLOCK) for start in range(0, len(seen), BLOCK)):
                    kept[part] = window.shown(kept[part])
                kept.flush()
                del kept
            places = np.array(sight.places, np.float32)
            places[:, :2] -= (window.x, window.y)
            save_arrays(self.folder / TRACK, seen=seen, cuts=cuts, looks=places * np.float32(window.scale))
            del raw
        (self.folder / "found.f32").unlink()
        self.record.done("track", count=sight.count, window=[window.x, window.y, window.side], size=size)

    def _find(self, target: Path, looks: Path) -> _Sight:
        """Writes the landmarks of all frames, in pixels of the source, and what the mouth looks like in them."""
        tracker = FaceTracker(WeightStore.from_settings(self.settings), self.settings.threads)
        nothing = np.full((478, 3), np.nan, np.float32)
        with VideoReader(self.video, fps=FPS) as reader, target.open("wb") as file, looks.open("wb") as pictures:
            total = round(reader.duration_s * FPS) if reader.duration_s else None
            sight = _Sight(picture=reader.size)
            for face in tracker.track(sight.watched(reader)):
                (nothing if face is None else face.landmarks).astype(np.float32).tofile(file)
                sight.look(face).tofile(pictures)
                self.report(Progress("track", sight.count, total, "frames"))
        if sight.count < LEAST_S * FPS:
            raise _too_short(self.video, sight.count / FPS)
        return sight

    def units(self, au_csv: Path | None) -> None:
        table = self.record.facts.get("au_csv", "") if au_csv is None else _sha256(au_csv)
        if not self.record.begun("units", {"au_csv": table}):
            return
        count = self.record.facts["count"]
        landmarks = self._landmarks()
        told = {} if au_csv is None else read_units(au_csv, count, FPS)
        if "blink" not in told:
            parts = (landmarks[start : start + BLOCK] for start in range(0, count, BLOCK))
            told["blink"] = au45(np.concatenate([eye_aspect_ratio(part) for part in parts]))
        if "parted" not in told:
            gaps = np.array([au25(face) for face in landmarks], np.float32)
            told["parted"] = np.clip(np.nan_to_num(gaps / WIDE_OPEN), 0, 1)
        save_arrays(self.folder / UNITS, **told)
        self.record.done("units", au_csv="" if au_csv is None else table)

    def listen(self) -> None:
        if not self.record.begun("listen", {}):
            return
        count = self.record.facts["count"]
        length = frame_bounds(count - 1, FPS)[1]
        samples = _sound(self.video, length)
        if samples is None:
            write_wav(self.folder / SOUND, Sound(np.zeros(length, np.float32), SAMPLE_RATE), overwrite=True)
            rows = np.zeros((round(count / FPS * MOUTH_RATE), len(MOUTH_CHANNELS)), np.float32)
            save_arrays(self.folder / MOUTH, values=rows)
            self.record.done("listen", late_ms=0, heard=False)
            return
        pieces = (samples[start : start + SAMPLE_RATE] for start in range(0, len(samples), SAMPLE_RATE))
        rows = heard(pieces, count / FPS, self.report)
        late_ms = self._late_ms(rows)
        write_wav(
            self.folder / SOUND, Sound(_earlier(samples, late_ms * SAMPLE_RATE // 1000), SAMPLE_RATE), overwrite=True
        )
        save_arrays(self.folder / MOUTH, values=_earlier(rows, late_ms * round(MOUTH_RATE) // 1000))
        self.record.done("listen", late_ms=late_ms, heard=True)

    def _late_ms(self, rows: NDArray[np.float32]) -> int:
        """By how much the sound is late, if that is sure."""
        landmarks, seen = self._landmarks(), load_arrays(self.folder / TRACK)["seen"]
        first = min(len(seen), round(_COMPARED_S * FPS))
        if not seen[:first].any():
            return 0
        lips = from_landmarks([landmarks[frame] if seen[frame] else None for frame in range(first)], FPS)
        found = offset.measure(lips, rows[: round(first * MOUTH_RATE / FPS)])
        return found.offset_ms if found is not None and found.clear else 0

    def learn(self) -> None:
        if not self.record.begun("learn", {}):
            return
        self.report(Progress("learn", 0))
        track = load_arrays(self.folder / TRACK)
        seen, cuts = track["seen"], track["cuts"]
        split = Split.of(len(seen))
        train = split.train
        heard = self.record.facts["heard"]
        pictures = np.memmap(self.folder / LOOKS, np.uint8, "r", shape=(len(seen), SIDE, SIDE))
        space = find_space(self._landmarks(), Appearance(pictures, track["looks"]), seen, cuts, train)
        rows = load_arrays(self.folder / MOUTH)["values"] if heard else None
        space.calibrated(rows, slice(0, split.test.start)).save(self.folder / PERSON)
        parted = load_arrays(self.folder / UNITS)["parted"][train]
        told = [*of_pictures(seen, cuts), *of_sound(heard, self.record.facts["late_ms"]), *of_mouth(parted)]
        self.record.done("learn", remarks=told)

    def backdrop(self, background: Image | None) -> None:
        known = self.record.facts.get("backdrop", "")
        wanted = known if background is None else hashlib.sha256(background.tobytes()).hexdigest()
        if not self.record.begun("backdrop", {"background": wanted}):
            return
        dataset = Dataset(self.folder, self.record)
        if wanted:
            self._cut_out(dataset)
            pairs = zip(dataset.filmed(), dataset.mattes.frames(), strict=False)
            write_image(self.folder / PLATE, find_plate(islice(pairs, 0, None, _BEHIND_EVERY)), overwrite=True)
        if background is not None:
            write_image(self.folder / BACKDROP, covering(background, dataset.size), overwrite=True)
        self.record.done("backdrop", backdrop=wanted)

    def _cut_out(self, dataset: Dataset) -> None:
        """Makes the mattes that are still missing."""
        matting = Matting(WeightStore.from_settings(self.settings), self.settings.threads, _EDGES)
        for piece in dataset.mattes.missing():

            def matted(piece: slice = piece) -> Iterator[Matte]:
                for number, image in enumerate(dataset.filmed(piece.start, piece.stop), piece.start + 1):
                    yield matting.matte(image)
                    self.report(Progress("matte", number, dataset.count, "frames"))

            dataset.mattes.add(piece, matted())

    def _landmarks(self) -> NDArray[np.float32]:
        return np.load(self.folder / LANDMARKS, mmap_mode="r", allow_pickle=False)


class _Sight:
    """What is noticed of a video beside its face.

    Args:
        picture: width and height of its frames.
    """

    def __init__(self, picture: tuple[int, int]) -> None:
        self.picture = picture
        self.count = 0
        self.cuts: list[int] = []
        self.places: list[NDArray[np.float32]] = []
        """Of the pictures that `look` gave; see `Appearance`."""
        self._image: Image | None = None
        self._last: NDArray[np.float32] | None = None

    def watched(self, images: Iterable[Image]) -> Iterator[Image]:
        for image in images:
            width, height = self.picture
            rows, columns = (((np.arange(_VIEW) + 0.5) * side / _VIEW).astype(int) for side in (height, width))
            view = image[np.ix_(rows, columns)].mean(axis=2, dtype=np.float32) / 255
            if self._last is not None and np.abs(view - self._last).mean() > _OTHER_VIEW:
                self.cuts.append(self.count)
            self._image, self._last = image, view
            self.count += 1
            yield image

    def look(self, face: Face | None) -> NDArray[np.uint8]:
        """What the mouth of the face looks like in the image that was given last: uint8 grey (SIDE, SIDE); black without a face."""
        picture, place = np.zeros((SIDE, SIDE), np.uint8), np.zeros(3, np.float32)
        if face is not None and self._image is not None:
            picture, place = cut(self._image, face.landmarks)
        self.places.append(place)
        return picture


def _earlier(rows: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """So many rows earlier, below 0 later; of the same length."""
    if count == 0:
        return rows
    moved = np.zeros_like(rows)
    if count > 0:
        moved[: len(rows) - count] = rows[count:]
    else:
        moved[-count:] = rows[:count]
    return moved


def _sha256(path: Path) -> str:
    require_file(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _too_short(video: Path, seconds: float) -> MediaError:
    return MediaError(
        f"{video} lasts {seconds:.1f} s; at least {LEAST_S:g} s are needed to learn a face.",
        hint="Film half a minute or more of one person who speaks.",
    )


def _boxes(landmarks: NDArray[np.float32], seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """left, top, right, bottom in the frames with a face: (n, 4)."""
    known = np.flatnonzero(seen)
    if not len(known):
        raise FaceError(
            f"No face was found in {len(seen)} frames.", hint="Use a video in which one face is clearly visible."
        )
    return np.array([[*landmarks[n, :, :2].min(axis=0), *landmarks[n, :, :2].max(axis=0)] for n in known])


def _sound(video: Path, length: int) -> Samples | None:
    """Cut to a length, or followed by silence; None if nothing can be heard."""
    with VideoReader(video) as pictures:
        if not pictures.has_sound:
            return None
    # Half an hour of it is 115 MB: it is never there twice.
    samples, filled = np.zeros(length, np.float32), 0
    with AudioReader(video) as reader:
        resampler = Resampler(reader.sample_rate, SAMPLE_RATE)
        for part in _resampled(reader, resampler):
            kept = part[: length - filled]
            samples[filled : filled + len(kept)] = kept
            filled += len(kept)
    return None if is_silent(Sound(samples, SAMPLE_RATE)) else samples


def _resampled(blocks: Iterable[Samples], resampler: Resampler) -> Iterator[Samples]:
    for block in blocks:
        yield resampler.push(block)
    yield resampler.finish()
