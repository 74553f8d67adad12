from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from mien.errors import AlreadyExistsError
from mien.evaluation import steadiness
from mien.evaluation.agreement import Agreement, Figure
from mien.evaluation.closures import Closures, Expected
from mien.evaluation.lips import Lips
from mien.evaluation.page import page, write_page
from mien.evaluation.page.words import TEXTS
from mien.evaluation.remarks import Remark
from mien.evaluation.sync import Beside, Curves, Following, SyncReport

from .conftest import syllables


def made(seconds: float = 25.0, video: str = "talk.mp4") -> SyncReport:
    count = round(seconds * 25)
    curve = np.interp(np.arange(count) * 4, np.arange(count * 4), syllables(seconds)) / 10
    gap = curve.copy()
    gap[30:40] = np.nan
    lips = Lips(25.0, curve, gap, curve, curve, np.isfinite(gap))
    agreement = Agreement(-100, Figure(0.5, -0.001, 0.2), Figure(0.4), Figure(None), Figure(0.45, 0.1, 0.2))
    following = Following(agreement, agreement)
    tracks = np.stack([syllables(seconds)] * 3)
    expected = Expected("network", np.array([[1.0, 1.1]]), np.array([[2.0, 2.1]]))
    return SyncReport(
        video=video,
        seconds=seconds,
        measured_s=seconds - 0.4,
        fps=25.0,
        frames=count,
        face=0.98,
        faces=2,
        follows={"network": following, "loudness": following},
        closures=Closures("network", 1, 1, Figure(1.0, 0.2, 0.3), Figure(0.0, 0.2, 0.3), Figure(1.0)),
        silence=None,
        jitter=steadiness.Jitter(1.0, 2.0, 3.0, 0.5),
        reference=Beside(
            "real.mp4",
            20.0,
            agreement,
            agreement,
            dict.fromkeys(("jaw", "gap", "width"), 0.01),
            {"jaw": 1.0, "gap": None, "width": 0.9},
        ),
        remarks=(Remark("faces", {"count": 2}),),
        curves=Curves(lips, {"network": tracks, "loudness": tracks}, expected, np.array([[3.0, 4.0]]), lips),
    )


class Outline(HTMLParser):
    """Tags left open, and every attribute that would load something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "srcset", "data")]
        if tag not in ("meta", "rect", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_it_is_whole_and_loads_nothing():
    text = page(made())
    outline = Outline(text)
    assert outline.open == []
    assert outline.loads == []
    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text
    assert "default-src 'none'" in text.replace("&#x27;", "'")


@pytest.mark.parametrize(("shown", "says", "silent"), [("en", "Lip sync", "口型同步"), ("zh", "口型同步", "Lip sync")])
def test_one_language(shown, says: str, silent: str):
    text = page(made(), shown)
    assert says in text
    assert silent not in text
    assert "2 faces" in text if shown == "en" else "2 张脸" in text


def test_both_languages_stand_in_a_page_that_asks_the_browser():
    text = page(made())
    assert text.count('<span lang="en">') == text.count('<span lang="zh-CN">') > 20
    assert text.count('<tspan lang="en">') == text.count('<tspan lang="zh-CN">') > 0


def test_curves_are_drawn_ten_seconds_each_and_broken_where_the_face_is_lost():
    text = page(made(25.0), "en")
    assert text.count("<svg") == 3
    gaps = re.findall(r'<path class="lips" d="([^"]*)"', text)
    assert len(gaps) == 9
    assert gaps[1].count("M") == 2
    assert "nan" not in text
    assert 'class="unseen"' in text


def test_a_long_video_is_drawn_in_part():
    text = page(made(150.0), "en")
    assert text.count("<svg") == 12
    assert "The first 120 s are drawn." in text


def test_names_cannot_break_out_of_it():
    text = page(made(video="<script>alert(1)</script>.mp4"))
    assert "<script>alert" not in text


def test_numbers_as_people_read_them():
    text = page(made(), "en")
    assert "chance 0.00, p95 0.20" in text  # not -0.00
    assert "<td>–</td>" in text


def test_it_is_written_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "page.html"
    write_page(made(), path)
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(AlreadyExistsError):
        write_page(made(), path)
    write_page(made(), path, overwrite=True)
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


def test_every_text_is_in_both_languages_with_the_same_gaps():
    for english, chinese in TEXTS.values():
        assert set(re.findall(r"\{(\w+)\}", english)) == set(re.findall(r"\{(\w+)\}", chinese))
