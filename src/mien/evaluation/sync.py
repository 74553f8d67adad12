"""How well the lips of a video go with its sound, and with those of a real face that says the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mien import settings as settings_module
from mien.errors import MediaError, UsageError
from mien.evaluation import closures, steadiness
from mien.evaluation.agreement import MOST_LAG_S, Agreement, Comparison, Tracks
from mien.evaluation.closures import Closures, Expected, Spans
from mien.evaluation.lips import CHANNELS, Curve, Lips, measured
from mien.evaluation.recognised import english_sounds
from mien.evaluation.remarks import Remark
from mien.evaluation.steadiness import Jitter, Silence
from mien.evaluation.syncnet import SyncNet, SyncScores, score_video
from mien.face import FaceTracker
from mien.media import VideoReader, is_silent, read_audio
from mien.media.resample import resample
from mien.motion import MOUTH_RATE, mouth_from_phonemes
from mien.motion.alignment import Aligner
from mien.motion.from_sound import SoundMouth
from mien.motion.source import Rows
from mien.motion.visemes import GAP, JAW, ROUND, STRETCH
from mien.settings import Settings
from mien.types import SAMPLE_RATE, Phoneme, Progress, Report, Samples, silent
from mien.weights import WeightStore

NETWORK, PHONEMES, LOUDNESS = "network", "phonemes", "loudness"
"""What lips are compared with."""

_HOP = round(SAMPLE_RATE / MOUTH_RATE)
_FLOOR = 1e-8
"""-80 dB of full scale."""
_OTHER_LENGTH_S = 0.5
_SAME_SOUND = 0.5
"""r of the loudness of two recordings of the same speech is far above this."""
_FEW_S = 8.0
"""From less, a figure says little."""


@dataclass(frozen=True, slots=True)
class Following:
    """How the lips follow something.

    Args:
        best: at the lag where they follow it best.
        fixed: at the lag that was asked for.
    """

    best: Agreement
    fixed: Agreement


@dataclass(frozen=True, slots=True)
class Beside:
    """The lips beside those of a reference, frame by frame.

    Args:
        video: the reference.
        seconds: compared.
        best, fixed: r of the curves; lag > 0: later than the reference's.
        error: mean absolute difference by channel at the best lag, IOD.
        amplitude: spread by channel as a multiple of the reference's; None where that does not move.
    """

    video: str
    seconds: float
    best: Agreement
    fixed: Agreement
    error: dict[str, float]
    amplitude: dict[str, float | None]


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """What was measured, for pictures of it.

    Args:
        lips: of the video.
        tracks: what they were compared with, (3, N) at `MOUTH_RATE`, by name.
        expected: where lips have to be shut.
        silence: seconds from … to.
        reference: of the other video.
    """

    lips: Lips
    tracks: Mapping[str, Tracks]
    expected: Expected
    silence: Spans
    reference: Lips | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """What `evaluate_sync` found.

    Args:
        video: what was measured.
        seconds: its length.
        measured_s: seconds with a face.
        fps, frames: of the video.
        face: share of the frames in which the face is seen.
        faces: how many are seen at once, at most.
        follows: by what the lips are compared with: "network", "phonemes" where they are known, "loudness".
        closures: None if the speech has no p b m.
        silence: None if it is never silent.
        jitter: of the lips.
        reference: with a reference only.
        syncnet: with SyncNet's weights only.
        remarks: for the user.
        curves: not part of `as_dict`.
    """

    video: str
    seconds: float
    measured_s: float
    fps: float
    frames: int
    face: float
    faces: int
    follows: dict[str, Following]
    closures: Closures | None
    silence: Silence | None
    jitter: Jitter
    reference: Beside | None = None
    syncnet: SyncScores | None = None
    remarks: tuple[Remark, ...] = ()
    curves: Curves = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON has them; numbers are rounded to four digits behind the point."""
        plain = asdict(replace(self, curves=None, remarks=()))  # pyright: ignore[reportArgumentType]
        del plain["curves"]
        return rounded(plain) | {"remarks": [remark.text() for remark in self.remarks]}


