"""How near a talking head is to the real video of the same moments: pictures, mouth, eyes, steadiness, synchrony."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien import settings as settings_module
from mien.errors import FaceError, MediaError
from mien.evaluation.baselines import Baselines, Contender, previous
from mien.evaluation.footage import MOST_SHIFT_S, Footage, Thumbnails, found_shift, thumbnail
from mien.evaluation.identity import FaceRecognizer
from mien.evaluation.lips import MIN_FPS, MIN_SEEN_S, Lips, from_landmarks
from mien.evaluation.lpips import Lpips
from mien.evaluation.remarks import Remark
from mien.evaluation.side_by_side import side_by_side as sides
from mien.evaluation.sync import SyncReport, compared, remembering, rounded
from mien.evaluation.tally import METRICS, Judges, Real, Series, Tally, mean
from mien.evaluation.tracked import LandmarkFile, follow
from mien.evaluation.worst import Worst, WorstFrames
from mien.face import FaceTracker
from mien.media import check_output
from mien.settings import Settings
from mien.types import Image, Landmarks, Progress, Report, Samples, silent
from mien.weights import WeightStore

GENERATED, FROZEN, NEAREST, PREVIOUS, REAL = "generated", "frozen", "nearest", "previous", "real"
TRACKED = "tracked"
"""What an avatar shows when its mouth is moved as the real one was."""
BASELINES = (FROZEN, NEAREST, PREVIOUS)
CONTENDERS = (GENERATED, *BASELINES, REAL)
"""Whose figures there are; those of other videos stand after the first."""

_OTHER_LENGTH_S = 0.5
_OTHER_FPS = 0.01
_RUN, _OF = 3, 15
"""A quick look is at so many frames in a row, for what flickers, of every so many."""
_APART_S = 1.0
"""Around a frame of the reference, mouths of the reference itself are not used for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Frames that the avatar's maker has seen, from which the baselines are taken.

    Args:
        frames: gives them in order.
        landmarks: of each, (N, 478, 3); NaN where no face is seen.
        own_from: where they are the reference's own frames: which of them is the first that is compared; the second around each frame is not
            used for it then. None: they are others.
    """

    frames: Callable[[], Iterator[Image]]
    landmarks: NDArray[np.float32]
    own_from: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """What `evaluate_quality` found.

    Args:
        generated, reference: names of the two videos.
        seconds, frames, fps: what was compared.
        size: width, height at which it was compared: the reference's.
        shift_frames: by how much the generated video is later than the reference; above 0: so many of its first frames have no counterpart.
        face: share of the compared frames in which a face is seen in both.
        scores: means by contender ("generated", others if there are any, "frozen", "nearest", "previous", "real") and metric; None where there is
            nothing to measure.
        sync: `evaluate sync` of "generated", the others and "real", as far as they have sound.
        worst: the frames whose mouth is furthest from the real one, worst first.
        remarks: for the user.
        series: what the means are of, frame by frame, for the generated video, others and the baselines. Not part of `as_dict`.
        step: of so many successive frames at least one was looked at.
    """

    generated: str
    reference: str
    seconds: float
    frames: int
    fps: float
    size: tuple[int, int]
    shift_frames: int
    face: float
    scores: dict[str, dict[str, float | None]]
    sync: dict[str, SyncReport]
    worst: tuple[Worst, ...] = field(repr=False)
    remarks: tuple[Remark, ...] = ()
    series: Mapping[str, Series] = field(repr=False)
    step: int = 1

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON has them; numbers are rounded to four digits behind the point."""
        names = ("generated", "reference", "seconds", "frames", "fps", "shift_frames", "face", "scores")
        return rounded({name: getattr(self, name) for name in names}) | {
            "size": list(self.size),
            "sync": {name: found.as_dict() for name, found in self.sync.items()},
            "worst": [
                rounded({"frame": each.index, "seconds": each.seconds, "psnr": each.psnr}) for each in self.worst
            ],
            "remarks": [remark.text() for remark in self.remarks],
        }


