"""How exactly the sounds of a known text are found in its recording.

    python -m benchmarks.bench_alignment [MEDIA]

MEDIA (default ../shared/media) has recordings and their texts in LJ Speech's form in `speech`. What is true there says pocketsphinx, which
dates on a grid of 10 ms and errs itself; flite and other voices of espeak-ng tell their times exactly. p t k tʃ begin at their burst.
Stops count as closed in time if the middle of p b m lies within 50 ms. "other text": how many are taken for fitting the next
utterance's text, which should be none.

"long": the same recordings in a new order again and again for ten minutes, with pauses between them; the errors of the first and the last
two minutes, and what it took. "lips": the mouth of the aligned text, of the network and of loudness beside the tracked lips of a
video, all at one lag: the one at which the first two follow best. Prints one JSON object; errors in milliseconds.
"""

from __future__ import annotations

import json
import sys
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mien.evaluation import evaluate_sync
from mien.evaluation.agreement import Comparison, Tracks
from mien.evaluation.sync import NETWORK, PHONEMES
from mien.media import read_audio, resample
from mien.motion.alignment import Aligner, Alignment
from mien.motion.articulation import MOUTH_RATE
from mien.motion.training import recorded
from mien.motion.training.dating import at_bursts
from mien.motion.training.espeak import EspeakSource
from mien.motion.training.flite import FliteSource
from mien.motion.training.pronunciation import Pronunciation
from mien.motion.training.utterance import Source, Utterance
from mien.motion.visemes import targets
from mien.settings import load
from mien.types import SAMPLE_RATE, Phoneme

SHARED = Path(__file__).resolve().parents[2] / "shared/media"
COUNT = 12
CLOSE_S = 0.05
LONG_S, EDGE_S = 600.0, 120.0
PAUSES_S = (0.3, 1.5)

SAID = {
    "may.mp4": "Hello and welcome to this video. I am a talking head synthesized by SyncTalk, featuring accurate lip movements and "
    "natural facial expressions, along with continuous and stable head poses."
}
"""What is said in videos. Nobody wrote it down for us: these are PocketSphinx's words with "attacking had", "think top" and "had poses"
corrected to what sounds like it and makes sense. That the text fits its sound as a whole is measured; single words are not told apart by
that. The face of may.mp4 is itself rendered by a network (SyncTalk), so it shows how such lips move, not a real speaker's."""


def recordings(folder: Path) -> Iterator[Utterance]:
    """Those that pocketsphinx can align."""
    aligner = recorded.Aligner(Pronunciation(recorded.LANGUAGE))
    for sentence in recorded.sentences(folder):
        sound = read_audio(sentence.file)
        samples = resample(sound.samples, sound.sample_rate, SAMPLE_RATE)
        phonemes = aligner.align(samples, sentence.text)
        if phonemes is not None:
            yield Utterance(samples, at_bursts(samples, phonemes), "en-us", sentence.file.stem, sentence.text)


def drawn(source: Source) -> Iterator[Utterance]:
    rng = np.random.default_rng(7)
    made = (source.utterance(rng) for _ in range(COUNT))
    return (utterance for utterance in made if utterance is not None)


def errors(found: Sequence[Phoneme], true: Sequence[Phoneme]) -> tuple[list[float], list[bool]]:
    """Seconds by which sounds begin too late, of those that both name alike; and whether p b m are closed in time."""
    ours, theirs = [one for one in found if one.ipa], [one for one in true if one.ipa]
    late: list[float] = []
    closed: list[bool] = []
    matcher = SequenceMatcher(None, [letter(one) for one in ours], [letter(one) for one in theirs], autojunk=False)
    for mine, other, count in matcher.get_matching_blocks():
        for one, right in zip(ours[mine : mine + count], theirs[other : other + count], strict=True):
            late.append(one.start_s - right.start_s)
            if right.ipa[0] in "pbm":
                middles = [one.start_s, right.start_s] if right.ipa[0] == "p" else [middle(one), middle(right)]
                closed.append(abs(middles[0] - middles[1]) <= CLOSE_S)
    return late, closed


def letter(sound: Phoneme) -> str:
    parts = targets(sound.ipa)
    return "V" if parts and parts[0].viseme.vowel else sound.ipa[0]


def middle(sound: Phoneme) -> float:
    return (sound.start_s + sound.end_s) / 2


def measured(utterances: Sequence[Utterance]) -> dict[str, Any]:
    late: list[float] = []
    closed: list[bool] = []
    fitting, seconds = 0, 0.0
    settings = load()
    aligners = {language: Aligner(settings, language) for language in {one.language for one in utterances}}
    for aligner in aligners.values():
        aligner.align([utterances[0].samples], utterances[0].text)
    for one in utterances:
        began = time.process_time()
        alignment = aligners[one.language].align([one.samples], one.text)
        seconds += time.process_time() - began
        fitting += alignment.fits
        some, contacts = errors(alignment.phonemes, one.phonemes)
        late += some
        closed += contacts
    wrong = [aligners[one.language].align([one.samples], other.text).fits for one, other in pairwise(utterances)]
    for aligner in aligners.values():
        aligner.close()
    off = 1000 * np.abs(late)
    return {
        "utterances": len(utterances),
        "sounds": len(late),
        "median_ms": round(float(np.median(off)), 1),
        "p90_ms": round(float(np.percentile(off, 90)), 1),
        "late_ms": round(1000 * float(np.median(late)), 1),
        "closed_in_time": round(float(np.mean(closed)), 3) if closed else None,
        "contacts": len(closed),
        "fitting": f"{fitting} of {len(utterances)}",
        "other_text": f"{sum(wrong)} of {len(wrong)}",
        "cpu_per_second": round(seconds / sum(len(one.samples) / SAMPLE_RATE for one in utterances), 4),
    }


