"""The speech sounds that a listening network tells apart: groups of IPA symbols of any language."""

from __future__ import annotations

from functools import lru_cache

from mien.motion.visemes import plain

PHONE_CLASSES = (
    "",
    "aɐʌ",
    "ɑɒ",
    "æ",
    "ɛ",
    "e",
    "ɪᵻ",
    "i",
    "yʏ",
    "ɨɯ",
    "uʉ",
    "ʊ",
    "oɵ",
    "ɔ",
    "øœɶɞ",
    "əɘɤ",
    "ɜɝɚ",
    "p",
    "b",
    "m",
    "fɸ",
    "vʋⱱβɱ",
    "wʍɥ",
    "tʈ",
    "dɖɗʄ",
    "nɳɲ",
    "ŋɴ",
    "kqc",
    "ɡgɢɟɠ",
    "θ",
    "ð",
    "s",
    "z",
    "ʃʂɕɧ",
    "ʒʐʑ",
    "xχçħɣʜ",
    "hɦʔʕʢʡ",
    "lɫɬɮɭʎɺ",
    "ɹɻ",
    "rɾɽʀʁ",
    "jʝɰ",
)
"""Symbols of each class; class 0 is the pause."""

PAUSE = 0
BILABIAL = tuple(PHONE_CLASSES.index(symbol) for symbol in "pbm")

_NUMBERS = {symbol: number for number, symbols in enumerate(PHONE_CLASSES) for symbol in symbols}
_NEUTRAL = _NUMBERS["ə"]
_VOWELS = range(1, PHONE_CLASSES.index("p"))
_LONG, _LONG_SHARE = "ːˑ", 1.5
_CONSONANT_SHARE = 0.6


@lru_cache(maxsize=4096)
def phone_classes(ipa: str) -> tuple[tuple[int, float], ...]:
    """The classes of one sound in order, each with its share of the sound's time; diphthongs and affricates have several.

    Args:
        ipa: IPA of any language or one of espeak-ng's own names; "" is a pause.

    Returns:
        At least one; shares sum to 1. For anything that cannot be read, the neutral vowel.
    """
    if not ipa.strip():
        return ((PAUSE, 1.0),)
    found: list[tuple[int, float]] = []
    for symbol in plain(ipa):
        number = _NUMBERS.get(symbol)
        if symbol in _LONG and found:
            found[-1] = (found[-1][0], found[-1][1] * _LONG_SHARE)
        elif number is None or (symbol == "h" and found and found[-1][0] not in _VOWELS):
            continue  # a diacritic, a tone, or the aspiration that espeak-ng writes in Mandarin: ph th tɕh
        else:
            found.append((number, 1.0 if number in _VOWELS else _CONSONANT_SHARE))
    if not found:
        return ((_NEUTRAL, 1.0),)
    total = sum(share for _, share in found)
    return tuple((number, share / total) for number, share in found)
