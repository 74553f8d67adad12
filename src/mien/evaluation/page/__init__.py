"""A report as one page that needs nothing else: no other file, no other host."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mien.evaluation.agreement import Agreement, Figure
from mien.evaluation.lips import CHANNELS
from mien.evaluation.page.curves import DRAWN_S, drawings
from mien.evaluation.page.shell import document, head, listed, section
from mien.evaluation.page.words import Shown, Words
from mien.evaluation.sync import LOUDNESS, Following, SyncReport
from mien.media.files import write_bytes


def write_page(
    report: SyncReport, path: Path, *, name: str = "", shown: Shown = "auto", overwrite: bool = False
) -> None:
    """Writes the page whole or not at all.

    Args:
        report: what was measured.
        path: of the page.
        name: how the video is called on it; "": as its file.
        shown: the language.
        overwrite: replace an existing file.

    Raises:
        AlreadyExistsError, OutputError: as `mien.media.atomic_output`.
    """
    write_bytes(path, page(report, shown, name).encode(), overwrite=overwrite)


def page(report: SyncReport, shown: Shown = "auto", name: str = "") -> str:
    """HTML in UTF-8; light or dark as the system is. The arguments are those of `write_page`."""
    words = Words(shown)
    driver = next(name for name in report.follows if name != LOUDNESS)
    return document(
        "title",
        words,
        [
            _head(report, name or Path(report.video).name, words),
            _follow(report, words),
            '<div class="cards">',
            _closures(report, words),
            _silence(report, words),
            _jitter(report, words),
            _syncnet(report, words),
            "</div>",
            _beside(report, words),
            _curves(report, driver, words),
        ],
    )


def _head(report: SyncReport, name: str, words: Words) -> str:
    about = words("about", seconds=f"{report.seconds:.1f}", fps=f"{report.fps:.3g}", face=f"{report.face:.0%}")
    return head("title", [name], about, report.remarks, words)


def _follow(report: SyncReport, words: Words) -> str:
    rows = "".join(_agreements(words(name), following, words) for name, following in report.follows.items())
    return section(words("follow"), _table(rows, words), words("how_follow"))


def _beside(report: SyncReport, words: Words) -> str:
    beside = report.reference
    if beside is None:
        return ""
    rows = _agreements(words("reference"), Following(beside.best, beside.fixed), words)
    rows += _plain_row(words("error"), [f"{beside.error[name]:.3f}" for name in CHANNELS])
    amplitude = [beside.amplitude[name] for name in CHANNELS]
    rows += _plain_row(words("amplitude"), ["–" if each is None else f"{each:.2f}" for each in amplitude])
    about = words("how_beside", seconds=f"{beside.seconds:.1f}", name=Path(beside.video).name)
    return section(words("beside"), _table(rows, words), about)


def _table(rows: str, words: Words) -> str:
    heads = "".join(f"<th>{words(key)}</th>" for key in ("lag", *CHANNELS, "mean"))
    return f'<div class="wide"><table><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'


def _agreements(name: str, following: Following, words: Words) -> str:
    return _agreement(name, "at_best", following.best, words) + _agreement(name, "at_fixed", following.fixed, words)


def _agreement(name: str, which: str, agreement: Agreement, words: Words) -> str:
    figures = [getattr(agreement, channel) for channel in (*CHANNELS, "mean")]
    cells = "".join(f"<td>{_figure(figure, words)}</td>" for figure in figures)
    return f"<tr><th>{name}<small>{words(which)}</small></th><td>{agreement.lag_ms} ms</td>{cells}</tr>"


def _plain_row(name: str, values: Iterable[str]) -> str:
    cells = "".join(f"<td>{value}</td>" for value in values)
    return f"<tr><th>{name}</th><td></td>{cells}<td></td></tr>"


def _closures(report: SyncReport, words: Words) -> str:
    found = report.closures
    if found is None:
        return section(words("closures"), "", words("none"))
    rows = [
        (words("recall", count=found.count), _figure(found.recall, words, share=True)),
        (words("false_alarms", count=found.others), _figure(found.false_alarms, words, share=True)),
        (words("auc"), _figure(found.auc, words)),
    ]
    return section(words("closures"), listed(rows), words(f"by_{found.reference}"))


def _silence(report: SyncReport, words: Words) -> str:
    found = report.silence
    if found is None:
        return section(words("silence"), "", words("none"))
    rows = [
        (words(f"silent_{name}"), _figure(getattr(found, name), words, share=True)) for name in ("jaw", "gap", "open")
    ]
    return section(words("silence"), listed(rows), words("over", seconds=f"{found.seconds:.1f}"))


def _jitter(report: SyncReport, words: Words) -> str:
    rows = [(words(name), f"{getattr(report.jitter, name):.1f}") for name in CHANNELS]
    return section(words("jitter"), listed(rows), words("how_jitter", noise=f"{report.jitter.noise:.1f}"))


def _syncnet(report: SyncReport, words: Words) -> str:
    found = report.syncnet
    if found is None:
        return ""
    rows = [(words("lse_c"), f"{found.lse_c:.2f}"), (words("lse_d"), f"{found.lse_d:.2f}")]
    about = words("how_syncnet", network=found.network, frames=f"{found.offset_frames:+d}")
    return section(words("syncnet"), listed(rows), about)


def _curves(report: SyncReport, driver: str, words: Words) -> str:
    beside = ["reference"] if report.reference else []
    marks = [("lips", "lips"), ("driver", driver), *((key, key) for key in (*beside, "shut", "quiet", "unseen"))]
    legend = "".join(f'<li><i class="{style}"></i>{words(key)}</li>' for style, key in marks)
    cut = words("first", seconds=f"{DRAWN_S:g}") if report.seconds > DRAWN_S else ""
    drawn = "".join(drawings(report, driver, words))
    about = f"<p>{words('how_curves')} {cut}</p>"
    return f'<section><h2>{words("curves")}</h2>{about}<ul class="legend">{legend}</ul><div class="wide">{drawn}</div></section>'


def _figure(figure: Figure, words: Words, *, share: bool = False) -> str:
    if figure.value is None:
        return "–"
    if figure.chance is None or figure.chance_p95 is None:
        return _number(figure.value, share)
    beside = words("chance", mean=_number(figure.chance, share), edge=_number(figure.chance_p95, share))
    return f"{_number(figure.value, share)}<small>{beside}</small>"


def _number(value: float, share: bool) -> str:
    return f"{value:.0%}" if share else f"{round(value, 2) + 0.0:.2f}"  # + 0: no -0.00
