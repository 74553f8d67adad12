"""What every page has: one file that loads nothing, in one language or in the one that the browser asks for."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources

from mien.evaluation.page.words import LANGUAGES, Words, plain
from mien.evaluation.remarks import Remark

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


def document(title: str, words: Words, body: Iterable[str]) -> str:
    """HTML in UTF-8; light or dark as the system is.

    Args:
        title: key of its text; the first heading must show it, too.
        words: in the language of the page.
        body: pieces of HTML; pictures in them can only be `data:`.
    """
    from mien import __version__

    style = resources.files("mien.evaluation.page").joinpath("style.css").read_text(encoding="utf-8")
    allowed = f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(_SCRIPT)}"
    named = plain(title, "en" if words.shown == "auto" else words.shown)
    return "\n".join(
        [
            f'<!doctype html><html lang="{words.page_language}" data-shown="{words.shown}"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(allowed)}">',
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(named)}</title>',
            f"<style>{style}</style></head><body><main>",
            *body,
            f"<footer>{words('made', version=__version__)}</footer></main>",
            f"<script>{_SCRIPT}</script></body></html>",
        ]
    )


def head(title: str, names: Sequence[str], about: str, remarks: Iterable[Remark], words: Words) -> str:
    """The first heading, the names of what was measured, a line about it (HTML), and what should be known."""
    noted = "".join(
        f"<li>{words.both({language: remark.text(language) for language in LANGUAGES})}</li>" for remark in remarks
    )
    called = "".join(f'<p class="name">{escape(name)}</p>' for name in names)
    return f"<header><h1>{words(title)}</h1>{called}<p>{about}</p>{f'<ul>{noted}</ul>' if noted else ''}</header>"


def section(title: str, content: str, about: str) -> str:
    """All three HTML."""
    return f"<section><h2>{title}</h2>{content}<p>{about}</p></section>"


def listed(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values, both HTML."""
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows) + "</dl>"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
