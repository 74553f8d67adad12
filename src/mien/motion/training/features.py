"""What the network hears and what it should answer, made once and kept in files."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mien.errors import InputError
from mien.motion.coarticulation import BURST_S, PhonemeMouth
from mien.motion.ear import CUES, HOP, Ear
from mien.motion.network import FRAMES_PER_STEP, MOUTH, STEP_S
from mien.motion.phones import PAUSE, PHONE_CLASSES, phone_classes
from mien.motion.training.augment import augmented
from mien.motion.training.corpus import SHARES, Utterance, utterances
from mien.motion.training.draws import drawn
from mien.motion.training.ear import acoustics
from mien.motion.visemes import SPEECH, targets
from mien.types import SAMPLE_RATE, Phoneme, Samples

logger = logging.getLogger(__name__)

SHARD_S = 900.0
"""Sound in one file."""

KINDS = {**SHARES, "noise": 3 * SHARES["noise"]}
"""Of sound that is made worse as rooms do …"""
NOISE_SHARE = 0.15
"""… and of sound that nobody speaks, beside everything else that is heard, if there are draws: they hold none. A mouth that moves where
nobody speaks is worse than one that moves a little wrongly."""

_LONGEST_SCENE = 3
"""Utterances that one listener hears one after another."""
_LONGEST_GAP_S = 0.8
_SMOOTHING_ROWS = 1.2
"""Standard deviation: a contact begins and ends within 30 ms, not within a row."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Scenes one after another.

    Args:
        cues: float16 (T, CUES), T even.
        mouth: float16 (T / 2, MOUTH).
        phones: uint8 (T / 2,), numbers of phone classes.
        speech: bool (T / 2,).
        starts: int64 (S,), steps at which a scene begins; the first is 0.
    """

    cues: NDArray[np.float16]
    mouth: NDArray[np.float16]
    phones: NDArray[np.uint8]
    speech: NDArray[np.bool_]
    starts: NDArray[np.int64]

    @property
    def seconds(self) -> float:
        return len(self.phones) * STEP_S

    @staticmethod
    def joined(parts: Iterable[Features]) -> Features:
        """All scenes of all parts, in order."""
        found = list(parts)
        offsets = np.cumsum([0, *(len(part.phones) for part in found)])
        return Features(
            np.concatenate([part.cues for part in found]),
            np.concatenate([part.mouth for part in found]),
            np.concatenate([part.phones for part in found]),
            np.concatenate([part.speech for part in found]),
            np.concatenate([part.starts + offset for part, offset in zip(found, offsets[:-1], strict=True)]),
        )

    def save(self, path: Path) -> None:
        """Writes an npz file; whoever reads it sees all of it or nothing."""
        part = path.with_suffix(".part.npz")
        np.savez(
            part, allow_pickle=False,
            cues=self.cues, mouth=self.mouth, phones=self.phones, speech=self.speech, starts=self.starts,
        )  # fmt: skip
        part.replace(path)

    @staticmethod
    def load(path: Path) -> Features:
        """Reads what `save` wrote.

        Raises:
            InputError: the file is broken.
        """
        try:
            with np.load(path) as stored:
                return Features(**{name: stored[name] for name in Features.__slots__})
        except (OSError, EOFError, ValueError, TypeError, KeyError, BadZipFile) as error:
            raise InputError(f"{path} holds no features: {error}.", hint="Delete it; it is made again.") from error


def features(samples: Samples, phonemes: tuple[Phoneme, ...]) -> Features:
    """One scene: sound that one listener hears from its beginning, and the right answers."""
    cues, _ = Ear().push(samples)
    mouth = PhonemeMouth()
    mouth.push(samples, phonemes)
    mouth.finish()
    rows = mouth.take(sys.maxsize)
    steps = min(len(cues), len(rows)) // FRAMES_PER_STEP
    at = slice(0, steps * FRAMES_PER_STEP, FRAMES_PER_STEP)
    return Features(
        cues[: steps * FRAMES_PER_STEP].astype(np.float16),
        _smooth(rows[:, :MOUTH])[at].astype(np.float16),
        _phones(phonemes, steps),
        rows[at, SPEECH] > 0.5,
        np.zeros(1, np.int64),
    )


def _smooth(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    reach = np.arange(-4, 5)
    kernel = np.exp(-0.5 * (reach / _SMOOTHING_ROWS) ** 2)
    kernel /= kernel.sum()
    return np.stack([np.convolve(column, kernel, "same") for column in rows.T], axis=1).astype(np.float32)


def _phones(phonemes: tuple[Phoneme, ...], steps: int) -> NDArray[np.uint8]:
    """The class of every step; the closure of a voiceless stop belongs to it."""
    result = np.full(steps, PAUSE, np.uint8)
    for phoneme in phonemes:
        parts = targets(phoneme.ipa)
        if not parts:
            continue
        begin = phoneme.start_s - (BURST_S if parts[0].viseme.burst else 0.0)
        seconds = phoneme.end_s - begin
        for number, share in phone_classes(phoneme.ipa):
            end = begin + share * seconds
            result[max(0, round(begin / STEP_S)) : max(0, round(end / STEP_S))] = number
            begin = end
    return result


def scenes(sounds: Iterable[Utterance], rng: np.random.Generator, *, worse: bool = True) -> Iterator[Features]:
    """Utterances of different people one after another, with pauses.

    Args:
        sounds: clean.
        rng: decides how they are joined and made worse.
        worse: as in real rooms; otherwise they stay clean.
    """
    waiting: list[Utterance] = []
    wanted = 1
    for sound in sounds:
        waiting.append(augmented(sound, rng) if worse else sound)
        if len(waiting) >= wanted:
            yield _scene(waiting, rng)
            waiting, wanted = [], int(rng.integers(1, _LONGEST_SCENE + 1))
    if waiting:
        yield _scene(waiting, rng)


def _scene(sounds: list[Utterance], rng: np.random.Generator) -> Features:
    samples: list[Samples] = []
    phonemes: list[Phoneme] = []
    length = 0
    for sound in sounds:
        start_s = length / SAMPLE_RATE
        phonemes += [Phoneme(p.ipa, p.start_s + start_s, p.end_s + start_s, p.stress) for p in sound.phonemes]
        gap = np.zeros(int(rng.uniform(0.0, _LONGEST_GAP_S) * SAMPLE_RATE) // HOP * HOP, np.float32)
        samples += [sound.samples, gap]
        length += len(sound.samples) + len(gap)
    samples.append(np.zeros(2 * HOP, np.float32))
    return features(np.concatenate(samples), tuple(phonemes))


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the features are made of; equal recipes make equal features.

    Args:
        seed: decides everything.
        hours: of different speech.
        copies: how often each hour is heard, each time in another room.
        draws: how often it is heard as other people would say it, beside that (`mien.motion.training.draws`).
        speech: folder with recordings like LJ Speech's, or None.
        held_out: of voices that training never uses.
        worse: made worse as rooms and microphones do.
    """

    seed: int
    hours: float
    copies: int = 1
    draws: int = 0
    speech: str | None = None
    held_out: bool = False
    worse: bool = True

    def described(self) -> Mapping[str, object]:
        return {name: getattr(self, name) for name in self.__slots__} | {
            "cues": CUES,
            "phones": "|".join(PHONE_CLASSES),
        }


