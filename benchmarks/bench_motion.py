"""How human the movement is, how well it follows the sound, and what it costs.

    python -m benchmarks.bench_motion [--media ../shared/media] [--networks ONE.onnx OTHER.onnx …]

Real clips are tracked as `mien evaluate sync` does; lips are in units of the eye distance (IOD), r is Pearson's within ± 200 ms. The driver
from sound stands beside mismatched sound (chance), loudness, and the phonemes that pocketsphinx hears without a grammar. Networks of other
seeds may be given to tell the spread. Where the clips and the recorded sentences are absent only what is made is measured. Prints one JSON
object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from pocketsphinx import Decoder, get_model_path

from mien.evaluation.agreement import Comparison, Tracks, shifts
from mien.evaluation.lips import CHANNELS, Lips, from_landmarks
from mien.face import FaceTracker, au45, eye_aspect_ratio, head_pose
from mien.face.session import open_session
from mien.media import VideoReader, read_audio
from mien.media.resample import resample
from mien.motion import MOUTH_RATE, Articulation, Performance
from mien.motion.coarticulation import BURST_S, mouth_from_phonemes
from mien.motion.from_sound import SoundMouth
from mien.motion.mel import HOP
from mien.motion.network import AHEAD, STEP_S, Ahead, listen
from mien.motion.phones import BILABIAL
from mien.motion.training.arpabet import IPA
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


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A tracked speaker; angles in degrees."""

    samples: Samples
    lips: Lips
    angles: NDArray[np.float64]
    shut: NDArray[np.float32]


def tracked(path: Path, store: WeightStore) -> Clip:
    with VideoReader(path) as video:
        faces = [None if face is None else face.landmarks for face in FaceTracker(store).track(video)]
    seen = [face for face in faces if face is not None]
    poses = [head_pose(face) for face in seen]
    sound = read_audio(path)
    return Clip(
        samples=resample(sound.samples, sound.sample_rate, SAMPLE_RATE),
        lips=from_landmarks(faces, video.fps),
        angles=np.array([[pose.yaw, pose.pitch, pose.roll] for pose in poses]),
        shut=au45(eye_aspect_ratio(np.array(seen, np.float64))).mean(axis=1),
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
    values = values[np.isfinite(values)]
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


def heard(samples: Samples, ahead: Ahead = "far", network: InferenceSession | None = None) -> NDArray[np.float32]:
    """The rows that the driver from sound shows."""
    source = SoundMouth(ahead, network)
    source.push(samples, ())
    source.finish()
    return source.take(len(samples))


def channels(rows: NDArray[np.float32]) -> Tracks:
    """What lips are compared with."""
    return np.stack([rows[:, JAW], rows[:, GAP], rows[:, STRETCH] - rows[:, ROUND]]).astype(np.float64)


def loudness(samples: Samples) -> Tracks:
    hops = samples[: len(samples) // HOP * HOP].reshape(-1, HOP)
    level = 10 * np.log10((hops.astype(np.float64) ** 2).mean(axis=1) + 1e-8)
    return np.repeat(np.maximum(level, -60.0)[None], len(CHANNELS), axis=0)


def allphone(samples: Samples) -> Tracks:
    """The phonemes that CMU Sphinx hears without a grammar, and the mouth that Mien makes of phonemes."""
    folder = get_model_path("en-us/en-us")
    grammar = get_model_path("en-us/en-us-phone.lm.bin")
    decoder = Decoder(hmm=folder, allphone=grammar, lw=2.0, beam=1e-20, pbeam=1e-20, loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    phonemes = []
    for segment in decoder.seg():
        name = segment.word.lower()
        if name in IPA:
            begin, end = segment.start_frame / 100, (segment.end_frame + 1) / 100
            burst = BURST_S if name in ("p", "t", "k", "ch") else 0.0  # Mien's phonemes begin there
            phonemes.append(Phoneme(IPA[name], min(begin + burst, end - 0.01), end, int(name[0] in "aeiou")))
    return channels(mouth_from_phonemes(phonemes, len(samples) / SAMPLE_RATE).values)


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """r by lag and channel over the clips: as it is, and with sound that belongs to other moments."""

    matched: NDArray[np.float64]  # (clips, lags, channels)
    mismatched: NDArray[np.float64]  # (shifts and clips, lags, channels)

    def summary(self) -> dict[str, Any]:
        lags_ms = np.linspace(-200, 200, self.matched.shape[1])
        common = int(self.matched.mean(axis=(0, 2)).argmax())
        return {
            "own_lag": _named(self.matched.max(axis=1).mean(axis=0)),
            "one_lag": _named(self.matched[:, common].mean(axis=0)),
            "one_lag_ms": round(lags_ms[common]),
            "chance_own_lag": _named(self.mismatched.max(axis=1).mean(axis=0)),
            "chance_one_lag": _named(self.mismatched[:, common].mean(axis=0)),
            "clips_own_lag": {
                name: {
                    channel: [round(float(r[:, at].max()), 2), round(lags_ms[int(r[:, at].argmax())])]
                    for at, channel in enumerate(CHANNELS)
                }
                for name, r in zip(CLIPS, self.matched, strict=True)
            },
        }


def _named(values: NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in zip(CHANNELS, values, strict=True)}


def followed(clips: dict[str, Clip], track: Callable[[Samples], Tracks]) -> Followed:
    matched, mismatched = [], []
    for clip in clips.values():
        tracks = track(clip.samples)
        comparison = Comparison(clip.lips, tracks.shape[1])
        matched.append(comparison.correlations(tracks))
        mismatched += [comparison.correlations(np.roll(tracks, by, axis=1)) for by in shifts(tracks.shape[1])]
    return Followed(np.array(matched), np.array(mismatched))


def from_sound(clips: dict[str, Clip], others: list[Path]) -> dict[str, Any]:
    """The driver from sound on real speakers, beside loudness and what pocketsphinx hears."""
    result: dict[str, Any] = {
        ahead: followed(clips, lambda samples, ahead=ahead: channels(heard(samples, ahead))).summary()
        for ahead in AHEAD
    }
    for path in others:
        network = open_session(path.read_bytes(), path.name)
        result[path.stem] = followed(clips, lambda samples, n=network: channels(heard(samples, "far", n))).summary()
    if others:
        result["seeds"] = spread([result[name] for name in ("far", *(path.stem for path in others))])
    result["loudness"] = followed(clips, loudness).summary()
    result["pocketsphinx"] = followed(clips, allphone).summary()
    return result


def spread(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Median, least and most over networks."""
    return {
        kind: {
            channel: [
                round(float(part([one[kind][channel] for one in found])), 3) for part in (np.median, np.min, np.max)
            ]
            for channel in CHANNELS
        }
        for kind in ("own_lag", "one_lag")
    }


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
    parser.add_argument("--networks", type=Path, nargs="*", default=[], help="of other seeds")
    options = parser.parse_args()
    media: Path = options.media
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
        result["from_sound"] = from_sound(clips, options.networks)
        result["real"] = {
            name: {
                "gap": moves(clip.lips.gap, clip.lips.fps),
                "jaw": moves(clip.lips.jaw, clip.lips.fps),
                "width": moves(clip.lips.width, clip.lips.fps),
                "head": turns(clip.angles, clip.lips.fps),
                "blinks": blinks(clip.shut, clip.lips.fps),
            }
            for name, clip in clips.items()
        }
    print(json.dumps(result, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
