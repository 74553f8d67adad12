"""A report as one page that needs nothing else: no other file, no other host."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from importlib import resources
from pathlib import Path

from mien.evaluation.agreement import Agreement, Figure
from mien.evaluation.lips import CHANNELS
from mien.evaluation.page.curves import DRAWN_S, drawings
from mien.evaluation.page.words import LANGUAGES, Shown, Words, plain
from mien.evaluation.sync import LOUDNESS, Following, SyncReport
from mien.media.files import write_bytes

_SCRIPT = """
const root = document.documentElement;
if (root.dataset.shown === 'auto') {
  const first = navigator.languages.map((name) => name.slice(0, 2)).find((name) => name === 'zh' || name === 'en') ?? 'en';
  root.dataset.shown = first;
  root.lang = first === 'zh' ? 'zh-CN' : 'en';
  document.title = document.querySelector(`h1 [lang='${root.lang}']`).textContent;
}
"""
"""Shows the language that the browser asks for."""


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
    from mien import __version__

    words = Words(shown)
    driver = next(name for name in report.follows if name != LOUDNESS)
    style = resources.files("mien.evaluation.page").joinpath("style.css").read_text(encoding="utf-8")
    allowed = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(_SCRIPT)}"
    title = plain("title", "en" if shown == "auto" else shown)
    return "\n".join(
        [
            f'<!doctype html><html lang="{words.page_language}" data-shown="{shown}"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(allowed)}">',
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>',
            f"<style>{style}</style></head><body><main>",
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
            f"<footer>{words('made', version=__version__)}</footer></main>",
            f"<script>{_SCRIPT}</script></body></html>",
        ]
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _head(report: SyncReport, name: str, words: Words) -> str:
    about = words("about", seconds=f"{report.seconds:.1f}", fps=f"{report.fps:.3g}", face=f"{report.face:.0%}")
    remarks = "".join(
        f"<li>{words.both({language: remark.text(language) for language in LANGUAGES})}</li>"
        for remark in report.remarks
    )
    listed = f"<ul>{remarks}</ul>" if remarks else ""
    called = f'<p class="name">{escape(name)}</p>'
    return f"<header><h1>{words('title')}</h1>{called}<p>{about}</p>{listed}</header>"


def _follow(report: SyncReport, words: Words) -> str:
    rows = "".join(_agreements(words(name), following, words) for name, following in report.follows.items())
    return _section(words("follow"), _table(rows, words), words("how_follow"))


def _beside(report: SyncReport, words: Words) -> str:
    beside = report.reference
    if beside is None:
        return ""
    rows = _agreements(words("reference"), Following(beside.best, beside.fixed), words)
    rows += _plain_row(words("error"), [f"{beside.error[name]:.3f}" for name in CHANNELS])
    amplitude = [beside.amplitude[name] for name in CHANNELS]
    rows += _plain_row(words("amplitude"), ["–" if each is None else f"{each:.2f}" for each in amplitude])
    about = words("how_beside", seconds=f"{beside.seconds:.1f}", name=Path(beside.video).name)
    return _section(words("beside"), _table(rows, words), about)


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
        return _section(words("closures"), "", words("none"))
    rows = [
        (words("recall", count=found.count), _figure(found.recall, words, share=True)),
        (words("false_alarms", count=found.others), _figure(found.false_alarms, words, share=True)),
        (words("auc"), _figure(found.auc, words)),
    ]
    return _section(words("closures"), _list(rows), words(f"by_{found.reference}"))


def _silence(report: SyncReport, words: Words) -> str:
    found = report.silence
    if found is None:
        return _section(words("silence"), "", words("none"))
    rows = [
        (words(f"silent_{name}"), _figure(getattr(found, name), words, share=True)) for name in ("jaw", "gap", "open")
    ]
    return _section(words("silence"), _list(rows), words("over", seconds=f"{found.seconds:.1f}"))


def _jitter(report: SyncReport, words: Words) -> str:
    rows = [(words(name), f"{getattr(report.jitter, name):.1f}") for name in CHANNELS]
    return _section(words("jitter"), _list(rows), words("how_jitter", noise=f"{report.jitter.noise:.1f}"))


def _syncnet(report: SyncReport, words: Words) -> str:
    found = report.syncnet
    if found is None:
        return ""
    rows = [(words("lse_c"), f"{found.lse_c:.2f}"), (words("lse_d"), f"{found.lse_d:.2f}")]
    about = words("how_syncnet", network=found.network, frames=f"{found.offset_frames:+d}")
    return _section(words("syncnet"), _list(rows), about)


def _curves(report: SyncReport, driver: str, words: Words) -> str:
    beside = ["reference"] if report.reference else []
    marks = [("lips", "lips"), ("driver", driver), *((key, key) for key in (*beside, "shut", "quiet", "unseen"))]
    legend = "".join(f'<li><i class="{style}"></i>{words(key)}</li>' for style, key in marks)
    cut = words("first", seconds=f"{DRAWN_S:g}") if report.seconds > DRAWN_S else ""
    drawn = "".join(drawings(report, driver, words))
    about = f"<p>{words('how_curves')} {cut}</p>"
    return f'<section><h2>{words("curves")}</h2>{about}<ul class="legend">{legend}</ul><div class="wide">{drawn}</div></section>'


def _section(title: str, content: str, about: str) -> str:
    return f"<section><h2>{title}</h2>{content}<p>{about}</p></section>"


def _list(rows: Iterable[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows) + "</dl>"


def _figure(figure: Figure, words: Words, *, share: bool = False) -> str:
    if figure.value is None:
        return "–"
    if figure.chance is None or figure.chance_p95 is None:
        return _number(figure.value, share)
    beside = words("chance", mean=_number(figure.chance, share), edge=_number(figure.chance_p95, share))
    return f"{_number(figure.value, share)}<small>{beside}</small>"


def _number(value: float, share: bool) -> str:
    return f"{value:.0%}" if share else f"{round(value, 2) + 0.0:.2f}"  # + 0: no -0.00
