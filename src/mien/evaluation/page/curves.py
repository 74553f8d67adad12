"""The curves of jaw, gap and width as drawings, ten seconds each."""

from __future__ import annotations

import numpy as np

from mien.evaluation.closures import Spans, runs
from mien.evaluation.lips import CHANNELS, Curve
from mien.evaluation.page.words import Words
from mien.evaluation.sync import SyncReport
from mien.motion.articulation import MOUTH_RATE

DRAWN_S = 120.0
"""More than that would make a page that no browser likes."""

_ROW_S = 10.0
_WIDTH, _HEIGHT, _SPACE, _FOOT = 1000.0, 84.0, 12.0, 18.0
_TRACK_STEP = 2
"""Every second row of a track is drawn: 50 a second."""


def drawings(report: SyncReport, driver: str, words: Words) -> list[str]:
    """SVG elements, one for each ten seconds.

    Args:
        report: what was measured.
        driver: name of the track that is drawn beside the lips.
        words: labels.
    """
    lines = _lines(report, driver)
    bands = _bands(report, driver)
    seconds = min(report.seconds, DRAWN_S)
    return [_drawing(lines, bands, start, words) for start in np.arange(0.0, seconds - 1e-6, _ROW_S)]


class _Line:
    """One curve in three channels.

    Args:
        name: of its style.
        times: seconds, (T,).
        values: IOD, (3, T); NaN where there is none.
    """

    def __init__(self, name: str, times: Curve, values: Curve) -> None:
        self.name, self.times, self.values = name, times, values


def _lines(report: SyncReport, driver: str) -> list[_Line]:
    curves = report.curves
    lips = np.stack([getattr(curves.lips, name) for name in CHANNELS])
    found = []
    if curves.reference is not None and report.reference is not None:
        other = np.stack([getattr(curves.reference, name) for name in CHANNELS])
        late_s = report.reference.best.lag_ms / 1000
        found.append(_Line("reference", np.arange(other.shape[1]) / curves.reference.fps + late_s, other))
    track = curves.tracks[driver][:, ::_TRACK_STEP]
    late_s = report.follows[driver].best.lag_ms / 1000
    times = np.arange(track.shape[1]) * _TRACK_STEP / MOUTH_RATE + late_s
    found.append(_Line("driver", times, _like(track, lips)))
    found.append(_Line("lips", np.arange(lips.shape[1]) / curves.lips.fps, lips))
    return found


def _like(track: Curve, lips: Curve) -> Curve:
    """With the mean and the spread of the lips."""
    middle, spread = track.mean(axis=1, keepdims=True), track.std(axis=1, keepdims=True)
    centred = (track - middle) / np.maximum(spread, 1e-9)
    return centred * np.nanstd(lips, axis=1, keepdims=True) + np.nanmean(lips, axis=1, keepdims=True)


def _bands(report: SyncReport, driver: str) -> list[tuple[str, Spans]]:
    curves = report.curves
    lost = runs(~curves.lips.seen) / curves.lips.fps
    late_s = report.follows[driver].best.lag_ms / 1000
    return [("quiet", curves.silence), ("shut", curves.expected.shut + late_s), ("unseen", lost)]


def _drawing(lines: list[_Line], bands: list[tuple[str, Spans]], start: float, words: Words) -> str:
    height = len(CHANNELS) * (_HEIGHT + _SPACE) + _FOOT
    parts = [f'<svg viewBox="0 0 {_WIDTH:g} {height:g}" role="img" aria-label="{start:g}–{start + _ROW_S:g} s">']
    for index, name in enumerate(CHANNELS):
        top = index * (_HEIGHT + _SPACE)
        parts.append(f'<rect class="panel" x="0" y="{top:g}" width="{_WIDTH:g}" height="{_HEIGHT:g}"/>')
        parts += [_band(style, spans, start, top) for style, spans in bands]
        parts += [_second(at, top) for at in range(1, round(_ROW_S))]
        low, high = _limits(lines, index)
        parts += [_path(line, index, start, top, low, high) for line in lines]
        parts.append(f'<text class="name" x="8" y="{top + 15:g}">{words(name, tag="tspan")}</text>')
        parts.append(f'<text class="scale" x="{_WIDTH - 6:g}" y="{top + 13:g}">{high:.2f}</text>')
        parts.append(f'<text class="scale" x="{_WIDTH - 6:g}" y="{top + _HEIGHT - 5:g}">{low:.2f}</text>')
    parts += [_tick(start, at, height) for at in range(round(_ROW_S) + 1)]
    return "".join([*parts, "</svg>"])


def _limits(lines: list[_Line], index: int) -> tuple[float, float]:
    """What the panel of a channel reaches from and to, the same in every drawing."""
    shown = np.concatenate([line.values[index] for line in lines if line.name != "driver"])
    low, high = np.nanpercentile(shown, [0.5, 99.5])
    room = max(0.08 * (high - low), 0.002)
    return float(low - room), float(high + room)


def _path(line: _Line, index: int, start: float, top: float, low: float, high: float) -> str:
    inside = (line.times >= start) & (line.times <= start + _ROW_S)
    x = (line.times[inside] - start) / _ROW_S * _WIDTH
    y = top + _HEIGHT * (1 - np.clip((line.values[index, inside] - low) / (high - low), 0, 1))
    pieces = [
        "M" + " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x[first:last], y[first:last], strict=True))
        for first, last in runs(np.isfinite(y))
    ]
    return f'<path class="{line.name}" d="{"".join(pieces)}"/>'


def _band(style: str, spans: Spans, start: float, top: float) -> str:
    left = np.clip((spans[:, 0] - start) / _ROW_S, 0, 1) * _WIDTH
    right = np.clip((spans[:, 1] - start) / _ROW_S, 0, 1) * _WIDTH
    return "".join(
        f'<rect class="{style}" x="{a:.1f}" y="{top:g}" width="{b - a:.1f}" height="{_HEIGHT:g}"/>'
        for a, b in zip(left, right, strict=True)
        if b > a
    )


def _second(at: int, top: float) -> str:
    x = at / _ROW_S * _WIDTH
    return f'<path class="grid" d="M{x:g},{top:g} {x:g},{top + _HEIGHT:g}"/>'


def _tick(start: float, at: int, height: float) -> str:
    anchor = "start" if at == 0 else "end" if at == round(_ROW_S) else "middle"
    return f'<text class="tick" text-anchor="{anchor}" x="{at / _ROW_S * _WIDTH:g}" y="{height - 5:g}">{start + at:g}</text>'
