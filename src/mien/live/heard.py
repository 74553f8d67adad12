"""Which words of a sentence were really heard."""

from __future__ import annotations

from dataclasses import dataclass, field

from mien.types import SpeechChunk

_UNTIMED_CHARACTERS_PER_S = 14.0
"""Where a voice tells no times: about the pace of English; Chinese has fewer, so at most the end comes with the end of the sound."""


@dataclass(slots=True)
class Sentence:
    """A sentence on its way to the listener.

    Args:
        text: as it is written.
        generation: of its turn.
        append_to_context: it belongs into the history.
    """

    text: str
    generation: int
    append_to_context: bool = True
    seconds: float = 0.0
    """Of its sound, as far as it is known."""
    complete: bool = False
    """No more sound belongs to it."""
    heard: str = ""
    _ends: list[tuple[float, int]] = field(default_factory=list)

    def add(self, chunk: SpeechChunk) -> None:
        """More of its sound."""
        position = self._ends[-1][1] if self._ends else 0
        for word in chunk.words:
            found = self.text.find(word.text, position)
            if found < 0:
                continue
            position = found + len(word.text)
            self._ends.append((self.seconds + word.start_s, position))
        self.seconds += len(chunk.samples) / chunk.sample_rate

    def hear(self, position_s: float) -> str:
        """What is newly heard at that time of its sound: a word counts as soon as it begins."""
        reached = self._timed(position_s) if self._ends else self._guessed(position_s)
        return self._reveal(reached)

    def hear_all(self) -> str:
        """The rest."""
        return self._reveal(len(self.text))

    def _timed(self, position_s: float) -> int:
        return max((end for start, end in self._ends if start <= position_s), default=0)

    def _guessed(self, position_s: float) -> int:
        if self.complete and self.seconds:
            reached = int(len(self.text) * min(1.0, position_s / self.seconds))
        else:
            reached = int(_UNTIMED_CHARACTERS_PER_S * position_s)
        return self._word_end(min(reached, len(self.text)))

    def _word_end(self, reached: int) -> int:
        """The last place up to `reached` at which no word is cut."""
        while 0 < reached < len(self.text) and self.text[reached - 1].isascii() and self.text[reached].isalnum():
            reached -= 1
        return reached

    def _reveal(self, reached: int) -> str:
        new = self.text[len(self.heard) : reached] if reached > len(self.heard) else ""
        self.heard += new
        return new
