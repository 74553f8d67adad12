"""Sentences that nobody has to understand: they hold every sound of a language in every neighbourhood."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from mien.motion.training.words import WORDS

_MADE_UP, _NUMBER, _COMMA, _QUESTION = 0.25, 0.08, 0.15, 0.2
"""Chances, the first three per word."""

_LITTLE_WORDS = 1.8
"""Words are drawn so that every fourth is among the first twelfth of the list."""

_WORD_LETTERS = (3, 10)
_HANZI = 0.4
"""Chance of a character drawn from all common ones, in place of a Mandarin word."""

_UNSPACED = ("cmn", "ja")
_NO_DIGITS = ("ja",)
"""espeak-ng spells Latin letters and digits out in English there."""

_LEVEL_1 = (range(0xB0, 0xD7), range(0xA1, 0xFF))
"""GB2312's rows and columns of the 3755 characters in daily use."""
_LAST_LEVEL_1 = 0xF9
"""The last row ends here."""


def sentence(language: str, rng: np.random.Generator) -> str:
    """Four to fourteen words of `language` (a key of `WORDS`), real ones and made-up ones, sometimes a number."""
    words = [_word(language, rng) for _ in range(int(rng.integers(4, 15)))]
    space, comma = ("", "，" if language == "cmn" else "、") if language in _UNSPACED else (" ", ", ")
    text = words[0]
    for word in words[1:]:
        two_numbers = text[-1].isdigit() and word[0].isdigit()
        text += (comma if two_numbers or rng.random() < _COMMA else space) + word
    asks = rng.random() < _QUESTION
    return text + (("？" if asks else "。") if language in _UNSPACED else ("?" if asks else "."))


def _word(language: str, rng: np.random.Generator) -> str:
    if language not in _NO_DIGITS and rng.random() < _NUMBER:
        return str(int(10 ** rng.uniform(0, 4)))
    if language == "cmn" and rng.random() < _HANZI:
        return _hanzi(rng)
    if language != "cmn" and rng.random() < _MADE_UP:
        return made_up(language, rng)
    words = WORDS[language]
    return words[int(len(words) * rng.random() ** _LITTLE_WORDS)]


def _hanzi(rng: np.random.Generator) -> str:
    rows, columns = _LEVEL_1
    while True:
        row, column = int(rng.choice(rows)), int(rng.choice(columns))
        if row != rows[-1] or column <= _LAST_LEVEL_1:
            return bytes([row, column]).decode("gb2312")


def made_up(language: str, rng: np.random.Generator) -> str:
    """A word that is spelled as words of the language are: each letter follows the two before it as in some real word."""
    following = _following(language)
    for _ in range(100):
        word = _chosen(following["", ""], rng)
        while len(word) <= _WORD_LETTERS[1]:
            letter = _chosen(following[word[-2:-1], word[-1]], rng)
            if not letter:
                break
            word += letter
        if _WORD_LETTERS[0] <= len(word) <= _WORD_LETTERS[1]:
            return word
    return _chosen(WORDS[language], rng)


@cache
def _following(language: str) -> Mapping[tuple[str, str], Sequence[str]]:
    """Letters by the two before them; "" before the first letter and after the last."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for word in WORDS[language]:
        letters = ["", "", *word.lower(), ""]
        for first, second, third in zip(letters, letters[1:], letters[2:], strict=False):
            found[first, second].append(third)
    return dict(found)


def _chosen(options: Sequence[str], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]
