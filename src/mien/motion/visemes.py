"""What the mouth does for each speech sound: IPA to viseme targets.

One table serves every language. A symbol that is not in it falls back by class (vowel or consonant), so that no input is an error.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mien.motion.articulation import MOUTH_CHANNELS

JAW, GAP, CLOSURE, ROUND, STRETCH, FV, TONGUE, SPEECH = range(len(MOUTH_CHANNELS))

BEFORE_S = np.array([0.095, 0.055, 0.04, 0.130, 0.100, 0.045, 0.050, 0.1])
"""Seconds in which a target's dominance falls to 1/e before the sound, per channel: rounding is prepared earliest, the tongue last."""

AFTER_S = np.array([0.085, 0.055, 0.04, 0.085, 0.085, 0.045, 0.050, 0.1])
"""The same after the sound."""


@dataclass(frozen=True, slots=True, eq=False)
class Viseme:
    """A target of the mouth.

    Args:
        values: (8,), columns and units as in `MOUTH_CHANNELS`.
        weights: (8,), dominance over the neighbours (Cohen & Massaro, 1993); an ordinary vowel has 1.
        lips: 1 = the lips must close (p b m), 2 = the lower lip must meet the teeth (f v), 0 = neither.
        vowel: opens with stress and length, closes with haste.
        burst: the sound begins with the release, the articulation is made before it (p t k).
    """

    values: NDArray[np.float64]
    weights: NDArray[np.float64]
    lips: int = 0
    vowel: bool = False
    burst: bool = False


@dataclass(frozen=True, slots=True)
class SubTarget:
    """A part of a sound: its viseme and its share of the sound's time; the shares of a sound sum to 1."""

    viseme: Viseme
    share: float


def _viseme(
    gap: float,
    jaw: float,
    *,
    round_: float = 0.0,
    stretch: float = 0.0,
    tongue: float = 0.0,
    fv: float = 0.0,
    weight: float = 1.0,
    gap_weight: float | None = None,
    round_weight: float | None = None,
    lips: int = 0,
    vowel: bool = False,
    burst: bool = False,
) -> Viseme:
    values = np.array([jaw, gap, 0.0, round_, stretch, fv, tongue, 1.0])
    weights = np.full(len(MOUTH_CHANNELS), weight)
    weights[GAP] = weight if gap_weight is None else gap_weight
    weights[[ROUND, STRETCH]] = weight if round_weight is None else round_weight
    weights[TONGUE] = max(weight, 1.5) if tongue else weight
    weights[SPEECH] = 1.0
    return Viseme(values, weights, lips, vowel, burst)


def _vowel(gap: float, jaw: float, round_: float = 0.0, stretch: float = 0.0, weight: float = 1.0) -> Viseme:
    return _viseme(
        gap, jaw, round_=round_, stretch=stretch, weight=weight, round_weight=1.4 if round_ else weight, vowel=True
    )


_OPEN = _vowel(0.125, 0.089)
_NEUTRAL = _vowel(0.060, 0.040, weight=0.6)
_BILABIAL = _viseme(0.0, 0.012, weight=0.9, gap_weight=2.0, round_weight=0.15, lips=1)
_LABIODENTAL = _viseme(0.014, 0.018, fv=1.0, weight=1.3, gap_weight=2.0, round_weight=0.25, lips=2)
_CORONAL = _viseme(0.042, 0.030, tongue=0.7, weight=0.7, round_weight=0.2)
_SIBILANT = _viseme(0.030, 0.016, stretch=0.5, tongue=0.25, weight=1.4, round_weight=0.5)
_HUSHER = _viseme(0.060, 0.020, round_=0.62, weight=1.5)
_PALATAL = _viseme(0.040, 0.026, stretch=0.7, weight=0.9)
_DORSAL = _viseme(0.058, 0.046, weight=0.2)
_RHOTIC = _viseme(0.048, 0.038, round_=0.55, weight=0.9)
_TAP = _viseme(0.053, 0.039, tongue=0.6, weight=0.35)
_GLOTTAL = _viseme(0.068, 0.054, weight=0.12)
_CONSONANT = _viseme(0.050, 0.038, weight=0.4)


def _released(viseme: Viseme) -> Viseme:
    return Viseme(viseme.values, viseme.weights, viseme.lips, viseme.vowel, burst=True)


