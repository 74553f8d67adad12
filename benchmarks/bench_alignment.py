"""How exactly the sounds of a known text are found in its recording.

    python -m benchmarks.bench_alignment [FOLDER]

FOLDER holds recordings and their texts in LJ Speech's form (default ../shared/media/speech). What is true there says pocketsphinx, which
dates on a grid of 10 ms and errs itself; flite and other voices of espeak-ng tell their times exactly. p t k tʃ begin at their burst.
Stops count as closed in time if the middle of p b m lies within 50 ms. "other text": how many are taken for fitting the next
utterance's text, which should be none. Prints one JSON object; errors in milliseconds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mien.media import read_audio, resample
from mien.motion.alignment import Aligner
from mien.motion.training import recorded
from mien.motion.training.dating import at_bursts
from mien.motion.training.espeak import EspeakSource
from mien.motion.training.flite import FliteSource
from mien.motion.training.pronunciation import Pronunciation
from mien.motion.training.utterance import Source, Utterance
from mien.motion.visemes import targets
from mien.settings import load
from mien.types import SAMPLE_RATE, Phoneme

SHARED = Path(__file__).resolve().parents[2] / "shared/media/speech"
COUNT = 12
CLOSE_S = 0.05


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


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED
    kinds: dict[str, Iterator[Utterance]] = {
        "flite": drawn(FliteSource()),
        "espeak en-us": drawn(EspeakSource(["en-us"])),
        "espeak cmn": drawn(EspeakSource(["cmn"])),
    }
    if folder.is_dir():
        kinds = {"recorded": recordings(folder), **kinds}
    print(json.dumps({name: measured(list(utterances)) for name, utterances in kinds.items()}, ensure_ascii=False))


if __name__ == "__main__":
    main()
