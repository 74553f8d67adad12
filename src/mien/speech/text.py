"""Written text made ready for a voice: cleaned, cut into sentences, and each sentence into runs of one language.

Numbers, dates and markup are left as they are: the voice reads them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MAX_SENTENCE = 300
"""Characters; a longer sentence is cut where it hurts least, so that one piece of work stays small."""

# --- cleaning ---------------------------------------------------------------------------------------------------------

_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u231a\u231b\u23e9-\u23fa\u3030\u303d"
    "\u20e3\ufe00-\ufe0f\U000e0020-\U000e007f]+(?:\u200d[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f]+)*"
)
_FULL_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_JOINERS = "\u200c\u200d"  # part of the spelling in Persian and in the scripts of India
_LINE_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028]")


def clean(text: str) -> str:
    """The text without what nobody can say: control characters, invisible marks, lone surrogates, emoji.

    Full-width letters and digits become plain ones, accents are composed (NFC), line breaks are `\\n`.
    """
    text = _LINE_BREAKS.sub("\n", text).replace("\u2029", "\n\n").replace("\t", " ")
    text = _EMOJI.sub(" ", text.translate(_FULL_WIDTH))
    return unicodedata.normalize("NFC", "".join(char for char in text if _visible(char)))


def _visible(char: str) -> bool:
    return char == "\n" or char in _JOINERS or not unicodedata.category(char).startswith("C")


def speakable(text: str) -> bool:
    """Whether there is a letter or a digit in it."""
    return any(char.isalnum() for char in text)


# --- sentences --------------------------------------------------------------------------------------------------------

_CLOSERS = "\"'”’»›)\\]}）】」』》〉"
_END = re.compile(
    rf"(?P<mark>[.!?。！？｡।॥؟۔…⋯]+)(?P<closers>[{_CLOSERS}]*)(?P<space>\s*)|(?P<lines>\n\s*)",
)
_HARD = re.compile("[。！？｡।॥؟۔]")
_WRAPPED = 60
"""Columns: a line at least this long was broken by its margin, and the sentence goes on in the next."""

_WORD_BEFORE = re.compile(r"[^\W_]+(?:\.[^\W_]+)*$")
_NEVER_LAST = frozenset(
    {
        "mr", "mrs", "ms", "messrs", "dr", "prof", "rev", "hon", "gen", "col", "maj", "capt", "lt", "sgt", "sen", "rep",
        "gov", "pres", "st", "mt", "ft", "mme", "mlle", "vs", "cf", "viz", "e.g", "i.e", "eg", "ie", "z.b", "d.h",
        "bzw", "ca", "approx", "dept", "est", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct",
        "nov", "dec",
    }
)  # fmt: skip
_BEFORE_NUMBERS = frozenset(
    {
        "no", "nos", "nr", "fig", "figs", "vol", "ch", "sec", "art", "p", "pp", "eq", "tab", "op",
    }
)  # fmt: skip
_SOMETIMES_LAST = frozenset(
    {
        "etc", "inc", "ltd", "co", "corp", "llc", "bros", "jr", "sr", "a.m", "p.m", "pm", "al", "u.s", "u.k",
        "u.n", "e.u", "ph.d", "b.a", "m.a", "usw",
    }
)  # fmt: skip
_INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]$")
_STARTER = re.compile(
    r"(?:he|she|it|they|we|you|i|the|this|that|these|those|there|a|an|in|on|at|but|and|so|then|when|if|my|his|her|our)(?=[\s'’])",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[,;:，；：、—]\s*|[.!?。！？…]+\s+")
_SPACE = re.compile(r"\s+")


def split_sentences(text: str, limit: int = MAX_SENTENCE) -> Iterator[str]:
    """Cuts text into sentences as they are spoken, in any script.

    Convention: nothing is lost or doubled: the pieces joined are the text; white space stays with the sentence before it.
    A line break ends a sentence (titles, lists, verse) unless its line is long enough to have been wrapped, or the next
    begins with a small letter.

    Args:
        text: see `clean`.
        limit: characters in the longest piece.
    """
    start = 0
    for match in _END.finditer(text):
        if match.end() > start and _is_end(text, start, match):
            yield from _pieces(text[start : match.end()], limit)
            start = match.end()
    if start < len(text):
        yield from _pieces(text[start:], limit)


def _is_end(text: str, start: int, match: re.Match[str]) -> bool:
    following = text[match.end() : match.end() + 1]
    mark, space = match["mark"] or "", match["space"] or match["lines"] or ""
    if not following or space.count("\n") > 1 or _HARD.search(mark):
        return True
    if following.islower():
        return False
    if "\n" in space and not _wraps(text, match.start()):
        return True
    if not mark or (not space and _script(following) != "CJK"):
        return False
    return mark != "." or _full_stop(text, start, match)


def _wraps(text: str, end: int) -> bool:
    """Whether the line that ends here was broken by its margin only."""
    line = text[max(text.rfind("\n", max(0, end - _WRAPPED), end) + 1, end - _WRAPPED) : end]
    return sum(2 if _script(char) in _WIDE else 1 for char in line) >= _WRAPPED


def _full_stop(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a single dot with white space behind it ends a sentence, or an abbreviation."""
    before = _WORD_BEFORE.search(text, max(start, match.start() - 20), match.start())
    if not before:
        return True
    word, following = before[0].lower(), text[match.end() : match.end() + 10]
    if word in _NEVER_LAST or (word in _BEFORE_NUMBERS and following[:1].isdigit()):
        return False
    if word.isdigit() and not text[start : before.start()].strip():
        return False  # "1. First" in a list
    if word in _SOMETIMES_LAST or (_INITIALS.match(word) and before[0].isupper() and before[0] != "I"):
        return bool(_STARTER.match(following))
    return True


