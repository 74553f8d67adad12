"""How well a network answers for voices that it has never heard."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mien.motion.articulation import MOUTH_CHANNELS
from mien.motion.network import AHEAD, MOUTH, STEP_S
from mien.motion.phones import BILABIAL
from mien.motion.training.features import Features
from mien.motion.visemes import CLOSURE

_TOLERANCE_S = 0.05
_CLOSED = 0.5


def figures(answers: Mapping[str, NDArray[np.float32]], data: Features) -> dict[str, float]:
    """Of answers as `mien.motion.training.export.answers` gives them for `data`.

    Returns:
        For each lookahead: Pearson's r of every channel, the share of phones (pauses apart) and of speech that is right, and
        precision, recall and F1 of closures on p b m.
    """
    found: dict[str, float] = {}
    for name, late in AHEAD.items():
        given = answers[name][late:]
        count = len(given)
        mouth = data.mouth[:count].astype(np.float32)
        for channel, label in enumerate(MOUTH_CHANNELS[:MOUTH]):
            found[f"{name} r {label}"] = pearson(given[:, channel], mouth[:, channel])
        phones, spoken = data.phones[:count], data.phones[:count] > 0
        found[f"{name} phones"] = float((given[spoken, MOUTH + 1 :].argmax(axis=1) == phones[spoken]).mean())
        found[f"{name} speech"] = float(((given[:, MOUTH] > 0.5) == data.speech[:count]).mean())
        bilabial = np.isin(phones, BILABIAL)
        found |= {f"{name} {key}": value for key, value in closures(given[:, CLOSURE], bilabial).items()}
    return found


def pearson(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Correlation; 0 where one of them does not move."""
    if one.std() < 1e-9 or other.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def closures(closure: NDArray[np.float32], bilabial: NDArray[np.bool_]) -> dict[str, float]:
    """Precision, recall and F1 of runs of shut lips against runs of p b m; both one value per step."""
    reach = round(_TOLERANCE_S / STEP_S)
    shut = closure > _CLOSED
    near_bilabial, near_shut = _widened(bilabial, reach), _widened(shut, reach)
    runs, asked = _runs(shut), _runs(bilabial)
    right = sum(near_bilabial[low:high].any() for low, high in runs)
    seen = sum(near_shut[low:high].any() for low, high in asked)
    precision, recall = right / max(1, len(runs)), seen / max(1, len(asked))
    return {
        "closure precision": float(precision),
        "closure recall": float(recall),
        "closure F1": float(2 * precision * recall / max(1e-9, precision + recall)),
    }


def _widened(marks: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    return np.convolve(marks, np.ones(2 * reach + 1), "same") > 0.5


def _runs(marks: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marks.astype(np.int8), [0]])))
    return [(int(low), int(high)) for low, high in zip(edges[::2], edges[1::2], strict=True)]
