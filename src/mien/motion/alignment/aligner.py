"""A recording and its text → when each sound of the text is spoken in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from types import TracebackType
from typing import TypeVar

import numpy as np
from numba.core import config
from numpy.typing import NDArray

from mien.errors import TextError
from mien.motion.alignment.anchors import limits
from mien.motion.alignment.reference import Said, SpokenText, voice_of
from mien.motion.alignment.spectra import FRAME_S, Spectra
from mien.motion.mel import BANDS
from mien.settings import Settings
from mien.speech import Speaker, clean, speakable
from mien.speech.phonemes import without_joints
from mien.types import Phoneme, Samples, Word

_Timed = TypeVar("_Timed", Phoneme, Word)

_WINDOW = 2000
"""Rows that are laid over the text at once: 20 s, so that neither memory nor the time for a second grows with the length."""
_SURE = 0.7
"""Share of a window up to which its sentences are kept; behind it too little of what follows has been heard."""
_WIDEST = 4
"""Windows that one sentence may fill before the text is taken not to fit."""

_PAUSE_COST = 2.0
"""Of a loud row that is taken for a pause; two frames of different sounds differ by about 1.3."""

_RATES = (0.3, 3.0)
"""Speeds, against espeak-ng's normal one, at which a text can be the recording's."""
_ESPEAK_RATES = (0.5, 2.0)

_FITS = 0.09
"""Quality from which text and sound belong together; see `Alignment`."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """When a text is spoken; times in seconds from the start of the sound.

    Args:
        phonemes: in order, covering the sound; "" is a pause.
        words: as they are written.
        sentences: (text, start).
        quality: how much more alike the bands of sound and reference run on the way through both than where the reference is in another
            order (difference of the mean correlations): 0.15 to 0.25 in a clear recording, about 0 for another text.
    """

    phonemes: tuple[Phoneme, ...] = ()
    words: tuple[Word, ...] = ()
    sentences: tuple[tuple[str, float], ...] = ()
    quality: float = 0.0

    @property
    def fits(self) -> bool:
        """Whether text and sound belong together."""
        return self.quality >= _FITS


class Aligner:
    """Stays ready between recordings; `with Aligner(settings) as aligner: …`.

    Args:
        settings: see `mien.settings`.
        language: espeak-ng's name of it, such as "de"; "": what each text's script tells.
    """

    def __init__(self, settings: Settings, language: str = "") -> None:
        self._settings, self._language = settings, language
        self._speakers: dict[str, Speaker] = {}
        # Numba asks for this folder when it meets a function: `warping` is imported after it is set.
        config.CACHE_DIR = str(settings.cache_dir / "numba")  # pyright: ignore[reportAttributeAccessIssue]

    def align(self, sound: Iterable[Samples], text: str, words: Sequence[Word] = ()) -> Alignment:
        """Finds the sounds of a text; look at `fits` before you believe it. Takes 0.02 of a sentence's time, up to 0.1 of a long recording's, and what the network takes to hear it.

        Args:
            sound: float32 mono 16 kHz, in blocks of any lengths.
            text: what is said in it, and nothing else.
            words: with their times, as far as they are known.

        Raises:
            TextError: nothing in the text can be spoken.
            NotFoundError: espeak-ng does not know the language.
        """
        written = clean(text)
        if not speakable(written):
            raise TextError(
                "There is nothing to say in the transcript.", hint="Write down what is said in the recording."
            )
        spectra = Spectra(sound)
        if not len(spectra):
            return Alignment()
        said = SpokenText(self._speaker(written), written)
        rate = said.seconds / max(float(np.count_nonzero(spectra.speech)) * FRAME_S, FRAME_S)
        if not _RATES[0] <= rate <= _RATES[1]:
            return Alignment()
        said.rate = float(np.clip(rate, *_ESPEAK_RATES))
        return _Walk(spectra, said, words).alignment()

    def close(self) -> None:
        """Ends espeak-ng's processes."""
        for speaker in self._speakers.values():
            speaker.close()
        self._speakers.clear()

    def __enter__(self) -> Aligner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _speaker(self, text: str) -> Speaker:
        voice = voice_of(self._language, text)
        if voice not in self._speakers:
            self._speakers[voice] = Speaker(self._settings, voice)
        return self._speakers[voice]