def _pieces(sentence: str, limit: int) -> Iterator[str]:
    start = 0
    while len(sentence) - start > limit:
        end = _cut(sentence, start, limit)
        yield sentence[start:end]
        start = end
    yield sentence[start:]


def _cut(sentence: str, start: int, limit: int) -> int:
    """Where to cut a sentence that is too long: after a clause, else between words, else before a whole character."""
    earliest, latest = start + limit // 3, start + limit
    for pattern in (_CLAUSE_END, _SPACE):
        ends = [match.end() for match in pattern.finditer(sentence, earliest, latest)]
        if ends:
            return ends[-1]
    end = latest
    while end > earliest + 1 and unicodedata.combining(sentence[end]):
        end -= 1
    return end


# --- languages --------------------------------------------------------------------------------------------------------

_WIDE = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL"})

_LANGUAGE_OF_SCRIPT = {
    "LATIN": "en", "CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CYRILLIC": "ru", "GREEK": "el",
    "HEBREW": "he", "ARABIC": "ar", "DEVANAGARI": "hi", "BENGALI": "bn", "GURMUKHI": "pa", "GUJARATI": "gu", "ORIYA": "or",
    "TAMIL": "ta", "TELUGU": "te", "KANNADA": "kn", "MALAYALAM": "ml", "SINHALA": "si", "THAI": "th", "MYANMAR": "my",
    "GEORGIAN": "ka", "ARMENIAN": "hy", "ETHIOPIC": "am",
}  # fmt: skip

_SCRIPTS_OF_LANGUAGE = {
    "zh": ("CJK",), "cmn": ("CJK",), "yue": ("CJK",), "hak": ("CJK",), "ja": ("HIRAGANA", "KATAKANA", "CJK"),
    "ko": ("HANGUL", "CJK"), "el": ("GREEK",), "grc": ("GREEK",), "he": ("HEBREW",), "ar": ("ARABIC",), "fa": ("ARABIC",),
    "ur": ("ARABIC",), "sd": ("ARABIC",), "ug": ("ARABIC",), "hi": ("DEVANAGARI",), "mr": ("DEVANAGARI",),
    "ne": ("DEVANAGARI",), "kok": ("DEVANAGARI",), "bn": ("BENGALI",), "as": ("BENGALI",), "bpy": ("BENGALI",),
    "pa": ("GURMUKHI",), "gu": ("GUJARATI",), "or": ("ORIYA",), "ta": ("TAMIL",), "te": ("TELUGU",), "kn": ("KANNADA",),
    "ml": ("MALAYALAM",), "si": ("SINHALA",), "th": ("THAI",), "my": ("MYANMAR",), "shn": ("MYANMAR",), "ka": ("GEORGIAN",),
    "hy": ("ARMENIAN",), "hyw": ("ARMENIAN",), "am": ("ETHIOPIC",), "ti": ("ETHIOPIC",), "sr": ("CYRILLIC", "LATIN"),
    "ru": ("CYRILLIC",), "uk": ("CYRILLIC",), "be": ("CYRILLIC",), "bg": ("CYRILLIC",), "mk": ("CYRILLIC",),
    "kk": ("CYRILLIC",), "ky": ("CYRILLIC",), "tt": ("CYRILLIC",), "ba": ("CYRILLIC",), "cv": ("CYRILLIC",),
    "nog": ("CYRILLIC",),
}  # fmt: skip