_VOWELS = {
    "a": _OPEN,
    "ɑ": _vowel(0.128, 0.093),
    "æ": _vowel(0.108, 0.075, stretch=0.40),
    "ɐ": _vowel(0.094, 0.065),
    "ʌ": _vowel(0.096, 0.067),
    "ɒ": _vowel(0.105, 0.078, round_=0.35),
    "ɔ": _vowel(0.096, 0.070, round_=0.58),
    "o": _vowel(0.076, 0.057, round_=0.78),
    "ʊ": _vowel(0.054, 0.038, round_=0.66),
    "u": _vowel(0.033, 0.027, round_=1.0),
    "ʉ": _vowel(0.040, 0.031, round_=0.85),
    "ɯ": _vowel(0.048, 0.029, stretch=0.45),
    "ɨ": _vowel(0.044, 0.024, stretch=0.40),
    "ɤ": _vowel(0.070, 0.048, stretch=0.10),
    "i": _vowel(0.049, 0.024, stretch=0.95),
    "ɪ": _vowel(0.054, 0.035, stretch=0.58),
    "e": _vowel(0.064, 0.041, stretch=0.66),
    "ɛ": _vowel(0.086, 0.058, stretch=0.42),
    "ᵻ": _vowel(0.050, 0.031, stretch=0.40, weight=0.7),
    "y": _vowel(0.033, 0.026, round_=0.95),
    "ʏ": _vowel(0.048, 0.035, round_=0.75),
    "ø": _vowel(0.058, 0.041, round_=0.80),
    "œ": _vowel(0.080, 0.057, round_=0.60),
    "ɶ": _vowel(0.100, 0.072, round_=0.40),
    "ə": _NEUTRAL,
    "ɘ": _NEUTRAL,
    "ɵ": _vowel(0.058, 0.040, round_=0.45, weight=0.7),
    "ɜ": _vowel(0.064, 0.043, round_=0.22),
    "ɝ": _vowel(0.058, 0.040, round_=0.40),
    "ɚ": _vowel(0.054, 0.036, round_=0.38, weight=0.8),
    "ɞ": _vowel(0.078, 0.053, round_=0.40),
    **dict.fromkeys("ɿʅ", _vowel(0.044, 0.024, stretch=0.40)),
}

_CONSONANTS = {
    **dict.fromkeys("bmɓʙʘ", _BILABIAL),
    "p": _released(_BILABIAL),
    **dict.fromkeys("fvɱʋⱱ", _LABIODENTAL),
    **dict.fromkeys("ɸβ", _viseme(0.016, 0.022, round_=0.2, weight=1.0, gap_weight=2.5)),
    **dict.fromkeys("θð", _viseme(0.044, 0.034, tongue=1.0, weight=1.2, round_weight=0.25)),
    **dict.fromkeys("dnɗʄɖɳǀǃǂ", _CORONAL),
    **dict.fromkeys("tʈ", _released(_CORONAL)),
    **dict.fromkeys("lɫɬɮɭɺǁ", _viseme(0.064, 0.048, tongue=0.9, weight=0.65, round_weight=0.2)),
    **dict.fromkeys("sz", _SIBILANT),
    **dict.fromkeys("ʃʒ", _HUSHER),
    **dict.fromkeys("ʂʐ", _viseme(0.056, 0.022, round_=0.42, weight=1.4)),
    **dict.fromkeys("ɕʑ", _viseme(0.031, 0.017, stretch=0.55, weight=1.4)),
    "ɧ": _viseme(0.050, 0.028, round_=0.6, weight=1.2),
    **dict.fromkeys("ɹɻ", _RHOTIC),
    **dict.fromkeys("rɾɽ", _TAP),
    **dict.fromkeys("wʍ", _viseme(0.015, 0.028, round_=1.0, weight=1.2, gap_weight=2.2, round_weight=2.2)),
    "ɥ": _viseme(0.022, 0.026, round_=0.9, weight=1.2, gap_weight=1.6, round_weight=2.0),
    **dict.fromkeys("jʝʎɲɟ", _PALATAL),
    **dict.fromkeys("cç", _released(_PALATAL)),
    **dict.fromkeys("ɡgŋɣɰɠɴɢʟ", _DORSAL),
    **dict.fromkeys("kq", _released(_DORSAL)),
    **dict.fromkeys("hɦxχʁʀħʕʔʜʢʡ", _GLOTTAL),
}

_SPELLINGS = (
    ("onɡ", "ʊŋ"),
    ("ong", "ʊŋ"),
    ("ts.", "tʂ"),
    ("s.", "ʂ"),
    ("z.", "ʐ"),
    ("i.", "ɨ"),
    ("i̪", "ɨ"),
    ("o-", "ɤ"),
    ("ə-", "ə"),
    ("nɡ", "ŋ"),
    ("l̩", "əl"),
    ("n̩", "ən"),
    ("m̩", "əm"),
    ("r̩", "ər"),
    ("ã", "ɑ"),
    ("ε", "ɛ"),
    ("?", "ʔ"),
    *zip("ADEINORSTUVXZ", "ɑðɛɪŋɔʁʃθʊʌχʒ", strict=True),
)
"""espeak-ng's own names → IPA: mostly Mandarin, where its IPA is not clean; capitals are its ASCII for IPA, a few of which it lets through."""