def evaluate_sync(
    video: str | Path,
    *,
    reference: str | Path | None = None,
    lag_ms: float = 0.0,
    text: str = "",
    spoken: str = "",
    phonemes: Sequence[Phoneme] | None = None,
    syncnet: str | Path | None = None,
    settings: Settings | None = None,
    report: Report = silent,
) -> SyncReport:
    """Tracks the lips of a video and compares them with its own sound.

    Args:
        video: a file with a face and its speech.
        reference: a video of a real face that says the same from the same moment on.
        lag_ms: r is also told at this lag, within ± 200; below 0 the lips are earlier than the sound.
        text: what is said, if it is known: its sounds are found by alignment.
        spoken: the language. With a text, espeak-ng's name of it; "": as its script tells. Without one, "en": the sounds of English are
            recognised with PocketSphinx; "": the network's ear has to do.
        phonemes: what is spoken and when, where even that is known.
        syncnet: weights of SyncNet, for LSE-C and LSE-D; see `mien.evaluation.syncnet`. None: those of the setting `syncnet`, if any.
        settings: None: read from the environment and the settings file.
        report: progress, stages "track", "listen" and "reference".

    Raises:
        UsageError: a lag or language that is not possible.
        NotFoundError: there is no such file, or the text's language is not known.
        TextError: nothing in the text can be spoken.
        MediaError: no sound, no pictures, broken, silent, too short or of too few frames.
        FaceError: no face.
        WeightsError: `syncnet` is none.
        MissingDependency: PocketSphinx or PyTorch is asked for and not installed.
    """
    _check(lag_ms, spoken, text)
    chosen = settings or settings_module.load()
    path = Path(video)
    samples = speech_of(path)
    if reference is not None:
        VideoReader(Path(reference)).close()  # what cannot be opened should not be noticed after minutes of tracking
    weights = chosen.syncnet if syncnet is None else Path(syncnet)
    judge = None if weights is None else SyncNet(weights)
    store = WeightStore.from_settings(chosen)
    lips = measured(path, store, report=report)
    report(Progress("listen", 0))
    known = None if phonemes is None else Known(tuple(phonemes), "phonemes")
    known = known or _known(_under(lips, samples), text, spoken, chosen, report)
    other = None if reference is None else measured(Path(reference), store, stage="reference", report=report)
    found = compared(
        str(video),
        lips,
        samples,
        known=known,
        lag_ms=lag_ms,
        reference=None if other is None else (str(reference), other),
    )
    remarks = found.remarks
    if text and known is None:
        remarks += (Remark("other_text", {}),)
    if reference is not None and other is not None:
        remarks += _reference_remarks(samples, Path(reference), found.seconds, len(other.gap) / other.fps)
    return replace(found, syncnet=judge and score_video(path, judge, FaceTracker(store)), remarks=remarks)


def compared(
    name: str,
    lips: Lips,
    samples: Samples,
    *,
    known: Known | None = None,
    lag_ms: float = 0.0,
    reference: tuple[str, Lips] | None = None,
    hear: Callable[[Samples], Rows] | None = None,
) -> SyncReport:
    """What `evaluate_sync` finds for lips that are measured already.

    Args:
        name: of the video.
        lips: its.
        samples: its sound, 16 kHz, from the first frame on.
        known: what is spoken and when.
        lag_ms: as in `evaluate_sync`.
        reference: name and lips of a real face that says the same at the same time.
        hear: see `remembering`.
    """
    samples = _under(lips, samples)
    seconds = len(lips.gap) / lips.fps
    heard = (hear or _network_rows)(samples)
    tracks, expected = _tracks(samples, heard, known)
    comparison = Comparison(lips, len(heard))
    follows = {track: _following(comparison, values, lag_ms) for track, values in tracks.items()}
    lag = follows[NETWORK if known is None else PHONEMES].best.lag_ms
    silence = steadiness.silent_spans(loudness(samples))
    return SyncReport(
        video=name,
        seconds=seconds,
        measured_s=float(lips.seen.sum() / lips.fps),
        fps=lips.fps,
        frames=len(lips.gap),
        face=float(lips.seen.mean()),
        faces=lips.faces,
        follows=follows,
        closures=closures.measure(lips, expected, lag, seconds),
        silence=steadiness.in_silence(lips, silence, seconds),
        jitter=steadiness.jitter(lips),
        reference=None if reference is None else _beside(lips, reference[1], lag_ms, reference[0]),
        remarks=_remarks(lips, seconds),
        curves=Curves(lips, tracks, expected, silence, None if reference is None else reference[1]),
    )


