"""How human the movement is, how well it follows the sound, and what it costs.

    python -m benchmarks.bench_motion [--media ../shared/media]

Real clips are tracked with `mien.face`; lips are compared after the head's pose is removed, in units of the eye distance (IOD). Where the
clips and the recorded sentences are absent only what is made is measured. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.face import FaceTracker, au45, eye_aspect_ratio, head_pose, similarity
from mien.face.topology import RIGID
from mien.media import VideoReader, read_audio
from mien.media.resample import resample
from mien.motion import MOUTH_RATE, Articulation, Performance
from mien.motion.from_sound import SoundMouth
from mien.motion.mel import HOP
from mien.motion.network import STEP_S, Ahead, listen
from mien.motion.phones import BILABIAL
from mien.motion.training.noise import MAKERS
from mien.motion.training.pronunciation import Pronunciation
from mien.motion.training.recorded import LANGUAGE, Aligner, sentences
from mien.motion.visemes import CLOSURE, GAP, JAW, ROUND, STRETCH, targets
from mien.settings import load
from mien.speech.voices.espeak.voice import EspeakVoice
from mien.types import SAMPLE_RATE, Phoneme, Samples
from mien.weights import WeightStore

CLIPS = ("may", "newsreader_de", "ls3")
FPS = 25.0
SAID = {
    "en-us": "Peter Piper bought five vivid books; my mother loves you. Maybe the big blue boat is part of a beautiful problem. "
    "Which way would you choose, if you could travel anywhere in the world tomorrow morning?",
    "cmn": "今天天气非常好，我们一起去公园玩吧。爸爸妈妈不买苹果，他们喜欢跑步和爬山。北京的冬天比上海冷得多。",
    "de": "Guten Abend, meine Damen und Herren. Über fünf Millionen Menschen haben heute bei bestem Wetter gefeiert.",
    "fr": "Bonjour tout le monde, je suis un peu fatigué, mais la promenade au bord du fleuve était vraiment belle.",
}
LAGS_S = np.arange(-0.20, 0.201, 0.02)
"""Below 0 the lips are earlier than the sound."""
SMOOTHING_S = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A tracked speaker; lips and chin in IOD, pose removed; angles in degrees."""

    fps: float
    samples: Samples
    gap: NDArray[np.float64]
    jaw: NDArray[np.float64]
    width: NDArray[np.float64]
    angles: NDArray[np.float64]
    shut: NDArray[np.float32]


def tracked(path: Path, store: WeightStore) -> Clip:
    video = VideoReader(path)
    faces = [face for face in FaceTracker(store).track(video) if face is not None]
    points = np.array([face.landmarks for face in faces], np.float64)
    poses = [head_pose(face.landmarks) for face in faces]
    flat = points[:, :, :2]
    middle = np.median(flat[:, RIGID], axis=0)
    upright = np.array([similarity(face[RIGID], middle).apply(face) for face in flat])
    upright /= np.linalg.norm(np.median(upright[:, 33] - upright[:, 263], axis=0))
    sound = read_audio(path)
    chin = upright[:, 152, 1]
    return Clip(
        fps=video.fps,
        samples=resample(sound.samples, sound.sample_rate, SAMPLE_RATE),
        gap=np.linalg.norm(upright[:, 13] - upright[:, 14], axis=1),
        jaw=chin - np.percentile(chin, 5),
        width=np.linalg.norm(upright[:, 61] - upright[:, 291], axis=1),
        angles=np.array([[pose.yaw, pose.pitch, pose.roll] for pose in poses]),
        shut=au45(eye_aspect_ratio(points)).mean(axis=1),
    )


def spoken(language: str) -> tuple[Samples, list[Phoneme]]:
    """A text of `SAID` as 16 kHz sound with its phonemes."""
    voice = EspeakVoice(load())
    chunks = list(voice.synthesize(SAID[language], voice=language, rate=1.0, pitch=1.0))
    voice.close()
    phonemes, samples, offset = [], [], 0.0
    for chunk in chunks:
        samples.append(resample(chunk.samples, chunk.sample_rate, SAMPLE_RATE))
        phonemes += [Phoneme(p.ipa, p.start_s + offset, p.end_s + offset, p.stress) for p in chunk.phonemes or ()]
        offset += len(samples[-1]) / SAMPLE_RATE
    return np.concatenate(samples), phonemes


def performed(samples: Samples, phonemes: list[Phoneme] | None) -> list[Articulation]:
    performance = Performance(FPS)
    performance.push(samples, phonemes)
    performance.end_segment()
    return [face for face, _ in performance.frames()]


