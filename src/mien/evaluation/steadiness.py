"""What lips do beside speaking: move while nothing is to be heard, and tremble."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mien.evaluation.agreement import Figure, beside_chance
from mien.evaluation.closures import Spans, runs
from mien.evaluation.lips import Curve, Lips
from mien.motion.articulation import MOUTH_RATE

_BELOW_SPEECH_DB, _SILENT_DB = 40.0, -60.0
"""Silence: so far below the loud moments (95 % are softer), or below this anyway."""
_AROUND_S = 0.15
"""In which a mouth may still close after speech, or open before it."""
_LEAST_S = 0.15
_STEP_S = 0.04
"""Between the three moments from which an acceleration is taken: the same for every frame rate."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Lips while nothing is to be heard, less the 0.15 s at either end in which a mouth may close and open.

    Args:
        seconds: how much of it there is.
        jaw: how far it moves up and down in one silent stretch, as a share of its range in the whole video; their mean.
        gap: the same of the lips' opening.
        open: the mean opening, as a share of its range; 0: shut.
    """

    seconds: float
    jaw: Figure
    gap: Figure
    open: Figure


@dataclass(frozen=True, slots=True)
class Jitter:
    """Mean absolute acceleration over steps of 40 ms, IOD / s², less that of the eyes' inner corners, which is the tracker's noise.

    Speech accelerates lips, too: compare it with that of a real face that says the same.
    """

    jaw: float
    gap: float
    width: float
    noise: float


def silent_spans(loudness: Curve) -> Spans:
    """Seconds from … to of silence long enough to judge.

    Args:
        loudness: dB of full scale at `MOUTH_RATE`.
    """
    limit = max(_SILENT_DB, float(np.percentile(loudness, 95)) - _BELOW_SPEECH_DB)
    found = runs(loudness < limit) / MOUTH_RATE + np.array([_AROUND_S, -_AROUND_S])
    return found[found[:, 1] - found[:, 0] >= _LEAST_S]


def in_silence(lips: Lips, spans: Spans, seconds: float) -> Silence | None:
    """None if it is never silent while the face is seen.

    Args:
        lips: measured.
        spans: from `silent_spans`.
        seconds: length of the sound, around whose end it is moved for the mismatched figures.
    """
    ranges = {"jaw": _range(lips.jaw), "gap": _range(lips.gap)}

    def look(shift: int) -> dict[str, float]:
        frames = _frames(lips, spans + shift / MOUTH_RATE, seconds)
        found = {name: _swing(getattr(lips, name), frames) / (high - low) for name, (low, high) in ranges.items()}
        low, high = ranges["gap"]
        opening = np.concatenate([lips.gap[each] for each in frames]) if frames else np.array([np.nan])
        return {**found, "open": float(np.clip((opening.mean() - low) / (high - low), 0, 1))}

    frames = _frames(lips, spans, seconds)
    if not frames:
        return None
    measured = sum(len(each) for each in frames) / lips.fps
    return Silence(measured, **beside_chance(look, round(seconds * MOUTH_RATE)))


def jitter(lips: Lips) -> Jitter:
    """Over all moments in which the face is seen."""
    step = max(1, round(_STEP_S * lips.fps))
    noise = _acceleration(lips, lips.still, step)
    found = {name: max(0.0, _acceleration(lips, getattr(lips, name), step) - noise) for name in ("jaw", "gap", "width")}
    return Jitter(**found, noise=noise)


def _acceleration(lips: Lips, curve: Curve, step: int) -> float:
    known = np.where(lips.seen, curve, np.nan)
    second = known[2 * step :] - 2 * known[step:-step] + known[: -2 * step]
    return float(np.nanmean(np.abs(second))) * (lips.fps / step) ** 2


def _range(curve: Curve) -> tuple[float, float]:
    """What it moves between, strays left out; never empty."""
    low, high = np.nanpercentile(curve, [2, 98])
    return float(low), float(max(high, low + 1e-6))


def _frames(lips: Lips, spans: Spans, seconds: float) -> list[NDArray[np.int64]]:
    """The frames of each span in which the face is seen throughout; spans beyond the end go on at the start."""
    found = []
    for start, end in spans:
        around = np.arange(np.ceil(start * lips.fps), np.floor(end * lips.fps) + 1).astype(np.int64)
        frames = around % max(1, int(seconds * lips.fps))
        frames = frames[frames < len(lips.gap)]
        if len(frames) > 1 and lips.known[frames].all():
            found.append(frames)
    return found


def _swing(curve: Curve, frames: list[NDArray[np.int64]]) -> float:
    return float(np.mean([np.ptp(curve[each]) for each in frames])) if frames else float("nan")