def evaluate_quality(
    generated: str | Path,
    reference: str | Path,
    *,
    lpips: Sequence[Path] = (),
    identity: Path | None = None,
    side_by_side: Path | None = None,
    overwrite: bool = False,
    settings: Settings | None = None,
    report: Report = silent,
) -> QualityReport:
    """Compares a generated video with the real one of the same moments.

    Frames belong together by their time, after a constant shift of up to 2 s has been looked for in what moves. Where the rates differ both
    are brought to the lower one; where the sizes differ the generated one is scaled; what only one of them has is left out. Each of these is
    told in `remarks`.

    Args:
        generated: a video file.
        reference: the real one.
        lpips: weights of LPIPS, see `mien.evaluation.lpips`.
        identity: a network for face recognition, see `mien.evaluation.identity`.
        side_by_side: a video to be written: the real one on the left, the generated one on the right, with its sound.
        overwrite: replace an existing one.
        settings: None: read from the environment and the settings file.
        report: progress, stages "look", "track", "learn" and "compare", in frames.

    Raises:
        NotFoundError: there is no such file.
        MediaError: no pictures, broken, too short, or the two show different pieces of the picture.
        FaceError: no face in the reference, or for less than a second.
        WeightsError: weights that are none.
        MissingDependency: LPIPS is asked for and PyTorch is not installed.
        AlreadyExistsError, OutputError: of the video that is written.
    """
    if side_by_side is not None:
        check_output(side_by_side, overwrite=overwrite)
    judges = open_judges(lpips, identity)
    made, real, remarks = _alike(Path(generated), Path(reference))
    tracker = FaceTracker(WeightStore.from_settings(settings or settings_module.load()))
    with TemporaryDirectory(prefix="mien-") as folder, LandmarkFile(Path(folder) / "landmarks") as file:
        seen = _thumbnails(made, report)
        most = len(seen) + round(MOST_SHIFT_S * real.fps)
        tracked = follow(real, tracker, file, "track", report)
        other = np.array([thumbnail(image) for image, _ in islice(tracked, most)])
        landmarks = file.landmarks()
        shift = found_shift(seen, other, real.fps)
        first = max(0, -shift)
        remarks += _time_remarks(len(seen), len(other), most, shift, real.fps)
        found = compare(
            made.starting(max(0, shift)),
            real.starting(first),
            landmarks[first:],
            Known(lambda: islice(real.frames(), len(landmarks)), landmarks, first),
            tracker,
            judges=judges,
            side_by_side=side_by_side,
            overwrite=overwrite,
            report=report,
        )
    return replace(found, shift_frames=shift, remarks=(*remarks, *found.remarks))


def open_judges(lpips: Sequence[Path], identity: Path | None) -> Judges:
    """Those whose weights the user has.

    Raises:
        WeightsError, MissingDependency: as `Lpips` and `FaceRecognizer`.
    """
    return Judges(Lpips(lpips) if lpips else None, None if identity is None else FaceRecognizer(identity))


def compare(
    generated: Footage,
    reference: Footage,
    landmarks: NDArray[np.float32],
    known: Known,
    tracker: FaceTracker,
    *,
    others: Mapping[str, Footage] | None = None,
    judges: Judges | None = None,
    side_by_side: Path | None = None,
    overwrite: bool = False,
    report: Report = silent,
) -> QualityReport:
    """Compares frames that belong together one by one, as far as all have any. Memory does not grow but for some numbers a frame.

    Args:
        generated: goes through its frames once.
        reference: the real ones, of the same rate and size.
        landmarks: of the reference's frames, (N, 478, 3); NaN where no face is seen.
        known: where the baselines come from.
        tracker: follows the generated faces.
        others: more videos of the same moments, which are measured likewise, by the names that they get in the report.
        judges: those who need weights.
        side_by_side, overwrite: as in `evaluate_quality`.
        report: progress, stages "learn" and "compare", in frames.

    Raises:
        MediaError: less than a second, or a video that cannot be read.
        FaceError: the reference has a face for less than a second.
    """
    made = {GENERATED: generated, **(others or {})}
    course = _Course(tuple(made), known, reference, landmarks, report, judges or Judges())
    with sides(side_by_side, reference.size, reference.fps, _sound(generated), overwrite=overwrite) as show:
        found = course.through(made, tracker, report, show)
    return found.report(GENERATED, *(others or {}))