def closures(faces: list[Articulation], phonemes: list[Phoneme], advance_s: float) -> tuple[int, int]:
    """How many p b m there are, and how many have a frame of shut lips in their time (± one frame)."""
    shut = np.array([face.mouth[GAP] == 0 for face in faces])
    times = np.arange(len(faces)) / FPS
    asked = [p for p in phonemes if p.ipa[:1] in ("p", "b", "m")]
    seen = 0
    for p in asked:
        begin = p.start_s - (0.05 if p.ipa[0] == "p" else 0.0) - advance_s - 1 / FPS
        end = p.end_s + 1 / FPS - (advance_s if p.start_s > 0.3 else 0.0)  # the advance grows at the start of a segment
        seen += bool(shut[(times >= begin) & (times <= end)].any())
    return len(asked), seen


def moves(values: NDArray[np.floating], fps: float, digits: int = 3) -> dict[str, list[float]]:
    """Percentiles 10, 50, 90, 98 of a channel and 50, 90, 98 of its speed in units a second."""
    speed = np.abs(np.diff(values)) * fps
    return {
        "p10_50_90_98": [round(float(v), digits) for v in np.percentile(values, [10, 50, 90, 98])],
        "speed_p50_90_98": [round(float(v), 2) for v in np.percentile(speed, [50, 90, 98])],
    }


def turns(angles: NDArray[np.floating], fps: float) -> dict[str, Any]:
    """Spread and speed of yaw, pitch and roll, and the frequency under which half of the movement lies."""
    smooth = np.array([np.convolve(axis, np.ones(3) / 3, "valid") for axis in angles.T])
    found = {}
    for name, axis in zip(("yaw", "pitch", "roll"), smooth, strict=True):
        power = np.abs(np.fft.rfft((axis - axis.mean()) * np.hanning(len(axis)))) ** 2
        hz = np.fft.rfftfreq(len(axis), 1 / fps)
        share = np.cumsum(power) / power.sum()
        found[name] = {
            "sd": round(float(axis.std()), 2),
            "speed_p50_90": [round(float(v), 1) for v in np.percentile(np.abs(np.diff(axis)) * fps, [50, 90])],
            "hz_p50_90": [round(float(hz[np.searchsorted(share, part)]), 2) for part in (0.5, 0.9)],
        }
    return found


def blinks(shut: NDArray[np.floating], fps: float) -> dict[str, float]:
    """Blinks a minute and the median time for which the lids are more than half shut."""
    closed = np.flatnonzero(shut > 0.5)
    runs = np.split(closed, np.flatnonzero(np.diff(closed) > 1) + 1) if len(closed) else []
    length = float(np.median([len(run) for run in runs])) / fps * 1000 if runs else 0.0
    return {"per_minute": round(60 * len(runs) * fps / len(shut), 1), "half_shut_ms": round(length)}


def correlations(track: NDArray[np.floating], real: NDArray[np.float64], fps: float) -> NDArray[np.float64]:
    """Pearson's r at every lag of `LAGS_S`; both smoothed over `SMOOTHING_S`."""
    reach = np.arange(-4, 5)
    kernel = np.exp(-0.5 * (reach / max(0.3, SMOOTHING_S * fps)) ** 2)
    kernel /= kernel.sum()
    wanted = np.convolve(real, kernel, "same")
    scores = []
    for lag_s in LAGS_S:
        times = np.arange(len(real)) / fps - lag_s
        given = np.interp(times * MOUTH_RATE, np.arange(len(track)), track)
        scores.append(np.corrcoef(np.convolve(given, kernel, "same"), wanted)[0, 1])
    return np.array(scores)


def heard(samples: Samples, ahead: Ahead = "far") -> NDArray[np.float32]:
    source = SoundMouth(ahead)
    source.push(samples, ())
    source.finish()
    return source.take(len(samples))