_NASALISED = "\u0303"
_ROUNDED = {"ʷ": 0.4, "ᵝ": 0.25}
_PALATALISED = "ʲ"
_RHOTACISED = "˞"
_LONG = "ːˑ"
_GLIDES = "iuyɪʊ"
_PALATAL_STRETCH = 0.3
_RHOTIC_SHARE, _LONG_SHARE, _GLIDE_SHARE, _CONSONANT_SHARE = 0.5, 1.5, 0.6, 0.6


def _with_round(viseme: Viseme, more: float) -> Viseme:
    values, weights = viseme.values.copy(), viseme.weights.copy()
    values[ROUND] = min(1.0, values[ROUND] + more)
    weights[ROUND] = max(weights[ROUND], 1.2)
    return Viseme(values, weights, viseme.lips, viseme.vowel, viseme.burst)


def _with_stretch(viseme: Viseme, more: float) -> Viseme:
    """Lips that must do something else are drawn apart no less by a raised tongue than others."""
    values = viseme.values.copy()
    values[STRETCH] = min(1.0, values[STRETCH] + more)
    return Viseme(values, viseme.weights, viseme.lips, viseme.vowel, viseme.burst)


def _by_class(symbol: str) -> Viseme | None:
    """The viseme of a symbol that is in no table; None if it is not a letter at all."""
    if not unicodedata.category(symbol).startswith("L") or unicodedata.category(symbol) == "Lm":
        return None
    base = unicodedata.normalize("NFD", symbol)[0].lower()
    if base in _VOWELS or base in _CONSONANTS:
        return _VOWELS.get(base) or _CONSONANTS[base]
    return _CONSONANT


def _symbols(ipa: str) -> list[tuple[str, Viseme, float]]:
    """(symbol, viseme, weight in time) of each letter, diacritics applied."""
    found: list[tuple[str, Viseme, float]] = []
    # What modifies a sound may also come alone, as espeak-ng's ʲ does in Russian: then it is a sound itself.
    for symbol in unicodedata.normalize("NFKC", ipa[:1]) + ipa[1:]:
        if symbol in _LONG and found:
            name, viseme, share = found[-1]
            found[-1] = (name, viseme, share * _LONG_SHARE)
        elif symbol in _ROUNDED and found:
            name, viseme, share = found[-1]
            found[-1] = (name, _with_round(viseme, _ROUNDED[symbol]), share)
        elif symbol == _PALATALISED and found:
            name, viseme, share = found[-1]
            found[-1] = (name, _with_stretch(viseme, _PALATAL_STRETCH), share)
        elif symbol == _RHOTACISED and found:
            found.append(("ɹ", _RHOTIC, _RHOTIC_SHARE))
        elif symbol in _VOWELS:
            found.append((symbol, _VOWELS[symbol], 1.0))
        elif symbol == "h" and found and not found[-1][1].vowel:
            continue  # aspiration, as espeak-ng writes it in Mandarin: ph th tɕh
        else:
            viseme = _CONSONANTS.get(symbol) or _by_class(symbol)
            if viseme is not None:
                found.append((symbol, viseme, 1.0 if viseme.vowel else _CONSONANT_SHARE))
    return found


def _glides_shortened(found: list[tuple[str, Viseme, float]]) -> list[tuple[str, Viseme, float]]:
    """In a diphthong the close vowel is the glide, whether it comes first (iɛ) or last (aɪ)."""
    vowels = [name for name, viseme, _ in found if viseme.vowel]
    if len(vowels) < 2 or all(name in _GLIDES for name in vowels):
        return found
    return [(name, viseme, share * (_GLIDE_SHARE if name in _GLIDES else 1.0)) for name, viseme, share in found]


def plain(ipa: str) -> str:
    """Clean IPA, decomposed where there is no other way, for espeak-ng's own names; nasal vowels become oral ones."""
    text = unicodedata.normalize("NFC", ipa)
    for old, new in _SPELLINGS:
        text = text.replace(old, new)
    text = unicodedata.normalize("NFD", text).replace(_NASALISED, "")
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=4096)
def targets(ipa: str) -> tuple[SubTarget, ...]:
    """The visemes of one sound, in order; diphthongs, r-vowels, affricates and clusters have several.

    Args:
        ipa: IPA of any language or one of espeak-ng's own names; stress marks and tones are ignored; "" is a pause.

    Returns:
        Empty for a pause; for anything that cannot be read, the neutral vowel.
    """
    if not ipa.strip():
        return ()
    found = _glides_shortened(_symbols(plain(ipa))) or [("ə", _NEUTRAL, 1.0)]
    total = sum(share for _, _, share in found)
    return tuple(SubTarget(viseme, share / total) for _, viseme, share in found)
