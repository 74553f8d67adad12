"""PocketSphinx with its own English model (https://github.com/cmusphinx/pocketsphinx)."""

from __future__ import annotations

import numpy as np
import pocketsphinx

from mien.errors import WeightsError
from mien.settings import Settings
from mien.types import SAMPLE_RATE, Samples

_MODEL = "en-us"
_NORMALIZE_S = 0.8
"""Seconds from which the mean cepstrum is taken. PocketSphinx itself takes that of the utterance before, perhaps another
user's: with a wrong one it mishears twice as much."""

_TELL_S = 0.2
"""How often what is understood so far is asked for, in seconds of sound."""

_KEPT_DECODERS = 3


class PocketsphinxRecognizer:
    """See `mien.speech.recognizer.Recognizer`. Each open utterance has a decoder (60 MB), which the next one takes over."""

    def __init__(self, settings: Settings, model: str) -> None:
        del settings
        if model not in ("", _MODEL):
            raise WeightsError(
                f"pocketsphinx has no model {model!r}.", hint=f"It has one, {_MODEL}, which it takes by itself."
            )
        self._folder = pocketsphinx.get_model_path(_MODEL)
        self._words: pocketsphinx.NGramModel | None = None
        self._free: list[pocketsphinx.Decoder] = []
        self.give_back(self.take())

    def recognize(self, language: str = "") -> _Utterance:
        del language
        return _Utterance(self)

    def take(self) -> pocketsphinx.Decoder:
        """A decoder that nobody uses; making one takes 0.4 s."""
        if self._free:
            return self._free.pop()
        # Without the second pass, which costs 0.7 s at the end and with these weights mishears more.
        config = pocketsphinx.Config(
            hmm=f"{self._folder}/en-us",
            dict=f"{self._folder}/cmudict-en-us.dict",
            lm=None,
            fwdflat=False,
            maxhmmpf=10_000,  # bounds the work on sound that is like no word
            loglevel="FATAL",
        )
        decoder = pocketsphinx.Decoder(config)
        if self._words is None:
            self._words = pocketsphinx.NGramModel(config, decoder.logmath, f"{self._folder}/en-us.lm.bin")
        decoder.add_lm(_MODEL, self._words)
        decoder.activate_search(_MODEL)
        return decoder

    def give_back(self, decoder: pocketsphinx.Decoder) -> None:
        if len(self._free) < _KEPT_DECODERS:
            self._free.append(decoder)


class _Utterance:
    """See `mien.speech.recognizer.Recognition`."""

    def __init__(self, owner: PocketsphinxRecognizer) -> None:
        self._owner = owner
        self._decoder = owner.take()
        self._first: list[bytes] | None = []
        self._heard = 0
        self._told_at = 0
        self._text = ""

    def push(self, samples: Samples) -> str:
        self._heard += len(samples)
        sound = (np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
        if self._first is not None:
            self._first.append(sound)
            if self._heard < _NORMALIZE_S * SAMPLE_RATE:
                return ""
            sound = self._begin(self._first)
        self._decoder.process_raw(sound, False, False)
        if self._heard - self._told_at >= _TELL_S * SAMPLE_RATE:
            self._told_at = self._heard
            self._text = self._understood()
        return self._text

    def finish(self) -> str:
        if self._first is not None:
            sound = self._begin(self._first)
            if sound:
                self._decoder.process_raw(sound, False, False)
        self._decoder.end_utt()
        text = self._understood()
        self._owner.give_back(self._decoder)
        return text

    def cancel(self) -> None:
        if self._first is None:
            self._decoder.end_utt()
        self._owner.give_back(self._decoder)

    def _begin(self, pieces: list[bytes]) -> bytes:
        """Takes the mean cepstrum of the first sound, and starts."""
        self._first = None
        sound = b"".join(pieces)
        if sound:
            self._decoder.reinit_feat()  # forgets the noise of the utterance before
            self._decoder.start_utt()
            self._decoder.process_raw(sound, True, True)  # no search; all at once, which is what measures the mean
            self._decoder.end_utt()
            self._decoder.set_cmn(self._decoder.get_cmn(False))
        self._decoder.start_utt()
        return sound

    def _understood(self) -> str:
        hypothesis = self._decoder.hyp()
        return hypothesis.hypstr if hypothesis else ""