class _Walk:
    """Goes through a recording window by window; each begins where the last sentence ended that was surely found."""

    def __init__(self, spectra: Spectra, text: SpokenText, words: Sequence[Word]) -> None:
        self._compared, self._pauses = spectra.compared(), _PAUSE_COST * spectra.pauses()
        self._text, self._words = text, words
        self._alike, self._by_chance = _Likeness(), _Likeness()
        self._phonemes: list[Phoneme] = []
        self._found: list[Word] = []
        self._sentences: list[tuple[str, float]] = []

    def alignment(self) -> Alignment:
        """Of the whole text; of quality 0 if there is no way."""
        row = done = 0
        windows = 1
        while done < len(self._text.sentences):
            end = min(row + windows * _WINDOW, len(self._compared))
            step = self._window(row, end, done)
            if step is None or (step == (0, 0) and (end == len(self._compared) or windows == _WIDEST)):
                return Alignment()
            windows = windows + 1 if step == (0, 0) else 1
            done, row = done + step[0], row + step[1]
        phonemes = without_joints(_covering(self._phonemes, len(self._compared) * FRAME_S))
        quality = self._alike.correlation() - self._by_chance.correlation()
        return Alignment(phonemes, tuple(self._found), tuple(self._sentences), quality)

    def _window(self, row: int, end: int, done: int) -> tuple[int, int] | None:
        """Lays the rows [row, end) over the text from sentence `done` on.

        Returns:
            How many sentences were surely found, and how many rows are done with; None if there is no way.
        """
        from mien.motion.alignment.warping import adapted, cheapest_way, differences

        count = end - row
        last = end == len(self._compared)
        said = self._text.said(done, count, all_the_rest=last)
        if said is None:
            return None
        sound, pauses = self._compared[row:end], self._pauses[row:end]
        words = [_moved(word, -row * FRAME_S) for word in self._words if word.start_s >= row * FRAME_S]
        early, late = limits(said, words, count)

        def way(frames: NDArray[np.float32]) -> NDArray[np.int64]:
            """The frame of the reference that lies over each row, -1 in a pause."""
            passed = cheapest_way(differences(sound, frames), pauses, said.columns, early, late, not last)
            return said.columns[passed] if passed[0] >= 0 else passed[:0]

        first = way(said.frames)
        if not len(first):
            return None
        spoken = np.flatnonzero(first >= 0)
        if not len(spoken):
            return 0, 0 if last else round(_SURE * count)
        self._alike.add(sound, said.frames, first)
        # One other order says little about a sentence, but several windows make up for it.
        for frames in islice(said.disordered(), None if last and row == 0 else 1):
            self._by_chance.add(sound, frames, way(frames))
        second = way(adapted(said.frames, sound, (first[spoken], spoken)))
        return self._keep(_Times(second, row), said, count if last else round(_SURE * count), last)

    def _keep(self, times: _Times, said: Said, sure: int, last: bool) -> tuple[int, int]:
        """Takes over the sentences that end within the first `sure` rows."""
        ends = [*said.starts_s[1:], np.inf]
        kept = len(ends) if last else sum(times.passed(end) and times.end_row(end) <= sure for end in ends)
        if not kept:
            return 0, sure if times.end_row(0.0) >= sure else 0
        until = ends[kept - 1]
        self._sentences += [
            (sentence, times.start_s(start))
            for sentence, start in zip(said.sentences[:kept], said.starts_s, strict=False)
        ]
        self._phonemes += [times.of_one_piece(sound) for sound in said.phonemes if sound.start_s < until]
        self._found += [times.of(word) for word in said.words if word.start_s < until]
        return kept, times.end_row(until)


