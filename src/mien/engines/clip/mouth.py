"""The mouth of one stream: coefficients in, frames out."""

from __future__ import annotations

import numpy as np

from mien.engines.clip.choice import Choice
from mien.engines.clip.library import Avatar, turns_of
from mien.engines.clip.patch import FloatArray
from mien.engines.clip.render import draw
from mien.types import Image

_FADE_FRAMES = 3
"""A mouth that is not the real successor of the last one fades in over so many frames …"""
_FADE_WITHIN_IOD = 0.06
"""… and what it takes the place of is not shown at all where it is so much further from what is wanted: shut lips would be torn open."""


class Mouth:
    """Shows one avatar's film with other mouths.

    Args:
        avatar: whose film and library it is.
    """

    def __init__(self, avatar: Avatar) -> None:
        self._avatar = avatar
        self._points = avatar.lips.points(avatar.mouths, avatar.turns)
        self._choice = Choice(self._points, avatar.successors)
        self._turns = turns_of(np.stack([place.pose.turn for place in avatar.places]))
        self._position = 0
        self._last: int | None = None
        self._share = 1.0
        self._fading: list[tuple[int, float, float]] = []
        """Examples, their shares, and what they lose of them with each frame."""

    def draw(self, mouths: FloatArray, closure: float = 0.0) -> Image:
        """The next frame.

        Args:
            mouths: (n, K), coefficients of the mouth in it and in those after it, as far as they are known.
            closure: 0 … 1, how firmly the lips are together in it.
        """
        avatar, film = self._avatar, self._avatar.film
        numbers = [film.order(self._position + ahead) for ahead in range(len(mouths))]
        self._position += 1
        mouths = np.stack(
            [avatar.lips.closed(mouths[0], closure), *(avatar.lips.closed(one, 0.0) for one in mouths[1:])]
        )
        wanted = avatar.lips.points(mouths, self._turns[numbers])
        mixture = self._mixture(self._choice.next(wanted), wanted[0])
        examples = [(avatar.examples[one], share) for one, share in mixture]
        return draw(avatar.patch, film[numbers[0]], avatar.places[numbers[0]], mouths[0], examples)

    def _mixture(self, chosen: int, wanted: FloatArray) -> list[tuple[int, float]]:
        """Examples with their shares: the chosen one and, while they fade, those that it does not really follow.

        Args:
            chosen: example.
            wanted: (D,), the point that it stands for.
        """
        successors = self._avatar.successors
        fading = [(int(successors[one]), share - step, step) for one, share, step in self._fading]
        if self._last is not None and chosen not in (self._last, int(successors[self._last])):
            step = self._share / (_FADE_FRAMES + 1)
            fading.append((int(successors[self._last]), self._share - step, step))
        off = self._off(chosen, wanted)
        fits = [1.0 - (self._off(one, wanted) - off) / _FADE_WITHIN_IOD for one, _, _ in fading]
        fitting = [(one, share * min(fit, 1.0), step) for (one, share, step), fit in zip(fading, fits, strict=True)]
        self._fading = [each for each in fitting if each[1] > 1e-6]
        self._last = chosen
        self._share = 1.0 - sum(share for _, share, _ in self._fading)
        return [(chosen, self._share), *((one, share) for one, share, _ in self._fading)]

    def _off(self, example: int, wanted: FloatArray) -> float:
        return float(np.linalg.norm(self._points[example] - wanted))