def loudness(samples: Samples) -> Curve:
    """dB of full scale at `MOUTH_RATE`."""
    hops = samples[: len(samples) // _HOP * _HOP].reshape(-1, _HOP)
    return 10 * np.log10((hops.astype(np.float64) ** 2).mean(axis=1) + _FLOOR)


def channels(rows: np.ndarray) -> Tracks:
    """What a mouth's rows say of jaw, gap and width: (N, 8 or more) → (3, N)."""
    return np.stack([rows[:, JAW], rows[:, GAP], rows[:, STRETCH] - rows[:, ROUND]]).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Known:
    """What is spoken and when, and who says so: see `Expected.reference`."""

    phonemes: tuple[Phoneme, ...]
    reference: str


def _known(samples: Samples, text: str, spoken: str, settings: Settings, report: Report) -> Known | None:
    """None if nobody can tell, or the text is another one."""
    if text:
        with Aligner(settings, spoken) as aligner:
            alignment = aligner.align([samples], text)
        return Known(alignment.phonemes, "text") if alignment.fits else None
    return Known(english_sounds(samples, report=report), "pocketsphinx") if spoken else None


def _check(lag_ms: float, spoken: str, text: str) -> None:
    most = 1000 * MOST_LAG_S
    if not abs(lag_ms) <= most:
        raise UsageError(f"A lag of {lag_ms:g} ms is not possible.", hint=f"Use -{most:g} to {most:g}.")
    if not text and spoken not in ("", "en"):
        raise UsageError(
            f"The sounds of {spoken!r} cannot be recognised without the text.",
            hint="Give the text, or leave the language out: only English (en) is recognised.",
        )


def speech_of(path: Path) -> Samples:
    """A file's sound, float32 mono 16 kHz.

    Raises:
        NotFoundError: there is no such file.
        MediaError: it has no sound, or none that can be heard.
    """
    sound = read_audio(path)
    if is_silent(sound):
        raise MediaError(
            f"Nothing can be heard in {path}: lips cannot be compared with silence.",
            hint="Look whether the right track was recorded or exported.",
        )
    return resample(sound.samples, sound.sample_rate, SAMPLE_RATE)


def _under(lips: Lips, samples: Samples) -> Samples:
    """As long as the lips: cut, or followed by silence."""
    length = round(len(lips.gap) / lips.fps * SAMPLE_RATE)
    return np.pad(samples[:length], (0, max(0, length - len(samples))))


def remembering() -> Callable[[Samples], Rows]:
    """The mouth (N, 8 or more) that the network hears in a sound; one that comes again is not heard again."""
    known: dict[bytes, Rows] = {}

    def hear(samples: Samples) -> Rows:
        key = hashlib.sha256(samples.tobytes()).digest()
        if key not in known:
            known[key] = _network_rows(samples)
        return known[key]

    return hear


def _network_rows(samples: Samples) -> Rows:
    source = SoundMouth()
    source.push(samples, ())
    source.finish()
    return source.take(len(samples))[: len(samples) // _HOP]


def _tracks(samples: Samples, heard: np.ndarray, known: Known | None) -> tuple[dict[str, Tracks], Expected]:
    level = np.broadcast_to(loudness(samples), (len(CHANNELS), len(heard)))
    if known is None:
        return {NETWORK: channels(heard), LOUDNESS: level}, closures.of_track(heard)
    spoken = mouth_from_phonemes(known.phonemes, len(samples) / SAMPLE_RATE).values[: len(heard)]
    return (
        {PHONEMES: channels(spoken), NETWORK: channels(heard), LOUDNESS: level},
        closures.of_phonemes(known.phonemes, known.reference),
    )


def _following(comparison: Comparison, tracks: Tracks, lag_ms: float) -> Following:
    return Following(comparison.best(tracks), comparison.fixed(tracks, lag_ms))


def _remarks(lips: Lips, seconds: float) -> tuple[Remark, ...]:
    found = []
    if lips.faces > 1:
        found.append(Remark("faces", {"count": lips.faces}))
    if not lips.seen.all():
        found.append(Remark("lost", {"seconds": f"{(~lips.seen).sum() / lips.fps:.1f}"}))
    if seconds < _FEW_S:
        found.append(Remark("short", {"seconds": f"{seconds:.1f}"}))
    return tuple(found)


def _reference_remarks(samples: Samples, path: Path, seconds: float, other_s: float) -> tuple[Remark, ...]:
    found = []
    if abs(seconds - other_s) > _OTHER_LENGTH_S:
        found.append(Remark("lengths", {"one": f"{seconds:.1f}", "other": f"{other_s:.1f}"}))
    try:
        sound = read_audio(path)
    except MediaError:
        return (*found, Remark("reference_mute", {}))
    other = loudness(resample(sound.samples, sound.sample_rate, SAMPLE_RATE))
    if not _alike(loudness(samples), other):
        found.append(Remark("other_speech", {}))
    return tuple(found)


def _alike(one: Curve, other: Curve) -> bool:
    """Whether two recordings, as loudness at `MOUTH_RATE`, say the same at about the same time."""
    length = min(len(one), len(other))
    most = round(MOST_LAG_S * MOUTH_RATE)
    if length <= 2 * most:
        return True
    middle = one[most : length - most]
    return any(
        np.corrcoef(middle, other[most + lag : length - most + lag])[0, 1] > _SAME_SOUND
        for lag in range(-most, most + 1)
    )


def _beside(lips: Lips, other: Lips, lag_ms: float, name: str) -> Beside:
    seconds = min(len(lips.gap) / lips.fps, len(other.gap) / other.fps)
    rows = int(seconds * MOUTH_RATE)
    tracks = np.stack([_at(other, getattr(other, channel), np.arange(rows) / MOUTH_RATE) for channel in CHANNELS])
    both = _where_both(lips, other)
    comparison = Comparison(both, rows)
    best, fixed = comparison.best(tracks), comparison.fixed(tracks, lag_ms)
    times = np.arange(len(lips.gap)) / lips.fps - best.lag_ms / 1000
    error: dict[str, float] = {}
    amplitude: dict[str, float | None] = {}
    for channel in CHANNELS:
        mine, theirs = getattr(both, channel), _at(other, getattr(other, channel), times)
        shared = np.isfinite(mine) & (times >= 0) & (times < seconds)
        spread = float(theirs[shared].std())
        error[channel] = float(np.abs(mine - theirs)[shared].mean())
        amplitude[channel] = float(mine[shared].std()) / spread if spread > 1e-4 else None
    return Beside(name, float(both.known.sum() / lips.fps), best, fixed, error, amplitude)


def _at(lips: Lips, curve: Curve, times: Curve) -> Curve:
    """A curve at any seconds; straight lines where the face is lost."""
    known = np.flatnonzero(lips.known)
    return np.interp(times * lips.fps, known, curve[known])


def _where_both(lips: Lips, other: Lips) -> Lips:
    """The lips, unknown where the other's are not known at that time."""
    at = np.round(np.arange(len(lips.gap)) * other.fps / lips.fps).astype(int)
    shared = (at < len(other.gap)) & other.known[np.minimum(at, len(other.gap) - 1)]
    return replace(lips, **{name: np.where(shared, getattr(lips, name), np.nan) for name in CHANNELS})


def rounded(value: Any) -> Any:
    """As reports have it: every float with four digits behind the point."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return round(value, 4) if isinstance(value, float) else value
