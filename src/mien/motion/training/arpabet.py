"""English phones as flite and pocketsphinx name them → IPA as espeak-ng writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mien.types import Phoneme

PAUSES = frozenset({"pau", "sil", "+nsn+", "+spn+", "+breath+", "+cough+", "+noise+", "+smack+", "+um+", "+uh+"})
"""What is not a speech sound, in small letters."""

IPA: Mapping[str, str] = {
    "aa": "ɑː",
    "ae": "æ",
    "ah": "ʌ",
    "ao": "ɔː",
    "aw": "aʊ",
    "ax": "ə",
    "ay": "aɪ",
    "b": "b",
    "ch": "tʃ",
    "d": "d",
    "dh": "ð",
    "eh": "ɛ",
    "er": "ɝ",
    "ey": "eɪ",
    "f": "f",
    "g": "ɡ",
    "hh": "h",
    "ih": "ɪ",
    "iy": "iː",
    "jh": "dʒ",
    "k": "k",
    "l": "l",
    "m": "m",
    "n": "n",
    "ng": "ŋ",
    "ow": "oʊ",
    "oy": "ɔɪ",
    "p": "p",
    "r": "ɹ",
    "s": "s",
    "sh": "ʃ",
    "t": "t",
    "th": "θ",
    "uh": "ʊ",
    "uw": "uː",
    "v": "v",
    "w": "w",
    "y": "j",
    "z": "z",
    "zh": "ʒ",
}
"""By the phone's name in small letters."""

_ESPEAK: Mapping[str, str] = {
    **{ipa: name for name, ipa in IPA.items()},
    **{ipa.rstrip("ː"): name for name, ipa in IPA.items()},
    **dict.fromkeys(("ə", "ɐ", "a"), "ah"),
    **dict.fromkeys(("ɚ", "ɜː", "ɜ"), "er"),
    **dict.fromkeys(("ᵻ", "ɨ"), "ih"),
    **dict.fromkeys(("e", "eː"), "ey"),
    **dict.fromkeys(("o", "oː"), "ao"),
    **dict.fromkeys(("ɾ", "ʔ"), "t"),
    "ɫ": "l",
    "r": "r",
    "x": "k",
}
"""espeak-ng's English sounds; the table has both long and short forms."""
_LONGEST = max(map(len, _ESPEAK))
_MARKS = "ː̩̃"


def arpabet(phonemes: Sequence[Phoneme]) -> list[str]:
    """The phones, in small letters, of a word that espeak-ng speaks in English; [] if it has a sound that is not English."""
    text = "".join(sound.ipa for sound in phonemes)
    result: list[str] = []
    while text:
        size = next((size for size in range(_LONGEST, 0, -1) if text[:size] in _ESPEAK), 0)
        if size:
            result.append(_ESPEAK[text[:size]])
        elif text[0] not in _MARKS:
            return []
        text = text[size or 1 :]
    return result
