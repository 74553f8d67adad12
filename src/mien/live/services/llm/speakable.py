"""Written answers made speakable while they arrive: markup, links, code and thoughts are left out."""

from __future__ import annotations

import re

from mien.speech.text import clean

_SKIPPED = {"<think>": "</think>", "<thinking>": "</thinking>", "```": "```", "~~~": "~~~"}
"""What opens a stretch that nobody hears, and what ends it."""
_OPENING = re.compile("|".join(map(re.escape, _SKIPPED)), re.IGNORECASE)

# The end of the text so far that may yet become markup: a word of ASCII signs (also a part of a tag, of an address or of asterisks), or
# a link whose address is still to come.
_OPEN_END = re.compile(r"!?\[[^\]\n]{0,300}(?:\](?:\([^)\n]{0,2000})?)?$|[!-~]{1,2000}$")

_LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
_ADDRESS = re.compile(r"<?(?:https?://|www\.)[^\s<>()\u3000-\uffef]*[^\s<>()\u3000-\uffef.,;:!?'\"]>?", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:think|thinking|b|i|u|em|strong|br|p|sub|sup|ul|ol|li|code|pre|span|div|a|h[1-6])\b[^<>\n]*>", re.I
)
_RULE = re.compile(r"^[ \t]*(?:\|?[ \t]*:?-{3,}[-:| \t]*|[*_=]{3,}[ \t]*)$", re.MULTILINE)
_LINE_MARK = re.compile(r"^[ \t]*(?:(?:#{1,6}|>+|[-*+•])[ \t]+)+", re.MULTILINE)
_TIMES = re.compile(r"(?<=\d) ?\*+ ?(?=\d)")
_EMPHASIS = re.compile(r"\*+|~~|`+|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)")
_SPACES = re.compile(r" {2,}")

_INSIDE_LINE = "\x00"


class Speakable:
    """Filters one answer. Used once."""

    def __init__(self) -> None:
        self._pending = ""
        self._until = ""
        """The end of the stretch that is skipped now; "" if none is."""
        self._at_line_start = True
        self._last = " "

    def feed(self, text: str) -> str:
        """Takes the next piece as the model writes it and gives what can be said by now; a word in progress waits for its end."""
        self._pending += text
        said = self._skip()
        if not self._until:
            end = _OPEN_END.search(self._pending)
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
        plain = text if self._at_line_start else _INSIDE_LINE + text
        line = text.rpartition("\n")
        self._at_line_start = not line[2].strip() and (bool(line[1]) or self._at_line_start)
        plain = _ADDRESS.sub("", _LINK.sub(r"\1", plain))
        plain = _LINE_MARK.sub("", _RULE.sub("", _TAG.sub(" ", plain))).replace("|", " ")
        plain = _SPACES.sub(" ", clean(_EMPHASIS.sub("", _TIMES.sub(" × ", plain))))
        if self._last.isspace():
            plain = plain.lstrip()
        self._last = plain[-1:] or self._last
        return plain
