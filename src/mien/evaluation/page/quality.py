"""The page of a `QualityReport`."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.evaluation.page.shell import document, head, section
from mien.evaluation.page.words import Shown, Words
from mien.evaluation.quality import FROZEN, GENERATED, NEAREST, REAL, TRACKED, QualityReport
from mien.evaluation.sync import NETWORK, SyncReport
from mien.evaluation.tally import METRICS, Metric
from mien.evaluation.worst import Worst
from mien.media.files import write_bytes
from mien.types import Image

_DRAWN = ("psnr_mouth", "mouth_px", "flicker_mouth", "sharpness_mouth")
_LINES = (FROZEN, NEAREST, REAL, TRACKED, GENERATED)
"""The last one lies on top."""
_POINTS = 500
"""Of one line: more cannot be seen."""
_WIDTH, _HEIGHT, _FOOT = 1000.0, 120.0, 18.0
_STEPS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
"""Seconds between the times that are named below a drawing."""
_MOST_TIMES = 12
_LOUDER = 4
"""By so much a difference is multiplied to be seen."""
_JPEG_QUALITY = 88


def write_quality_page(report: QualityReport, path: Path, *, shown: Shown = "auto", overwrite: bool = False) -> None:
    """Writes the page whole or not at all.

    Args:
        report: what was measured.
        path: of the page.
        shown: the language.
        overwrite: replace an existing file.

    Raises:
        AlreadyExistsError, OutputError: as `mien.media.atomic_output`.
    """
    write_bytes(path, quality_page(report, shown).encode(), overwrite=overwrite)


def quality_page(report: QualityReport, shown: Shown = "auto") -> str:
    """HTML in UTF-8; light or dark as the system is."""
    words = Words(shown)
    body = [_head(report, words), _figures(report, words), _sync(report, words), _worst(report, words)]
    return document("quality", words, [*body, _course(report, words)])


def _head(report: QualityReport, words: Words) -> str:
    width, height = report.size
    about = words(
        "quality_about",
        seconds=f"{report.seconds:.1f}",
        frames=report.frames,
        fps=f"{report.fps:.4g}",
        width=width,
        height=height,
        face=f"{report.face:.0%}",
    )
    names = f"{Path(report.generated).name} – {Path(report.reference).name}"
    return head("quality", [names], about, report.remarks, words)


def _figures(report: QualityReport, words: Words) -> str:
    told = [metric for metric in METRICS if report.scores[GENERATED][metric.name] is not None]
    heads = "".join(f"<th>{words(name)}</th>" for name in report.scores)
    rows = "".join(_row(metric, report, words) for metric in told)
    table = f'<div class="wide"><table><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    about = words("how_figures")
    if TRACKED in report.scores:
        about = f"{words('how_tracked')} {about}"
    return section(words("figures"), table, about)


def _row(metric: Metric, report: QualityReport, words: Words) -> str:
    values = (report.scores[name][metric.name] for name in report.scores)
    cells = "".join(f"<td>{_number(value, metric.digits)}</td>" for value in values)
    return f"<tr><th>{words(metric.name)}<small>{words(metric.better)}</small></th>{cells}</tr>"


def _sync(report: QualityReport, words: Words) -> str:
    if not report.sync:
        return ""
    heads = "".join(f"<th>{words(key)}</th>" for key in ("r_sound", "lag", "r_real", "shut_found"))
    rows = "".join(_lips(name, found, words) for name, found in report.sync.items())
    table = f'<div class="wide"><table><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    return section(words("sync"), table, words("how_sync"))


def _lips(name: str, found: SyncReport, words: Words) -> str:
    best = found.follows[NETWORK].best
    chance = best.mean.chance
    r = _number(best.mean.value, 2)
    if chance is not None and best.mean.chance_p95 is not None:
        edge = _number(best.mean.chance_p95, 2)
        r += f"<small>{words('chance', mean=_number(chance, 2), edge=edge)}</small>"
    beside = None if found.reference is None else found.reference.best.mean.value
    shut = None if found.closures is None else found.closures.recall.value
    cells = (r, f"{best.lag_ms} ms", _number(beside, 2), "–" if shut is None else f"{shut:.0%}")
    return f"<tr><th>{words(name)}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _worst(report: QualityReport, words: Words) -> str:
    shown = "".join(_frame(each) for each in report.worst)
    return section(words("worst"), f'<div class="frames">{shown}</div>', words("how_worst"))


def _frame(worst: Worst) -> str:
    difference = cv2.absdiff(worst.real, worst.generated).astype(np.int32) * _LOUDER
    pictures = (worst.real, worst.generated, np.minimum(difference, 255).astype(np.uint8))
    shown = "".join(f'<img alt="" src="data:image/jpeg;base64,{_jpeg(picture)}">' for picture in pictures)
    return f"<figure><div>{shown}</div><figcaption>{worst.seconds:.2f} s · {worst.psnr:.1f} dB</figcaption></figure>"


def _jpeg(image: Image) -> str:
    _, coded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return base64.b64encode(coded.tobytes()).decode()


def _course(report: QualityReport, words: Words) -> str:
    shown = [name for name in reversed(_LINES) if name in report.series]
    marks = "".join(f'<li><i class="{name}"></i>{words(name)}</li>' for name in shown)
    drawn = "".join(_drawing(name, report, words) for name in _DRAWN)
    legend = f'<p>{words("how_course")}</p><ul class="legend">{marks}</ul>'
    return f'<section><h2>{words("course")}</h2>{legend}<div class="wide">{drawn}</div></section>'


def _drawing(name: str, report: QualityReport, words: Words) -> str:
    lines = {
        line: _thinned(report.series[line][name], report.step) for line in _LINES if name in report.series.get(line, {})
    }
    if GENERATED not in lines:
        return ""
    low, high = _limits(lines.values())
    parts = [f'<svg viewBox="0 0 {_WIDTH:g} {_HEIGHT + _FOOT:g}" role="img">']
    parts.append(f'<rect class="panel" x="0" y="0" width="{_WIDTH:g}" height="{_HEIGHT:g}"/>')
    parts += [_path(line, values, low, high) for line, values in lines.items()]
    parts.append(f'<text class="name" x="8" y="15">{words(name, tag="tspan")}</text>')
    parts.append(f'<text class="scale" x="{_WIDTH - 6:g}" y="13">{high:.3g}</text>')
    parts.append(f'<text class="scale" x="{_WIDTH - 6:g}" y="{_HEIGHT - 5:g}">{low:.3g}</text>')
    step = next((each for each in _STEPS if report.seconds / each <= _MOST_TIMES), _STEPS[-1])
    parts += [_tick(at, report.seconds) for at in np.arange(0, report.seconds, step)]
    return "".join([*parts, "</svg>"])


def _thinned(values: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """At most `_POINTS` means, each of `step` frames or more; NaN where nothing is known."""
    bins = np.arange(len(values)) * min(-(-len(values) // step), _POINTS) // len(values)
    known = np.isfinite(values)
    total = np.bincount(bins, np.where(known, values, 0))
    count = np.bincount(bins, known)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _limits(lines: Iterable[NDArray[np.float64]]) -> tuple[float, float]:
    low, high = np.nanpercentile(np.concatenate(list(lines)), [0.5, 99.5])
    room = max(0.06 * (high - low), 1e-3)
    return float(max(low - room, min(low, 0))), float(high + room)


def _path(line: str, values: NDArray[np.float64], low: float, high: float) -> str:
    x = (np.arange(len(values)) + 0.5) / len(values) * _WIDTH
    y = _HEIGHT * (1 - np.clip((values - low) / (high - low), 0, 1))
    drawn, pen = [], "M"
    for a, b in zip(x, y, strict=True):
        if np.isnan(b):
            pen = "M"
            continue
        drawn.append(f"{pen}{a:.1f},{b:.1f}")
        pen = "L"
    return f'<path class="{line}" d="{"".join(drawn)}"/>'


def _tick(at: float, seconds: float) -> str:
    x, y = at / seconds * _WIDTH, _HEIGHT + _FOOT - 5
    anchor = "start" if at == 0 else "end" if x > 0.99 * _WIDTH else "middle"
    return f'<text class="tick" text-anchor="{anchor}" x="{x:.1f}" y="{y:g}">{at:g}</text>'


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"  # + 0: no -0.00
