"""espeak-ng's voices and their names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from mien.errors import NotFoundError
from mien.speech.voice import VoiceInfo

Entry: TypeAlias = Sequence
"""name, identifier (a path in espeak's data), languages (the best first), gender."""

_GENDERS = {1: "male", 2: "female"}
_ALIASES = {
    "zh": "cmn",
    "zh-cn": "cmn",
    "zh-tw": "cmn",
    "zh-hk": "yue",
    "en": "en-us",
    "pt": "pt",
    "no": "nb",
    "ru": "ru",
}
"""Names that stand for several voices of espeak, or for none."""


class Catalog:
    """Finds voices by language tag, name or file: `en-us`, `English (America)`, `gmw/en-US`, each with a variant as in `en-us+f3`.

    Convention: names are compared without case, and `_` is `-`. espeak itself takes an unknown variant in silence,
    so both halves are looked up here, and it is given the identifier, which is the only form that always works.
    """

    def __init__(self, voices: Iterable[Entry], variants: Iterable[Entry]) -> None:
        self._voices = sorted(voices, key=lambda entry: entry[2][0])
        self._variants = sorted(variants, key=lambda entry: entry[1].lower())
        self._files = {_key(entry[1].removeprefix("!v/")): entry[1].removeprefix("!v/") for entry in self._variants}
        self._bases: dict[str, Entry] = {}
        for names in (_first_language, _name_and_file, _other_languages):
            for entry in self._voices:
                for name in names(entry):
                    self._bases.setdefault(_key(name), entry)
        for alias, name in _ALIASES.items():
            if name in self._bases:
                self._bases[alias] = self._bases[name]

    def language(self, voice: str) -> str:
        """The language of a named voice."""
        return self._split(voice)[0][2][0]

    def identifier(self, voice: str, language: str) -> str:
        """What espeak-ng is asked for to say `language` with `voice`'s variant, or with `voice` itself where it is its own."""
        own = self._bases[_key(language)]
        base, variant = self._split(voice) if voice else (own, "")
        if base[2][0] != own[2][0]:
            base = own
        return f"{base[1]}+{variant}" if variant else base[1]

    def list(self) -> list[VoiceInfo]:
        """All voices, then all variants, which stand after the `+` of any voice."""
        voices = [VoiceInfo(entry[2][0], entry[2][0], _GENDERS.get(entry[3], ""), entry[0]) for entry in self._voices]
        return voices + [
            VoiceInfo(f"+{entry[1].removeprefix('!v/')}", "", _GENDERS.get(entry[3], ""), f"variant {entry[0]}")
            for entry in self._variants
        ]

    def _split(self, voice: str) -> tuple[Entry, str]:
        name, plus, variant = voice.partition("+")
        base = self._bases.get(_key(name))
        if base is None:
            raise NotFoundError(f"There is no espeak voice {voice!r}.", hint=self._near(name, self._bases))
        if plus and _key(variant) not in self._files:
            raise NotFoundError(
                f"There is no espeak variant {variant!r}, in {voice!r}.", hint=self._near(variant, self._files)
            )
        return base, self._files[_key(variant)] if plus else ""

    @staticmethod
    def _near(name: str, names: Iterable[str]) -> str:
        near = difflib.get_close_matches(_key(name), list(names), n=5, cutoff=0.5)
        return (f"Did you mean {', '.join(near)}? " if near else "") + "All: `mien voices --engine espeak`."


def _key(name: str) -> str:
    return name.strip().lower().replace("_", "-")


def _first_language(entry: Entry) -> list[str]:
    return entry[2][:1]


def _name_and_file(entry: Entry) -> list[str]:
    return [entry[0], entry[1]]


def _other_languages(entry: Entry) -> list[str]:
    return entry[2][1:]
