"""What a user should know beside the figures, in the languages of the report's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Language: TypeAlias = Literal["en", "zh"]

_TEXTS: dict[str, dict[Language, str]] = {
    "faces": {
        "en": "{count} faces are seen at once; the largest is measured.",
        "zh": "画面中同时出现 {count} 张脸，测量的是最大的一张。",
    },
    "lost": {
        "en": "The face is lost for {seconds} s; nothing is measured there.",
        "zh": "有 {seconds} 秒没有检测到脸，这些时间未测量。",
    },
    "short": {
        "en": "{seconds} s are little: compare the figures with chance, not with those of longer videos.",
        "zh": "只有 {seconds} 秒，太短：请与随机水平比较，不要与更长的视频比较。",
    },
    "other_text": {
        "en": "The text is not what is said; it was not used.",
        "zh": "文本与所说的内容不符，未使用。",
    },
    "lengths": {
        "en": "The video lasts {one} s, the reference {other} s; what both have is compared.",
        "zh": "视频长 {one} 秒，参考视频长 {other} 秒；只比较共有的部分。",
    },
    "reference_mute": {
        "en": "The reference has no sound: nobody can tell whether it says the same.",
        "zh": "参考视频没有声音，无法判断内容是否相同。",
    },
    "other_speech": {
        "en": "The two videos sound different: the reference says something else, or begins at another moment.",
        "zh": "两个视频的声音不同：参考视频说的是别的内容，或者起始时刻不同。",
    },
}


@dataclass(frozen=True, slots=True)
class Remark:
    """Args:
    key: which one.
    values: what stands in its gaps.
    """

    key: str
    values: Mapping[str, object]

    def text(self, language: Language = "en") -> str:
        """One sentence."""
        return _TEXTS[self.key][language].format(**self.values)