_CANTONESE_REGIONS = {"hk", "mo"}

_SCRIPT_NAMES = {"IDEOGRAPHIC": "CJK", "KANGXI": "CJK", "HALFWIDTH": "KATAKANA", "MODIFIER": "", "FEMININE": "LATIN"}
_TAIL = re.compile(r"\s(?P<next>\S+)$|(?P<opening>[\[({（【「『《〈“‘«‹]+)$")


@dataclass(frozen=True, slots=True)
class LanguageRun:
    """A stretch of text in one language; language is a tag such as "zh", "en" or what was preferred."""

    language: str
    text: str


@lru_cache(maxsize=8192)
def _script(char: str) -> str:
    """The script of a letter by the first word of its Unicode name; "" for what belongs to no script."""
    if not char.isalpha() or char.isascii():
        return "LATIN" if char.isalpha() else ""
    name = unicodedata.name(char, "").partition(" ")[0]
    return _SCRIPT_NAMES.get(name, name)


def language_runs(text: str, preferred: str = "") -> list[LanguageRun]:
    """Cuts a sentence where its language changes, judged by the script.

    Convention: the texts joined are the sentence. Digits, spaces and punctuation belong to the letters before them, or
    to those behind them when they touch only these ("In 2024年"). Han is Chinese, or Japanese beside kana.

    Args:
        text: one sentence.
        preferred: the language of the chosen voice; it keeps every script that it is written in. "" for none.
    """
    writes = _scripts_of(preferred)
    kana = any(_script(char) in ("HIRAGANA", "KATAKANA") for char in text)

    def language_of(script: str) -> str:
        if script in writes:
            return preferred
        if script == "CJK" and kana:
            return "ja"
        return _LANGUAGE_OF_SCRIPT.get(script, preferred or "en")

    runs: list[LanguageRun] = []
    start = letters_end = 0
    language = ""
    for index, char in enumerate(text):
        script = _script(char)
        if not script:
            continue
        found = language_of(script)
        if language and found != language:
            border = _border(text, letters_end, index)
            runs.append(LanguageRun(language, text[start:border]))
            start = border
        language, letters_end = found, index + 1
    if text:
        runs.append(LanguageRun(language or preferred or "en", text[start:]))
    return runs


def same_language(tag: str, wanted: str) -> bool:
    """Whether a voice of language `tag` answers a wish: "en-us" for "en", "cmn" for "zh" and "zh-CN"; not "en" for "en-us"."""
    have, wish = _subtags(tag), _subtags(wanted)
    # Mandarin that names no region is what is spoken in every region where Chinese means Mandarin.
    if have == ["zh"] and wish[0] == "zh" and not _CANTONESE_REGIONS & set(wish):
        return True
    return have[: len(wish)] == wish


def _subtags(tag: str) -> list[str]:
    parts = tag.lower().replace("_", "-").split("-")
    return ["zh" if part == "cmn" else part for part in parts]


def _scripts_of(language: str) -> tuple[str, ...]:
    if not language:
        return ()
    scripts = _SCRIPTS_OF_LANGUAGE.get(language.split("-")[0].lower(), ("LATIN",))
    return (*scripts, "LATIN") if "-latn" in language.lower() else scripts


def _border(text: str, start: int, end: int) -> int:
    """Where between two languages the neutral text[start:end] is divided."""
    tail = _TAIL.search(text[start:end])
    if not tail:
        return end
    return start + (tail.start("next") if tail["next"] else tail.start("opening"))
