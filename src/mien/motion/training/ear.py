"""Brings the acoustic model of CMU Sphinx to what `mien.motion.ear` needs.

    python -m mien.motion.training.ear --out src/mien/motion/ear.npz [--model FOLDER] [--seconds 600]

The model is the English one that the package pocketsphinx carries (BSD licence): per speech sound 128 densities in three streams, and the
weights that its three states without context give them. Densities that can be told apart least are merged (Runnalls, "Kullback-Leibler
approach to Gaussian mixture reduction", 2007). The typical mean of the cepstra is that of the corpus.
"""

from __future__ import annotations

import argparse
import struct
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mien.errors import InputError, MissingDependency
from mien.motion.ear import BELOW_PEAK_DB, CEPSTRA, HOP, QUIET_DB, STREAMS, WINDOW, Mixtures, cepstra
from mien.motion.training.corpus import utterances

DENSITIES = 32
STATES = 3
_BYTE_ORDER = 0x11223344
_QUANTUM = 1024 * np.log(1.0001)
"""Weights are stored as bytes: negative logarithms to the base 1.0001, 1024 at a time."""
_SMALLEST_VARIANCE = 1e-4

Array = NDArray[np.float64]


def sphinx_model(folder: Path) -> Mixtures:
    """All densities of a phonetically tied model of Sphinx; `typical` is 0.

    Args:
        folder: with means, variances, mdef and sendump.

    Raises:
        InputError: it is not such a model.
    """
    try:
        names = _names((folder / "mdef").read_bytes())
        means, variances = (_parameters((folder / name).read_bytes()) for name in ("means", "variances"))
        weights = _weights((folder / "sendump").read_bytes(), len(names))
    except (OSError, ValueError, IndexError, struct.error) as error:
        raise InputError(
            f"{folder} holds no acoustic model of Sphinx: {error}.", hint="pip install pocketsphinx; it carries one."
        ) from error
    if means.shape != variances.shape or means.shape[:3] != weights.shape[:3]:
        raise InputError(f"The files of the acoustic model in {folder} do not belong together.", hint="Fetch it anew.")
    return Mixtures(
        names, means, np.maximum(variances, np.float32(_SMALLEST_VARIANCE)), weights, np.zeros(CEPSTRA, np.float32)
    )


@lru_cache(maxsize=1)
def acoustics() -> Mixtures:
    """The model that the package pocketsphinx carries.

    Raises:
        MissingDependency: it is not installed.
    """
    try:
        from pocketsphinx import get_model_path
    except ImportError as error:
        raise MissingDependency(
            "The acoustic model comes with pocketsphinx, which is not installed.", hint="Run: pip install 'mien[train]'"
        ) from error
    return sphinx_model(Path(str(get_model_path("en-us/en-us"))))


def _names(data: bytes) -> tuple[str, ...]:
    """Of the sounds without context."""
    if data[:4] != b"BMDF":
        raise ValueError("mdef is not a binary model definition")
    counts = 12 + struct.unpack_from("<i", data, 8)[0]
    (sounds,) = struct.unpack_from("<i", data, counts)
    return tuple(name.decode("ascii") for name in data[counts + 40 :].split(b"\0", sounds)[:sounds])


def _parameters(data: bytes) -> NDArray[np.float32]:
    """(STREAMS, S, D, CEPSTRA)."""
    start = data.index(b"endhdr\n") + len(b"endhdr\n")
    order, sounds, streams, densities, *widths, count = struct.unpack_from(f"<{4 + STREAMS + 1}I", data, start)
    if order != _BYTE_ORDER or streams != STREAMS or widths != [CEPSTRA] * STREAMS:
        raise ValueError("its parameters are not those of three streams of 13 cepstra")
    values = np.frombuffer(data, "<f4", count, start + 4 * (4 + STREAMS + 1))
    return values.reshape(sounds, STREAMS, densities, CEPSTRA).transpose(1, 0, 2, 3)


def _weights(data: bytes, sounds: int) -> NDArray[np.float32]:
    """Those of the states without context, which come first: (STREAMS, S, D, STATES)."""
    at = 0
    while length := struct.unpack_from("<i", data, at)[0]:  # the texts of the header
        at += 4 + length
    densities, states = struct.unpack_from("<ii", data, at + 4)
    stored = np.frombuffer(data, np.uint8, STREAMS * densities * states, at + 12)
    stored = stored.reshape(STREAMS, densities, states)[:, :, : STATES * sounds]
    weights = np.exp(-stored.astype(np.float64) * _QUANTUM)
    weights = weights.reshape(STREAMS, densities, sounds, STATES).transpose(0, 2, 1, 3)
    return (weights / weights.sum(axis=2, keepdims=True)).astype(np.float32)


