"""Written answers made speakable while they arrive: markup, links, code and thoughts are left out."""

from __future__ import annotations

import re

from mien.speech.text import clean

_SKIPPED = {"<think>": "</think>", "<thinking>": "</thinking>", "```": "```"}
"""What opens a stretch that nobody hears, and what ends it."""
_OPENING = re.compile("|".join(map(re.escape, _SKIPPED)), re.IGNORECASE)

# The end of the text so far that may yet become markup: a link up to the sign behind it, the beginning of an address, other ASCII signs
# than letters (so also a part of a tag, or asterisks), or an emoji of several parts.
_OPEN_END = re.compile(
    r"!?\[[^\]\n]{0,200}(?:\](?:\([^)\n]{0,500}(?:\)[!-~]{0,100})?)?)?$"
    r"|(?<![!-~])(?:h|ht|htt|https?|w|ww|www)$|(?=[a-z0-9]{0,100}[!-/:-@\[-`{-~])[!-~]{1,500}$"
    r"|[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d]+$",
    re.IGNORECASE,
)

_LONGEST_OPEN_END = 900

_LINK = re.compile(r"!?\[([^\]\n]{0,200})\]\([^)\n]{0,500}\)")
_ADDRESS = re.compile(r"<?(?:https?://|www\.)[^\s<>()\u3000-\uffef]*[^\s<>()\u3000-\uffef.,;:!?'\"]>?", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:think|thinking|b|i|u|em|strong|br|p|sub|sup|ul|ol|li|code|pre|span|div|a|h[1-6])\b[^<>\n]{0,200}>", re.I
)
_RULE = re.compile(r"^[ \t]*(?:\|?[ \t]*:?-{3,}[-:| \t]*|[*_=]{3,}[ \t]*)$", re.MULTILINE)
_LINE_MARK = re.compile(r"^[ \t]*(?:(?:#{1,6}|>+|[-*+•])[ \t]+)+", re.MULTILINE)
_TIMES = re.compile(r"(?<=\d)\*(?=\d)|(?<=\s)\*(?=\s)")
_EMPHASIS = re.compile(r"\*+|~~|`+|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)")
_BREAK = re.compile(r"\s*\n\s*")
_SPACES = re.compile(r"[ \t]{2,}")

_INSIDE_LINE = "\x00"


class Speakable:
    """Filters one answer. Used once."""

    def __init__(self) -> None:
        self._pending = ""
        self._until = ""
        """The end of the stretch that is skipped now; "" if none is."""
        self._before = "\n"
        """The last sign that was read; "\\n" also behind the blanks at the start of a line."""
        self._newlines = 2
        self._blank = True
        """How what was said so far ends: in how many line breaks, and whether in white space at all."""

    def feed(self, text: str) -> str:
        """Takes the next piece as the model writes it and gives what can be said by now; signs that may become markup wait."""
        self._pending += text
        said = self._skip()
        if not self._until:
            end = _OPEN_END.search(self._pending, max(0, len(self._pending) - _LONGEST_OPEN_END))
            cut = end.start() if end else len(self._pending)
            said += self._say(self._pending[:cut])
            self._pending = self._pending[cut:]
        return said

    def flush(self) -> str:
        """The answer is over: what had waited."""
        said = self._skip()
        if not self._until:
            said += self._say(self._pending)
        self._pending = ""
        return said.rstrip()

    def _skip(self) -> str:
        """Removes the stretches that nobody hears and gives what is said before and between them."""
        said = ""
        while True:
            if self._until:
                end = self._pending.lower().find(self._until)
                if end < 0:
                    self._pending = self._pending[-len(self._until) :]
                    return said
                self._pending = self._pending[end + len(self._until) :]
                self._until = ""
            opening = _OPENING.search(self._pending)
            if not opening:
                return said
            said += self._say(self._pending[: opening.start()])
            self._pending = self._pending[opening.end() :]
            self._until = _SKIPPED[opening[0].lower()]

    def _say(self, text: str) -> str:
        if not text:
            return ""
        # The sign before decides what a mark at the beginning means; it is said already and taken off again.
        plain = _INSIDE_LINE + self._before + text
        line = plain.rpartition("\n")
        last = "\n" if line[1] and not line[2].strip() else text[-1]
        self._before = last if last.isalnum() or last.isspace() else _INSIDE_LINE
        plain = _ADDRESS.sub("", _LINK.sub(r"\1", plain))
        plain = _LINE_MARK.sub("", _RULE.sub("", _TAG.sub(" ", plain))).replace("|", " ")
        plain = _EMPHASIS.sub("", _TIMES.sub(" × ", plain))
        return self._spaced(clean(plain[2:]))

    def _spaced(self, text: str) -> str:
        """Joins the text to what was said before with no more white space than one blank or one empty line."""
        text = _SPACES.sub(" ", _BREAK.sub(lambda gap: "\n\n" if gap[0].count("\n") > 1 else "\n", text))
        body = text.lstrip()
        gap = text[: len(text) - len(body)]
        fresh = min(2, self._newlines + gap.count("\n")) - self._newlines
        space = "\n" * fresh or ("" if self._blank or not gap else " ")
        if body:
            tail = body[len(body.rstrip()) :]
            self._newlines, self._blank = tail.count("\n"), bool(tail)
        else:
            self._newlines, self._blank = self._newlines + fresh, self._blank or bool(space)
        return space + body
