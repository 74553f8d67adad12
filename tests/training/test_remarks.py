"""What users are told of a prepared video, and that the Chinese page knows every sentence of it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from mien.training.remarks import of_mouth, of_pictures, of_sound

_TABLE = Path(__file__).parents[2] / "web" / "src" / "i18n" / "remarks.ts"
_SEEN = np.array([True, True, False, True] * 25)


def _chinese(sentence: str) -> str:
    patterns = re.findall(r"\[\s*/(\^.*\$)/,\s*'(.*)'", _TABLE.read_text(encoding="utf-8"))
    found = [(re.fullmatch(pattern, sentence), text) for pattern, text in patterns]
    match, text = next((match, text) for match, text in found if match)
    return re.sub(r"\$(\d)", lambda gap: match[int(gap[1])], text)


@pytest.mark.parametrize(
    ("told", "figures"),
    [
        (of_pictures(_SEEN, np.array([50, 75])), (("25", "100", "0.1"), ("2.0, 3.0",))),
        (of_pictures(np.ones(9, np.bool_), np.arange(25, 200, 25)), (("1.0, 2.0, 3.0, 4.0, 5.0 …",),)),
        (of_sound(heard=False, late_ms=0), ((),)),
        (of_sound(heard=True, late_ms=120), (("晚", "120"),)),
        (of_sound(heard=True, late_ms=-80), (("早", "80"),)),
        (of_mouth(np.full(50, 0.1, np.float32)), (("10",),)),
    ],
)
def test_each_remark_is_known_to_the_chinese_page(told: list[str], figures: tuple[tuple[str, ...], ...]) -> None:
    assert len(told) == len(figures)
    for sentence, wanted in zip(told, figures, strict=True):
        chinese = _chinese(sentence)
        assert all(figure in chinese for figure in wanted), chinese


def test_nothing_is_told_where_all_is_well() -> None:
    assert not of_pictures(np.ones(50, np.bool_), np.zeros(0, np.int64))
    assert not of_sound(heard=True, late_ms=0)
    assert not of_mouth(np.full(50, 0.4, np.float32))