def compare_each(
    made: Mapping[str, Footage],
    reference: Footage,
    landmarks: NDArray[np.float32],
    known: Known,
    tracker: FaceTracker,
    *,
    report: Report = silent,
) -> dict[str, QualityReport]:
    """A quick look at several videos of the same moments in one pass, each as if it were alone: lips are followed in all frames, but of every
    15 only three in a row are looked at otherwise.

    Args:
        made: by any names; those of the reports are the same.
        reference, landmarks, known, tracker, report: as of `compare`.

    Raises:
        MediaError, FaceError: as `compare`.
    """
    course = _Course(tuple(made), known, reference, landmarks, report, Judges(), quick=True)
    found = course.through(made, tracker, report)
    return {name: found.report(name) for name in made}


class _Course:
    """All contenders on their way through the video.

    Args:
        names: of the generated videos.
        known, reference, landmarks, report, judges: as of `compare`.
        quick: as in `compare_each`.

    Raises:
        FaceError, MediaError: as `compare`.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        known: Known,
        reference: Footage,
        landmarks: NDArray[np.float32],
        report: Report,
        judges: Judges,
        *,
        quick: bool = False,
    ) -> None:
        _check(reference.name, landmarks, reference.fps)
        total = len(known.landmarks)
        self.tallies = {name: Tally() for name in (*names, *BASELINES, REAL)}
        self.worst = {name: WorstFrames(reference.fps) for name in names}
        self.reference, self.frames, self.quick = reference, 0, quick
        self._landmarks, self._known, self._judges = landmarks, known, judges
        self._baselines = Baselines(_reported(known.frames(), "learn", total, report), known.landmarks)
        self._before: tuple[Image, Landmarks] | None = None

    def through(
        self,
        made: Mapping[str, Footage],
        tracker: FaceTracker,
        report: Report,
        show: Callable[[Image, Image], None] = lambda *_: None,
    ) -> _Compared:
        """Goes all the way with the generated videos; `show` is given the real frames and those of the first."""
        with TemporaryDirectory(prefix="mien-") as folder, ExitStack() as stack:
            files = [stack.enter_context(LandmarkFile(Path(folder, str(number)))) for number in range(len(made))]
            told = (report, *(silent for _ in made))
            shown = zip(
                *(
                    follow(footage, tracker, file, "compare", tell, len(self._landmarks))
                    for footage, file, tell in zip(made.values(), files, told, strict=False)
                ),
                strict=False,
            )
            for image, points, faces in zip(self.reference.frames(), self._landmarks, shown, strict=False):
                self.add(image, None if np.isnan(points[0, 0]) else points, dict(zip(made, faces, strict=True)))
                show(image, faces[0][0])
            own = {name: file.landmarks()[: self.frames] for name, file in zip(made, files, strict=True)}
            return _Compared.of(self, made, own, self._landmarks[: self.frames])

    def add(
        self, image: Image, landmarks: Landmarks | None, made: Mapping[str, tuple[Image, Landmarks | None]]
    ) -> None:
        """The next frame: the real one and its landmarks, and the generated ones with those found in them."""
        if self.quick and self.frames % _OF >= _RUN:
            for tally in self.tallies.values():
                tally.skip()
        else:
            self._look(image, landmarks, made)
        self._before = None if landmarks is None else (image, landmarks)
        self.frames += 1

    def _look(
        self, image: Image, landmarks: Landmarks | None, made: Mapping[str, tuple[Image, Landmarks | None]]
    ) -> None:
        fps = self.reference.fps
        real = Real(image, landmarks, self.frames, fps, self._judges)
        for name, face in made.items():
            tally = self.tallies[name]
            tally.add(real, *face)
            self.worst[name].add(self.frames, real, face[0], tally.latest("psnr_mouth"), tally.latest("psnr_whole"))
        self.tallies[REAL].add_real(real, fps)
        rivals = {} if landmarks is None else self._rivals(image, landmarks)
        for name in BASELINES:
            if name in rivals:
                self.tallies[name].add(real, rivals[name].image, rivals[name].landmarks)
            else:
                self.tallies[name].skip()

    def scores(self) -> dict[str, dict[str, float | None]]:
        """Means by contender and metric."""
        real = self.tallies[REAL]
        found: dict[str, dict[str, float | None]] = {}
        for name, tally in self.tallies.items():
            series = tally.series()
            means = {metric.name: mean(series[metric.name]) if metric.name in series else None for metric in METRICS}
            if tally is not real:
                means["au45"] = mean(np.abs(tally.blinks() - real.blinks()))
            means["naturalness"] = mean(np.array([real.naturalness[0].distance(tally.naturalness[1])]))
            found[name] = means
        return found

    def _rivals(self, image: Image, landmarks: Landmarks) -> dict[str, Contender]:
        not_from = range(0)
        if self._known.own_from is not None:
            middle, apart = self._known.own_from + self.frames, round(_APART_S * self.reference.fps)
            not_from = range(middle - apart, middle + apart + 1)
        found = {
            FROZEN: self._baselines.frozen(image, landmarks),
            NEAREST: self._baselines.nearest(image, landmarks, not_from),
        }
        if self._before is not None:
            found[PREVIOUS] = previous(image, landmarks, *self._before)
        return found


@dataclass(frozen=True, slots=True)
class _Compared:
    """What a course found.

    Args:
        course: of all frames.
        names: of the videos, by the course's names.
        faces: share of the frames in which a face is seen in both, likewise.
        sync: likewise, and "real".
        unheard: those whose lips are seen, but who have no sound.
    """

    course: _Course
    names: Mapping[str, str]
    faces: Mapping[str, float]
    sync: Mapping[str, SyncReport]
    unheard: frozenset[str]

    @classmethod
    def of(
        cls,
        course: _Course,
        made: Mapping[str, Footage],
        own: Mapping[str, NDArray[np.float32]],
        real: NDArray[np.float32],
    ) -> _Compared:
        """Of landmarks by the videos' names, (N, 478, 3) each, and those of the reference.

        Raises:
            MediaError: less than a second.
        """
        names = {name: footage.name for name, footage in made.items()}
        seconds = course.frames / course.reference.fps
        if seconds < MIN_SEEN_S:
            raise MediaError(
                f"{next(iter(names.values()))} and {course.reference.name} have {seconds:.2f} s in common; that is too short to measure.",
                hint="Use two videos of the same speech, of some seconds.",
            )
        there = np.isfinite(real[:, 0, 0])
        faces = {name: float((np.isfinite(each[:, 0, 0]) & there).mean()) for name, each in own.items()}
        return cls(course, names, faces, *_synchrony(made, course.reference, own, real))

    def report(self, name: str, *others: str) -> QualityReport:
        """Of one of the videos, with others beside it."""
        course, reference = self.course, self.course.reference
        remarks: tuple[Remark, ...] = ()
        if name not in self.sync:
            remarks += (Remark("mute" if name in self.unheard else "no_lips", {}),)
        if self.faces[name] < 1:
            lost = (1 - self.faces[name]) * course.frames / reference.fps
            remarks += (Remark("lost", {"seconds": f"{lost:.1f}"}),)
        shown = {GENERATED: name} | {each: each for each in (*others, *BASELINES, REAL)}
        scores = course.scores()
        return QualityReport(
            generated=self.names[name],
            reference=reference.name,
            seconds=course.frames / reference.fps,
            frames=course.frames,
            fps=reference.fps,
            size=reference.size,
            shift_frames=0,
            face=self.faces[name],
            scores={told: scores[own] for told, own in shown.items()},
            sync={told: self.sync[own] for told, own in shown.items() if own in self.sync},
            worst=course.worst[name].found(),
            remarks=remarks,
            series={told: course.tallies[own].series() for told, own in shown.items()},
            step=_OF if course.quick else 1,
        )


def _alike(generated: Path, reference: Path) -> tuple[Footage, Footage, tuple[Remark, ...]]:
    """Both videos at one rate and in one size, and what had to be done for it."""
    made, real = Footage.of_file(generated), Footage.of_file(reference)
    remarks: tuple[Remark, ...] = ()
    if abs(real.fps - made.fps) > _OTHER_FPS:
        fps = min(real.fps, made.fps)
        values = {"one": f"{made.fps:.4g}", "other": f"{real.fps:.4g}", "both": f"{fps:.4g}"}
        remarks += (Remark("rates", values),)
        made, real = Footage.of_file(generated, fps), Footage.of_file(reference, fps)
    if made.size != real.size:
        one, other = (f"{width} × {height}" for width, height in (made.size, real.size))
        remarks += (Remark("sizes", {"one": one, "other": other}),)
    return made.scaled(real.size), real, remarks


def _thumbnails(footage: Footage, report: Report) -> Thumbnails:
    return np.array([thumbnail(image) for image in _reported(footage.frames(), "look", None, report)])


def _reported(images: Iterable[Image], stage: str, total: int | None, report: Report) -> Iterator[Image]:
    for index, image in enumerate(images):
        report(Progress(stage, index + 1, total, "frames"))
        yield image


def _time_remarks(made: int, real: int, most: int, shift: int, fps: float) -> tuple[Remark, ...]:
    found: tuple[Remark, ...] = ()
    if shift:
        found += (Remark("shifted", {"frames": f"{shift:+d}", "ms": f"{1000 * shift / fps:+.0f}"}),)
    if real == most:  # so much of it was read, and nobody knows how much more there is
        return (*found, Remark("longer", {"one": f"{made / fps:.1f}"}))
    if abs(made - real) > _OTHER_LENGTH_S * fps:
        found += (Remark("lengths", {"one": f"{made / fps:.1f}", "other": f"{real / fps:.1f}"}),)
    return found


def _check(name: str, landmarks: NDArray[np.float32], fps: float) -> None:
    seen = int(np.isfinite(landmarks[:, 0, 0]).sum()) / fps
    if seen < MIN_SEEN_S:
        raise FaceError(
            f"A face is seen in {seen:.1f} of the {len(landmarks) / fps:.1f} s of {name}.",
            hint="Use a video of some seconds in which one face is clearly visible.",
        )


def _sound(footage: Footage) -> Samples | None:
    """None if there is none, or none that can be heard."""
    try:
        return footage.sound()
    except MediaError:
        return None


def _synchrony(
    made: Mapping[str, Footage],
    reference: Footage,
    own: Mapping[str, NDArray[np.float32]],
    real: NDArray[np.float32],
) -> tuple[dict[str, SyncReport], frozenset[str]]:
    """The generated lips with their sound and beside the real ones, and the real lips with theirs, as far as lips are seen; and whose have no sound.

    Args:
        made: all that was generated.
        reference: the real video.
        own: landmarks, by the names in `made`.
        real: landmarks of the reference.
    """
    fps = reference.fps
    found: dict[str, SyncReport] = {}
    if fps < MIN_FPS or not _long_enough(real, fps):
        return found, frozenset()
    real_lips, hear = _lips(real, fps), remembering()
    seen = {name: footage for name, footage in made.items() if _long_enough(own[name], fps)}
    for name, footage in seen.items():
        if (heard := _sound(footage)) is not None:
            beside = (reference.name, real_lips)
            found[name] = compared(footage.name, _lips(own[name], fps), heard, reference=beside, hear=hear)
    if (heard := _sound(reference)) is not None:
        found[REAL] = compared(reference.name, real_lips, heard, hear=hear)
    return found, frozenset(seen) - frozenset(found)


def _long_enough(landmarks: NDArray[np.float32], fps: float) -> bool:
    return int(np.isfinite(landmarks[:, 0, 0]).sum()) >= MIN_SEEN_S * fps


def _lips(landmarks: NDArray[np.float32], fps: float) -> Lips:
    return from_landmarks((None if np.isnan(face[0, 0]) else face for face in landmarks), fps)