def joined(utterances: Sequence[Utterance]) -> Utterance:
    """Ten minutes of them: each time in another order, with pauses like the quietest moments of the recordings."""
    rng = np.random.default_rng(11)
    samples: list[np.ndarray] = []
    phonemes: list[Phoneme] = []
    texts: list[str] = []
    seconds = 0.0
    while seconds < LONG_S:
        for index in rng.permutation(len(utterances)):
            one = utterances[index]
            pause = np.resize(quietest(one.samples), round(rng.uniform(*PAUSES_S) * SAMPLE_RATE))
            phonemes += [
                Phoneme(sound.ipa, sound.start_s + seconds, sound.end_s + seconds, sound.stress)
                for sound in one.phonemes
            ]
            texts.append(one.text.rstrip(" ,;:") + ("" if one.text[-1] in ".?!" else "."))
            samples += [one.samples, pause]
            seconds += (len(one.samples) + len(pause)) / SAMPLE_RATE
    return Utterance(np.concatenate(samples), tuple(phonemes), utterances[0].language, "long", " ".join(texts))


def quietest(samples: np.ndarray, seconds: float = 0.05) -> np.ndarray:
    pieces = samples[: len(samples) // round(seconds * SAMPLE_RATE) * round(seconds * SAMPLE_RATE)]
    pieces = pieces.reshape(-1, round(seconds * SAMPLE_RATE))
    return pieces[np.square(pieces).sum(axis=1).argmin()]


def long(utterances: Sequence[Utterance]) -> dict[str, Any]:
    """Whether an alignment gets worse with the time, and what a long one takes."""
    one = joined(utterances)
    seconds = len(one.samples) / SAMPLE_RATE
    with Aligner(load(), one.language) as aligner:
        aligner.align([utterances[0].samples], utterances[0].text)
        began, began_wall = time.process_time(), time.perf_counter()
        alignment = aligner.align(np.array_split(one.samples, 600), one.text)
        cpu_s, wall_s = time.process_time() - began, time.perf_counter() - began_wall
        memory = {
            "peak_mb": peak_mb(aligner, one),
            "peak_mb_of_one_sentence": peak_mb(aligner, utterances[0]),
        }
    return {
        "seconds": round(seconds),
        "quality": round(alignment.quality, 3),
        "first_two_minutes": within(alignment, one, 0.0, EDGE_S),
        "last_two_minutes": within(alignment, one, seconds - EDGE_S, seconds),
        "cpu_per_second": round(cpu_s / seconds, 4),
        "wall_s": round(wall_s, 1),
        **memory,
    }


def peak_mb(aligner: Aligner, one: Utterance) -> float:
    """Of memory beside the recording's own samples; tracing it takes time, so it is not timed."""
    tracemalloc.start()
    aligner.align([one.samples], one.text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(peak / 1e6, 1)


def within(alignment: Alignment, one: Utterance, start_s: float, end_s: float) -> dict[str, Any]:
    ours, theirs = (
        [sound for sound in sounds if start_s <= sound.start_s < end_s] for sounds in (alignment.phonemes, one.phonemes)
    )
    late, closed = errors(ours, theirs)
    return {
        "sounds": len(late),
        "median_ms": round(1000 * float(np.median(np.abs(late))), 1),
        "p90_ms": round(1000 * float(np.percentile(np.abs(late), 90)), 1),
        "closed_in_time": round(float(np.mean(closed)), 3),
    }


def lips(video: Path) -> dict[str, Any]:
    """r of jaw, gap, width and their mean with tracked lips; "chance": the mean for sound that is moved around, at the same lag."""
    curves = evaluate_sync(video, text=SAID[video.name], spoken="en").curves
    if PHONEMES not in curves.tracks:
        return {"text": "does not fit"}
    comparison = Comparison(curves.lips, curves.tracks[PHONEMES].shape[1])
    scores = sum(comparison.correlations(curves.tracks[name]).mean(axis=1) for name in (PHONEMES, NETWORK))
    lag_ms = 1000.0 * (int(np.argmax(scores)) - len(np.atleast_1d(scores)) // 2) / MOUTH_RATE
    return {"lag_ms": round(lag_ms)} | {
        name: agreement(comparison, tracks, lag_ms) for name, tracks in curves.tracks.items()
    }


def agreement(comparison: Comparison, tracks: Tracks, lag_ms: float) -> dict[str, Any]:
    found = comparison.fixed(tracks, lag_ms)
    figures = {name: getattr(found, name) for name in ("jaw", "gap", "width", "mean")}
    return {name: round(figure.value, 3) for name, figure in figures.items()} | {
        "chance": [round(figure.chance, 3) for figure in figures.values()],
        "chance_p95": [round(figure.chance_p95, 3) for figure in figures.values()],
    }


def main() -> None:
    media = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED
    kinds: dict[str, Iterator[Utterance]] = {
        "flite": drawn(FliteSource()),
        "espeak en-us": drawn(EspeakSource(["en-us"])),
        "espeak cmn": drawn(EspeakSource(["cmn"])),
    }
    result: dict[str, Any] = {}
    if (media / "speech").is_dir():
        recorded_ones = list(recordings(media / "speech"))
        result = {"recorded": measured(recorded_ones), "long": long(recorded_ones)}
    result |= {name: measured(list(utterances)) for name, utterances in kinds.items()}
    videos = [media / "video" / name for name in SAID]
    result["lips"] = {video.stem: lips(video) for video in videos if video.is_file()}
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