def loudness(samples: Samples) -> NDArray[np.float64]:
    hops = samples[: len(samples) // HOP * HOP].reshape(-1, HOP)
    return 10 * np.log10((hops.astype(np.float64) ** 2).mean(axis=1) + 1e-8)


def follows(clip: Clip, jaw: Any, gap: Any, width: Any) -> dict[str, NDArray[np.float64]]:
    """r of jaw, gap and width with a real speaker's, at every lag."""
    return {
        "jaw": correlations(jaw, clip.jaw, clip.fps),
        "gap": correlations(gap, clip.gap, clip.fps),
        "width": correlations(width, clip.width, clip.fps),
    }


def of_track(clip: Clip, track: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    return follows(clip, track[:, JAW], track[:, GAP], track[:, STRETCH] - track[:, ROUND])


def lagged(scores: list[dict[str, NDArray[np.float64]]]) -> dict[str, Any]:
    """Mean r over clips: each at its own best lag, and all at the one lag that is best for all channels together."""
    means = {key: np.mean([score[key] for score in scores], axis=0) for key in scores[0]}
    common = int(np.argmax(np.sum(list(means.values()), axis=0)))
    return {
        "own_lag": {key: round(float(np.mean([score[key].max() for score in scores])), 3) for key in means},
        "one_lag": {key: round(float(values[common]), 3) for key, values in means.items()},
        "one_lag_ms": round(1000 * LAGS_S[common]),
    }


def from_sound(clips: dict[str, Clip]) -> dict[str, Any]:
    """The driver from sound on real speakers, beside loudness and beside other speakers' sound (chance)."""
    result: dict[str, Any] = {}
    for ahead in ("far", "near"):
        tracks = {name: heard(clip.samples, ahead) for name, clip in clips.items()}
        scores = {name: of_track(clip, tracks[name]) for name, clip in clips.items()}
        others = [of_track(clip, tracks[other]) for name, clip in clips.items() for other in tracks if other != name]
        result[ahead] = lagged(list(scores.values())) | {
            "each_own_lag": {
                name: {
                    key: [round(float(r.max()), 2), round(1000 * LAGS_S[int(r.argmax())])] for key, r in found.items()
                }
                for name, found in scores.items()
            },
            "other_speakers_sound": lagged(others),
        }
    energy = {name: loudness(clip.samples) for name, clip in clips.items()}
    result["loudness"] = lagged([follows(clip, *[energy[name]] * 3) for name, clip in clips.items()])
    return result


def stillness(seconds: float = 20.0) -> dict[str, dict[str, float]]:
    """How far the mouth opens where nobody speaks: the largest gap, and its 99th percentile, as shares of the 0.17 IOD it has."""
    found = {}
    for name, make in MAKERS.items():
        gaps = []
        for seed, level_db in enumerate((-40.0, -26.0, -14.0)):
            samples = make(np.random.default_rng([12345, seed]), round(seconds * SAMPLE_RATE))
            if name != "silence":
                samples = samples * 10 ** (level_db / 20) / np.sqrt(np.mean(samples**2))
            gaps.append(heard(np.clip(samples, -1, 1).astype(np.float32))[:, GAP] / 0.17)
        opened = np.concatenate(gaps)
        found[name] = {"most": round(float(opened.max()), 3), "p99": round(float(np.percentile(opened, 99)), 3)}
    return found


def recorded_closures(folder: Path) -> dict[str, Any]:
    """p b m in recorded sentences, aligned with their text by pocketsphinx: are the lips shut there, and only there?

    A sound counts as shut when the channel passes the threshold within it, or 20 ms beside it; false alarms are counted on the
    consonants that are neither p b m nor neighbours of one. "rows": what the driver shows, gap 0 within speech.
    """
    scores: dict[str, list[float]] = {"closure": [], "bilabial": [], "rows": []}
    labels: list[bool] = []
    pronunciation = Pronunciation(LANGUAGE)
    aligner = Aligner(pronunciation)
    for sentence in sentences(folder):
        sound = read_audio(sentence.file)
        samples = resample(sound.samples, sound.sample_rate, SAMPLE_RATE)
        phonemes = aligner.align(samples, sentence.text) or ()
        answer = listen(samples)
        shut = (heard(samples)[:, CLOSURE] >= 1.0).astype(np.float32)
        channels = {
            "closure": (answer.mouth[:, CLOSURE], STEP_S),
            "bilabial": (np.exp(answer.phones[:, BILABIAL]).sum(axis=1), STEP_S),
            "rows": (shut, 1 / MOUTH_RATE),
        }
        lips = [p.ipa[:1] in tuple("pbm") for p in phonemes]
        for index, phoneme in enumerate(phonemes):
            parts = targets(phoneme.ipa)
            if not lips[index] and (parts[0].viseme.vowel or any(lips[max(0, index - 1) : index + 2])):
                continue
            labels.append(lips[index])
            for name, (values, step_s) in channels.items():
                low = max(0, round((phoneme.start_s - 0.02) / step_s))
                scores[name].append(float(values[low : round((phoneme.end_s + 0.02) / step_s) + 1].max(initial=0.0)))
    pronunciation.close()
    truth = np.array(labels)
    return {"p_b_m": int(truth.sum()), "others": int((~truth).sum())} | {
        name: judged(np.array(values), truth) for name, values in scores.items()
    }


def judged(score: NDArray[np.float64], truth: NDArray[np.bool_]) -> dict[str, float]:
    """Area under the curve, and recall and false alarms where the score passes one half."""
    order = np.argsort(np.argsort(score, kind="stable")) + 1.0
    for value in np.unique(score):  # ties share their rank
        order[score == value] = order[score == value].mean()
    yes, no = truth.sum(), (~truth).sum()
    return {
        "auc": round(float((order[truth].sum() - yes * (yes + 1) / 2) / (yes * no)), 3),
        "recall": round(float((score[truth] > 0.5).mean()), 3),
        "false_alarms": round(float((score[~truth] > 0.5).mean()), 3),
    }


def made() -> dict[str, Any]:
    """Ranges, speeds and closures of what Mien makes of text, with the advance as users have it."""
    faces, counts = [], {}
    for language in SAID:
        samples, phonemes = spoken(language)
        now = performed(samples, phonemes)
        asked, seen = closures(now, phonemes, 0.07)
        counts[language] = f"{seen} of {asked}"
        faces += now
    mouths = np.array([face.mouth for face in faces])
    return {
        "p_b_m_seen_shut": counts,
        "gap": moves(mouths[:, GAP], FPS),
        "jaw": moves(mouths[:, JAW], FPS),
        "width_like": moves(0.5 + 0.06 * mouths[:, STRETCH] - 0.11 * mouths[:, ROUND], FPS),
    } | living()


def living(seconds: float = 180.0) -> dict[str, Any]:
    """Head and lids over some minutes of speech."""
    samples, phonemes = spoken("en-us")
    faces = []
    for seed in range(round(seconds * SAMPLE_RATE / len(samples) / 4)):
        performance = Performance(FPS, seed=seed)
        for _ in range(4):
            performance.push(samples, phonemes)
            performance.end_segment()
        faces.append([face for face, _ in performance.frames()])
    all_faces = [face for run in faces for face in run]
    angles = np.array([[face.yaw, face.pitch, face.roll] for face in faces[0]])
    return {
        "head": turns(angles, FPS),
        "blinks": blinks(np.array([face.blink[0] for face in all_faces]), FPS),
    }


def cost() -> dict[str, float]:
    """Median processor time for one frame, in ms, and for a second of sound that comes in pieces of 40 ms."""
    samples, phonemes = spoken("en-us")
    found = {}
    for name, given in (("phonemes", phonemes), ("sound", None)):
        times = []
        for _ in range(7):
            start = time.process_time()
            count = len(performed(samples, given))
            times.append(1000 * (time.process_time() - start) / count)
        found[f"{name}_ms_per_frame"] = round(float(np.median(times[1:])), 3)
        found[f"{name}_spread_ms"] = round(max(times[1:]) - min(times[1:]), 3)
    streamed = [streamed_ms(samples) for _ in range(7)][1:]
    found["network_ms_per_second"] = round(float(np.median(streamed)), 2)
    found["network_spread_ms"] = round(max(streamed) - min(streamed), 2)
    return found


def streamed_ms(samples: Samples, piece: int = SAMPLE_RATE // 25) -> float:
    """Processor time that the driver from sound takes for a second of it."""
    source = SoundMouth()
    start = time.process_time()
    for at in range(0, len(samples), piece):
        source.push(samples[at : at + piece], ())
        source.take(len(samples))
    return 1000 * (time.process_time() - start) / (len(samples) / SAMPLE_RATE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path, default=Path("../shared/media"))
    media = parser.parse_args().media
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    result: dict[str, Any] = {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "commit": commit.stdout.strip(),
        "cost": cost(),
        "made": made(),
    }
    result["still"] = stillness()
    if (media / "speech").is_dir():
        result["recorded_closures"] = recorded_closures(media / "speech")
    paths = [media / "video" / f"{name}.mp4" for name in CLIPS]
    if all(path.is_file() for path in paths):
        store = WeightStore.from_settings(load())
        clips = {path.stem: tracked(path, store) for path in paths}
        result["from_sound"] = from_sound(clips)
        result["real"] = {
            name: {
                "gap": moves(clip.gap, clip.fps),
                "jaw": moves(clip.jaw, clip.fps),
                "width": moves(clip.width, clip.fps),
                "head": turns(clip.angles, clip.fps),
                "blinks": blinks(clip.shut, clip.fps),
            }
            for name, clip in clips.items()
        }
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
