"""Makes src/mien/motion/sound_mouth.npz: teaches the network of `mien.motion.from_sound` with synthetic speech.

    python benchmarks/train_sound_mouth.py [--minutes 60] [--steps 9000] [--out FILE]

espeak-ng says random words and numbers in several languages and voices; the targets are Mien's own mouth for its phonemes. Nothing
recorded from a person is used.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from mien.motion import mouth_from_phonemes
from mien.motion.from_sound import OFFSETS, OUTPUTS, contexts
from mien.motion.mel import Hearing
from mien.motion.visemes import CLOSURE, FV
from mien.settings import load
from mien.speech.voices.espeak.voice import EspeakVoice
from mien.types import SAMPLE_RATE, Phoneme, Samples

DEFAULT_OUT = Path(__file__).parents[1] / "src/mien/motion/sound_mouth.npz"
LANGUAGES = ("en-us", "en-us", "en-gb", "cmn", "cmn", "de", "es", "fr-fr", "it", "pt", "pl")
VARIANTS = ("", "+f2", "+f3", "+f4", "+m1", "+m3", "+m5", "+m7", "+f5")
HIDDEN = 96
NOISE = 0.5
"""Added to what is heard: synthetic speech is cleaner than any person's."""
WORDS = """
    a about after again all also and any are because been before best big both bring but by call came can come
    could day did different do does down each even every family father few find first five follow for from gave
    get give go good great had has have he help her here him his home how if important in into is it just keep
    know large last learn left life like little live long look made make many maybe me mean men might money more
    most mother move much must my name never new next no not now number of off often old on one only open or other
    our out over own paper part people perhaps place please point problem public put question read really right
    said same say school see she should show small so some something speak still stop such system take talk tell
    than thank that the their them then there these they thing think this those thought through time to together
    too travel try turn two under until up us use very visit voice wait walk want was watch water way we week well
    went were what when where which while who why will with woman word work world would write year yes yesterday
    you young your
"""