class _Times:
    """Brings times of the reference to the recording.

    Args:
        way: (N,), frames of the reference, -1 in pauses.
        row: of the recording, where the way begins.
    """

    def __init__(self, way: NDArray[np.int64], row: int) -> None:
        self._rows = np.flatnonzero(way >= 0)
        self._frames = way[self._rows]
        self._row = row

    def passed(self, seconds: float) -> bool:
        """Whether the way goes on behind this time of the reference."""
        return bool(self._frames[-1] * FRAME_S >= seconds)

    def end_row(self, seconds: float) -> int:
        """How many rows lie before the end of what ends there, or before the first sound."""
        before = self._before(seconds)
        return int(self._rows[before - 1]) + 1 if before else int(self._rows[0])

    def start_s(self, seconds: float) -> float:
        before = self._before(seconds)
        row = int(self._rows[before]) if before < len(self._rows) else int(self._rows[-1]) + 1
        return (self._row + row) * FRAME_S

    def of(self, one: _Timed) -> _Timed:
        return replace(one, start_s=self.start_s(one.start_s), end_s=(self._row + self.end_row(one.end_s)) * FRAME_S)

    def of_one_piece(self, sound: Phoneme) -> Phoneme:
        """Where a pause falls into a sound, because espeak-ng dates its words a little beside their sounds: the longer part of it."""
        rows = self._rows[self._before(sound.start_s) : self._before(sound.end_s)]
        parts = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
        if len(parts) == 1:
            return self.of(sound)
        longest = max(parts, key=len)
        return replace(
            sound,
            start_s=(self._row + int(longest[0])) * FRAME_S,
            end_s=(self._row + int(longest[-1]) + 1) * FRAME_S,
        )

    def _before(self, seconds: float) -> int:
        if not np.isfinite(seconds):
            return len(self._frames)
        return int(np.searchsorted(self._frames, round(seconds / FRAME_S)))


class _Likeness:
    """How alike the bands of a sound and its reference run."""

    def __init__(self) -> None:
        self._ours: list[NDArray[np.float32]] = []
        self._theirs: list[NDArray[np.float32]] = []

    def add(self, sound: NDArray[np.float32], frames: NDArray[np.float32], way: NDArray[np.int64]) -> None:
        spoken = np.flatnonzero(way >= 0)
        self._ours.append(sound[spoken, :BANDS])
        self._theirs.append(frames[way[spoken], :BANDS])

    def correlation(self) -> float:
        """The mean over the bands."""
        ours, theirs = (np.concatenate(parts).astype(np.float64) for parts in (self._ours, self._theirs))
        if len(ours) < 2:
            return 0.0
        ours, theirs = ours - ours.mean(axis=0), theirs - theirs.mean(axis=0)
        power = np.sqrt((ours**2).sum(axis=0) * (theirs**2).sum(axis=0))
        return float(((ours * theirs).sum(axis=0) / np.maximum(power, 1e-9)).mean())


def _moved(word: Word, seconds: float) -> Word:
    return replace(word, start_s=word.start_s + seconds, end_s=word.end_s + seconds)


def _covering(phonemes: Sequence[Phoneme], seconds: float) -> list[Phoneme]:
    """The phonemes with pauses between them; each lasts at least a frame, also one that the speaker swallowed, and ends before the next."""
    starts = [sound.start_s for sound in phonemes]
    for index in range(len(starts) - 2, -1, -1):
        starts[index] = min(starts[index], starts[index + 1] - FRAME_S)
    result: list[Phoneme] = []
    reached = 0.0
    for sound, start, following in zip(phonemes, starts, [*starts[1:], seconds], strict=True):
        start, end = max(start, 0.0), min(max(sound.end_s, start + FRAME_S), following)
        result += [Phoneme("", reached, start), replace(sound, start_s=start, end_s=end)]
        reached = end
    return [*result, Phoneme("", reached, seconds)]