def reduced(model: Mixtures, densities: int = DENSITIES) -> Mixtures:
    """The same with fewer densities for each sound and stream."""
    streams, sounds = model.means.shape[:2]
    shape = (streams, sounds, densities)
    means, variances = np.zeros((*shape, CEPSTRA), np.float32), np.zeros((*shape, CEPSTRA), np.float32)
    weights = np.zeros((*shape, STATES), np.float32)
    for stream in range(streams):
        for sound in range(sounds):
            at = stream, sound
            groups, means[at], variances[at] = _merged(
                model.weights[at].mean(axis=1).astype(np.float64),
                model.means[at].astype(np.float64),
                model.variances[at].astype(np.float64),
                densities,
            )
            weights[at] = [model.weights[at][group].sum(axis=0) for group in groups]
    return Mixtures(model.names, means, variances, weights, model.typical)


def _merged(weights: Array, means: Array, variances: Array, count: int) -> tuple[list[list[int]], Array, Array]:
    """Merges the two densities that lose least by it, until `count` are left."""
    weights = weights / weights.sum() + 1e-6
    means, variances = means.copy(), variances.copy()
    groups = {index: [index] for index in range(len(weights))}
    costs = np.full((len(weights), len(weights)), np.inf)

    def cost(one: int, others: NDArray[np.intp]) -> Array:
        total = weights[one] + weights[others]
        mine, theirs = (weights[one] / total)[:, None], (weights[others] / total)[:, None]
        variance = (
            mine * variances[one] + theirs * variances[others] + mine * theirs * (means[one] - means[others]) ** 2
        )
        apart = weights[one] * np.log(variances[one]).sum() + weights[others] * np.log(variances[others]).sum(axis=1)
        return 0.5 * (total * np.log(variance).sum(axis=1) - apart)

    for one in range(len(weights) - 1):
        others = np.arange(one + 1, len(weights))
        costs[one, others] = cost(one, others)
    while len(groups) > count:
        one, other = (int(index) for index in np.unravel_index(np.argmin(costs), costs.shape))
        mine = weights[one] / (weights[one] + weights[other])
        spread = mine * (1 - mine) * (means[one] - means[other]) ** 2
        variances[one] = mine * variances[one] + (1 - mine) * variances[other] + spread
        means[one] = mine * means[one] + (1 - mine) * means[other]
        weights[one] += weights[other]
        groups[one] += groups.pop(other)
        costs[other, :] = costs[:, other] = np.inf
        others = np.array([index for index in groups if index != one])
        costs[np.minimum(one, others), np.maximum(one, others)] = cost(one, others)
    left = list(groups)
    return list(groups.values()), means[left], variances[left]


def typical(seconds: float, seed: int = 0) -> NDArray[np.float32]:
    """The mean of the cepstra of speech, over so many seconds of the corpus: (CEPSTRA,)."""
    total, count = np.zeros(CEPSTRA), 0
    for utterance in utterances(seed, seconds):
        windows = sliding_window_view(utterance.samples, WINDOW + 1)[::HOP]
        found, db = cepstra(windows)
        voiced = found[db > max(QUIET_DB, float(db.max(initial=-120.0)) - BELOW_PEAK_DB)]
        total += voiced.sum(axis=0)
        count += len(voiced)
    return (total / max(count, 1)).astype(np.float32)


def save(model: Mixtures, path: Path) -> None:
    """Writes it in half precision."""
    part = path.with_suffix(".part.npz")
    np.savez_compressed(
        part,
        names=np.array(model.names),
        means=model.means.astype(np.float16),
        variances=model.variances.astype(np.float16),
        weights=model.weights.astype(np.float16),
        typical=model.typical,
    )
    part.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="folder of the acoustic model; that of pocketsphinx if not given")
    parser.add_argument("--seconds", type=float, default=600.0, help="of speech that tells the typical mean")
    options = parser.parse_args()
    model = reduced(acoustics() if options.model is None else sphinx_model(options.model))
    save(replace(model, typical=typical(options.seconds)), options.out)


if __name__ == "__main__":
    main()