def sentence(language: str, rng: random.Random) -> str:
    """A few words that nobody has to know: real English, random hanzi, or syllables read by the rules of the language."""
    if language == "cmn":
        hanzi = [
            bytes([rng.randrange(0xB0, 0xD7), rng.randrange(0xA1, 0xFA)]).decode("gb2312")
            for _ in range(rng.randint(6, 16))
        ]
        return "".join(hanzi[:8]) + "，" + "".join(hanzi[8:]) + "。"
    if language.startswith("en") and rng.random() < 0.75:
        words: list[str] = rng.choices(WORDS.split(), k=rng.randint(5, 14))
    else:
        words = [pseudo_word(rng) for _ in range(rng.randint(4, 9))]
    if rng.random() < 0.4:
        words.insert(rng.randrange(len(words)), str(rng.randrange(10_000)))
    if rng.random() < 0.3:
        words[len(words) // 2] += ","
    return " ".join(words) + "."


def pseudo_word(rng: random.Random) -> str:
    onsets = [
        "",
        "b",
        "d",
        "f",
        "g",
        "l",
        "m",
        "n",
        "p",
        "r",
        "s",
        "t",
        "v",
        "z",
        "br",
        "st",
        "pl",
        "tr",
        "m",
        "b",
        "p",
        "f",
    ]
    vowels = ["a", "e", "i", "o", "u", "a", "ai", "ou", "ie"]
    ends = ["", "", "", "n", "s", "l", "m", "r", "t"]
    return "".join(rng.choice(onsets) + rng.choice(vowels) + rng.choice(ends) for _ in range(rng.randint(1, 4)))


def spoken(minutes: float, seed: int) -> Iterator[tuple[Samples, list[Phoneme]]]:
    """Synthetic speech at 16 kHz with its phonemes."""
    rng = random.Random(seed)
    voice = EspeakVoice(load())
    done_s = 0.0
    while done_s < 60.0 * minutes:
        language = rng.choice(LANGUAGES)
        name = language + rng.choice(VARIANTS)
        pieces = voice.synthesize(
            sentence(language, rng), voice=name, rate=rng.uniform(0.75, 1.25), pitch=rng.uniform(0.75, 1.35)
        )
        for chunk in pieces:
            # Played at another rate, one voice is a smaller or a larger speaker.
            size = rng.uniform(0.86, 1.16)
            samples = soxr.resample(chunk.samples, chunk.sample_rate, SAMPLE_RATE * size).astype(np.float32)
            phonemes = [Phoneme(p.ipa, p.start_s * size, p.end_s * size, p.stress) for p in chunk.phonemes or ()]
            done_s += len(samples) / SAMPLE_RATE
            yield samples, phonemes
    voice.close()


def recorded(samples: Samples, rng: np.random.Generator) -> Samples:
    """The sound as some room and microphone would have it."""
    result = samples.astype(np.float64)
    if rng.random() < 0.6:
        length = int(SAMPLE_RATE * rng.uniform(0.05, 0.35))
        room = rng.standard_normal(length) * np.exp(-6.0 * np.arange(length) / length) * rng.uniform(0.02, 0.12)
        room[0] = 1.0
        size = len(result) + length
        result = np.fft.irfft(np.fft.rfft(result, size) * np.fft.rfft(room, size), size)[: len(samples)]
    spectrum = np.fft.rfft(result)
    octaves = np.log2(np.maximum(np.fft.rfftfreq(len(result), 1 / SAMPLE_RATE), 60.0) / 1000.0)
    wobble = np.interp(octaves, np.linspace(-4.2, 3.1, 7), rng.normal(0.0, 3.0, 7))
    gain_db = rng.uniform(-4.0, 4.0) * octaves + wobble
    if rng.random() < 0.3:
        gain_db -= 24.0 * np.maximum(0.0, octaves - np.log2(rng.uniform(3.0, 7.0)))
    result = np.fft.irfft(spectrum * 10.0 ** (gain_db / 20.0), len(result))
    noise = np.cumsum(rng.standard_normal(len(result))) if rng.random() < 0.3 else rng.standard_normal(len(result))
    noise = noise - np.convolve(noise, np.ones(200) / 200, "same")
    snr_db = rng.uniform(8.0, 50.0)
    result += noise / noise.std() * result.std() * 10.0 ** (-snr_db / 20.0)
    return (result / np.abs(result).max() * 10.0 ** rng.uniform(-1.8, 0.0)).astype(np.float32)


def examples(minutes: float, seed: int) -> tuple[NDArray[np.float16], NDArray[np.float32], NDArray[np.intp]]:
    """Bands, targets and the rows whose context is whole."""
    rng = np.random.default_rng(seed)
    bands, wanted, starts, total = [], [], [], 0
    hearing = Hearing()
    for index, (samples, phonemes) in enumerate(spoken(minutes, seed)):
        if index % 3 == 0:  # a new listener for every third sentence: it must do before and after it knows the voice
            hearing = Hearing()
        track = mouth_from_phonemes(phonemes, len(samples) / SAMPLE_RATE).values
        heard, _ = hearing.push(recorded(samples, rng))
        count = min(len(heard), len(track))
        if count < 60:
            continue
        bands.append(heard[:count].astype(np.float16))
        wanted.append(track[:count, :OUTPUTS])
        starts.append(total + np.arange(-OFFSETS[0], count - OFFSETS[-1]))
        total += count
    return np.concatenate(bands), np.concatenate(wanted), np.concatenate(starts)


def train(minutes: float, steps: int, seed: int) -> dict[str, NDArray[np.float32]]:
    """Adam on the squared error; closures and bites, which are rare, count more."""
    bands, wanted, rows = examples(minutes, seed)
    mean, scale = wanted[rows].mean(axis=0), wanted[rows].std(axis=0)
    rng = np.random.default_rng(seed)
    width = contexts(np.zeros((64, bands.shape[1]), np.float32)).shape[1]
    weights = {
        "w1": (rng.standard_normal((width, HIDDEN)) / np.sqrt(width)).astype(np.float32),
        "b1": np.zeros(HIDDEN, np.float32),
        "w2": (rng.standard_normal((HIDDEN, OUTPUTS)) / np.sqrt(HIDDEN)).astype(np.float32),
        "b2": np.zeros(OUTPUTS, np.float32),
    }
    first = {name: np.zeros_like(value) for name, value in weights.items()}
    second = {name: np.zeros_like(value) for name, value in weights.items()}
    train_rows, check_rows = rows[: int(0.95 * len(rows))], rows[int(0.95 * len(rows)) :]
    for step in range(steps):
        chosen = rng.choice(train_rows, 512)
        heard, target = _batch(bands, wanted, chosen, mean, scale)
        heard = heard + NOISE * rng.standard_normal(heard.shape, dtype=np.float32)
        gradients = _gradients(weights, heard, target, wanted[chosen])
        rate = 2e-3 * min(1.0, step / 200) * 0.5 * (1.0 + np.cos(np.pi * step / steps))
        for name, gradient in gradients.items():
            gradient += 2e-5 * weights[name]
            first[name] += 0.1 * (gradient - first[name])
            second[name] += 0.001 * (gradient**2 - second[name])
            corrected = (
                first[name] / (1.0 - 0.9 ** (step + 1)) / (np.sqrt(second[name] / (1.0 - 0.999 ** (step + 1))) + 1e-8)
            )
            weights[name] -= (rate * corrected).astype(np.float32)
    heard, target = _batch(bands, wanted, check_rows[::3], mean, scale)
    given = np.tanh(heard @ weights["w1"] + weights["b1"]) @ weights["w2"] + weights["b2"]
    print(
        "r on unheard sentences:",
        [round(float(np.corrcoef(given[:, c], target[:, c])[0, 1]), 2) for c in range(OUTPUTS)],
    )
    # The mean of what is possible is too timid: the spread of the targets is given back in part.
    timid = np.clip(1.0 / np.maximum(given.std(axis=0), 0.3), 1.0, 1.6) ** 0.7
    return {**weights, "mean": mean, "scale": scale * timid}


def _batch(bands, wanted, rows, mean, scale):
    heard = bands[rows[:, None] + OFFSETS].astype(np.float32).reshape(len(rows), -1)
    return heard, (wanted[rows] - mean) / scale


def _gradients(weights, heard, target, wanted):
    hidden = np.tanh(heard @ weights["w1"] + weights["b1"])
    off = hidden @ weights["w2"] + weights["b2"] - target
    off[:, CLOSURE] *= 1.0 + 1.5 * wanted[:, CLOSURE]
    off[:, FV] *= 1.0 + wanted[:, FV]
    off /= len(off)
    back = (off @ weights["w2"].T) * (1.0 - hidden**2)
    return {"w1": heard.T @ back, "b1": back.sum(axis=0), "w2": hidden.T @ off, "b2": off.sum(axis=0)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--steps", type=int, default=9_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    chosen = parser.parse_args()
    weights = train(chosen.minutes, chosen.steps, chosen.seed)
    stored = {name: value.astype(np.float16) for name, value in weights.items()}
    np.savez_compressed(chosen.out, allow_pickle=False, **stored)
    print(chosen.out, chosen.out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
