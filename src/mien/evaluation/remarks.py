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
    "longer": {
        "en": "The reference goes on after the {one} s of the video; what both have is compared.",
        "zh": "参考视频比这段 {one} 秒的视频更长；只比较共有的部分。",
    },
    "rates": {
        "en": "The video has {one} frames per second, the reference {other}; both are compared at {both}.",
        "zh": "视频每秒 {one} 帧，参考视频每秒 {other} 帧；两者均按每秒 {both} 帧比较。",
    },
    "sizes": {
        "en": "The video has {one} pixels, the reference {other}; the video was scaled, which costs some sharpness.",
        "zh": "视频为 {one} 像素，参考视频为 {other} 像素；视频已缩放，清晰度会略有损失。",
    },
    "shifted": {
        "en": "The video is shifted against the reference by {frames} frames ({ms} ms); that was taken off.",
        "zh": "视频相对参考视频错开 {frames} 帧（{ms} 毫秒），已扣除。",
    },
    "held_out": {
        "en": "The last {seconds} s of the {whole} s of video, from which the avatar has learnt nothing.",
        "zh": "视频共 {whole} 秒，此处为最后 {seconds} 秒，形象未从中学习。",
    },
    "quick": {
        "en": "A quick look at the avatar, moved by sound: {seconds} s after the first {start} s of its video, from which it has learnt nothing; pictures of one frame in five.",
        "zh": "由声音驱动的快速评价：视频前 {start} 秒之后的 {seconds} 秒，形象未从中学习；每五帧比较一帧画面。",
    },
    "mute": {
        "en": "The video has no sound that can be heard; its lip sync is not judged.",
        "zh": "视频没有可听见的声音，未评价口型同步。",
    },
    "no_lips": {
        "en": "A face is seen for too short, or the frames are too few, to judge lip sync.",
        "zh": "检测到脸的时间太短或帧率太低，未评价口型同步。",
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