def made(recipe: Recipe, folder: Path, processes: int = 1) -> Features:
    """The features of a recipe, from the files in `folder` as far as they are there; the same whatever the number of processes.

    Raises:
        InputError: a file in the folder is broken, or the folder belongs to another recipe.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _claim(recipe, folder)
    shard_s = min(SHARD_S, 3600.0 * recipe.hours)
    shards = range(max(1, round(3600.0 * recipe.hours / shard_s)))
    make = partial(_shard, recipe, folder, shard_s)
    if processes == 1:
        files = [make(number) for number in shards]
    else:
        with ProcessPoolExecutor(processes, get_context("spawn"), _end_with_parent) as pool:
            files = list(pool.map(make, shards))
    return Features.joined(Features.load(path) for paths in files for path in paths)


def _end_with_parent() -> None:
    """A pool's process waits for ever for the next task of a parent that was killed."""

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _shard(recipe: Recipe, folder: Path, shard_s: float, number: int) -> list[Path]:
    """The files of one part of the speech, made unless they are there."""
    paths = [folder / f"{number:03d}-{copy}.npz" for copy in range(recipe.copies)]
    if not all(path.is_file() for path in paths):
        speech = None if recipe.speech is None else Path(recipe.speech)
        seed = recipe.seed * 1000 + number
        sounds = list(utterances(seed, shard_s, kinds=KINDS, held_out=recipe.held_out, recordings=speech))
        for copy, path in enumerate(paths):
            rng = np.random.default_rng([recipe.seed, number, copy])
            Features.joined(scenes(sounds, rng, worse=recipe.worse)).save(path)
    drawn_paths = [folder / f"{number:03d}-drawn-{draw}.npz" for draw in range(recipe.draws)]
    for draw, path in enumerate(drawn_paths):
        if not path.is_file():
            rng = np.random.default_rng([recipe.seed, number, draw, 1])
            heard = Features.load(paths[draw % recipe.copies])
            levels = heard.cues[:, -1].astype(np.float32)
            cues = drawn(heard.phones, heard.starts, levels, acoustics(), rng)
            replace(heard, cues=cues.astype(np.float16)).save(path)
    noises = folder / f"{number:03d}-noise.npz"
    if recipe.draws and not noises.is_file():
        length_s = NOISE_SHARE * shard_s * (recipe.copies + recipe.draws)
        sounds = utterances(recipe.seed * 1000 + number, length_s, kinds={"noise": 1.0}, held_out=recipe.held_out)
        rng = np.random.default_rng([recipe.seed, number, 0, 2])
        Features.joined(scenes(sounds, rng, worse=recipe.worse)).save(noises)
    logger.info("features", extra={"shard": number + 1})
    return [*paths, *drawn_paths, *([noises] if recipe.draws else [])]


def _claim(recipe: Recipe, folder: Path) -> None:
    """Writes the recipe into the folder, or checks that it is the same."""
    path = folder / "recipe.json"
    text = json.dumps(recipe.described(), indent=1, ensure_ascii=False)
    if not path.is_file():
        path.write_text(text, encoding="utf-8")
    elif path.read_text(encoding="utf-8") != text:
        raise InputError(
            f"{folder} holds the features of another recipe.", hint="Choose another folder, or delete this one."
        )
