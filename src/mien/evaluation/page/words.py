"""What the page says, in English and Chinese."""

from __future__ import annotations

from html import escape
from typing import Literal

from mien.evaluation.remarks import Language

Shown = Literal["en", "zh", "auto"]
"""auto: as the browser asks."""

LANGUAGES: tuple[Language, ...] = ("en", "zh")

TEXTS: dict[str, tuple[str, str]] = {
    "title": ("Lip sync", "口型同步"),
    "about": (
        "{seconds} s at {fps} frames per second; a face is seen in {face} of the frames.",
        "{seconds} 秒，每秒 {fps} 帧；{face} 的帧中检测到脸。",
    ),
    "follow": ("The lips follow …", "嘴唇跟随……"),
    "network": ("the network that hears the sound", "由声音驱动的网络"),
    "phonemes": ("the sounds of the speech (phonemes)", "语音的音素"),
    "loudness": ("its loudness alone", "仅响度"),
    "reference": ("the reference", "参考视频"),
    "at_best": ("at the best lag", "最佳时延"),
    "at_fixed": ("at a fixed lag", "固定时延"),
    "lag": ("lag", "时延"),
    "jaw": ("jaw", "下颌"),
    "gap": ("lip gap", "唇间距"),
    "width": ("mouth width", "嘴宽"),
    "mean": ("mean r", "平均 r"),
    "chance": ("chance {mean}, p95 {edge}", "随机 {mean}，p95 {edge}"),
    "how_follow": (
        "Pearson's r, from -1 to 1, of the tracked lips with what a mouth should do, over all frames with a face. Below 0 ms the lips are earlier "
        "than the sound, as those of people are. Chance: what the same measurement gives when the sound is moved around by some seconds, mean and 95th percentile.",
        "跟踪到的嘴唇与应有口型之间的皮尔逊相关系数 r（-1 到 1），取所有检测到脸的帧。时延小于 0 毫秒表示嘴唇早于声音，真人也是如此。"
        "随机：把声音错开数秒后同样测量所得的均值和第 95 百分位（p95）。",
    ),
    "closures": ("Closed lips on p b m", "p b m 处的闭唇"),
    "recall": ("found, of {count}", "找到的比例（共 {count} 处）"),
    "false_alarms": ("false alarms, of {count} other sounds", "误报（其他 {count} 处）"),
    "auc": ("told apart (AUC)", "区分度（AUC）"),
    "by_text": ("Where they are is known from the text.", "位置由文本得知。"),
    "by_phonemes": ("Where they are was given.", "位置由调用者给出。"),
    "by_pocketsphinx": ("Where they are says PocketSphinx, which mishears.", "位置由 PocketSphinx 识别，会有错误。"),
    "by_network": (
        "Where they are says the network that hears the sound, which errs; the other sounds are pieces of speech without a closure.",
        "位置由听声音的网络判断，会有错误；其他处指没有闭唇的语音片段。",
    ),
    "silence": ("While nothing is heard", "静音期间"),
    "silent_jaw": ("jaw moves, share of its range", "下颌活动占其范围"),
    "silent_gap": ("lips move, share of their range", "嘴唇活动占其范围"),
    "silent_open": ("opening, share of its range", "张口占其范围"),
    "over": ("over {seconds} s", "共 {seconds} 秒"),
    "jitter": ("Acceleration (jitter)", "加速度（抖动）"),
    "how_jitter": (
        "Mean absolute acceleration in eye distances per s², less the tracker's noise of {noise}. Speech accelerates lips, too: compare it with a real face.",
        "平均绝对加速度，单位为每平方秒的眼距，已减去跟踪噪声 {noise}。说话本身也有加速度，请与真人视频比较。",
    ),
    "beside": ("Beside the reference", "与参考视频对比"),
    "how_beside": (
        "{seconds} s of {name}, frame by frame. The error is in eye distances; the amplitude is a multiple of the reference's.",
        "与 {name} 逐帧对比 {seconds} 秒。误差以眼距为单位；幅度为参考视频的倍数。",
    ),
    "error": ("mean error", "平均误差"),
    "amplitude": ("amplitude", "幅度"),
    "syncnet": ("SyncNet", "SyncNet"),
    "lse_c": ("confidence (LSE-C), higher is better", "置信度（LSE-C），越高越好"),
    "lse_d": ("distance (LSE-D), lower is better", "距离（LSE-D），越低越好"),
    "how_syncnet": (
        "By {network}; the picture is late by {frames} frames at 25 a second.",
        "由 {network} 判断；画面晚 {frames} 帧（每秒 25 帧）。",
    ),
    "curves": ("The curves", "曲线"),
    "how_curves": (
        "In eye distances, by seconds. What should be is scaled to the lips' range and drawn at the best lag.",
        "单位为眼距，横轴为秒。应有口型已缩放到嘴唇的范围，并按最佳时延绘制。",
    ),
    "first": ("The first {seconds} s are drawn.", "只绘制前 {seconds} 秒。"),
    "lips": ("the lips", "嘴唇"),
    "shut": ("p b m", "p b m"),
    "quiet": ("silence", "静音"),
    "unseen": ("face lost", "未检测到脸"),
    "quality": ("How near to the real video", "与真实视频的接近程度"),
    "quality_about": (
        "{seconds} s, {frames} frames at {fps} per second, compared at {width} × {height}; a face is seen in both in {face} of them.",
        "{seconds} 秒，{frames} 帧（每秒 {fps} 帧），按 {width} × {height} 比较；{face} 的帧中两者都检测到脸。",
    ),
    "figures": ("The figures", "各项指标"),
    "generated": ("generated", "生成"),
    "tracked": ("real movement", "真实动作"),
    "frozen": ("frozen mean mouth", "静止的平均嘴型"),
    "nearest": ("nearest mouth", "最近似的嘴型"),
    "previous": ("frame before", "前一帧"),
    "real": ("real", "真实"),
    "psnr_whole": ("PSNR, whole frame, dB", "PSNR，整帧，dB"),
    "psnr_face": ("PSNR, face, dB", "PSNR，脸部，dB"),
    "psnr_mouth": ("PSNR, mouth, dB", "PSNR，嘴部，dB"),
    "ssim_whole": ("SSIM of luma, whole frame", "SSIM（亮度），整帧"),
    "ssim_face": ("SSIM of luma, face", "SSIM（亮度），脸部"),
    "ssim_mouth": ("SSIM of luma, mouth", "SSIM（亮度），嘴部"),
    "lpips_whole": ("LPIPS, whole frame", "LPIPS，整帧"),
    "lpips_face": ("LPIPS, face", "LPIPS，脸部"),
    "mouth_px": ("mouth landmarks, pixels", "嘴部关键点距离，像素"),
    "mouth_iod": ("mouth landmarks, eye distances", "嘴部关键点距离，眼距"),
    "au25": ("lips parted (AU25), error, eye distances", "张唇（AU25）误差，眼距"),
    "au45": ("eyes shut (AU45), error, 0 to 1", "闭眼（AU45）误差，0 到 1"),
    "sharpness_face": ("sharpness, face, × the real", "清晰度，脸部，真实的倍数"),
    "sharpness_mouth": ("sharpness, mouth, × the real", "清晰度，嘴部，真实的倍数"),
    "flicker_face": ("flicker, face, grey levels", "闪烁，脸部，灰度级"),
    "flicker_mouth": ("flicker, mouth, grey levels", "闪烁，嘴部，灰度级"),
    "shape_iod": ("proportions of the face, error, eye distances", "面部比例误差，眼距"),
    "identity": ("same person (cosine)", "同一人（余弦相似度）"),
    "naturalness": ("fine structure (NIQE against the real)", "精细结构（以真实视频为基准的 NIQE）"),
    "higher": ("higher is better", "越高越好"),
    "lower": ("lower is better", "越低越好"),
    "one": ("1 is best", "1 最好"),
    "as_real": ("as the real one is best", "与真实视频一致最好"),
    "how_figures": (
        "Means over the frames. Face: its outline; mouth: a box around the real lips. Landmarks are compared after the head's place and turn are taken off. "
        "Frozen and nearest: the real frame with the mean mouth, or with the most similar known mouth, in its lower face; frame before: the real frame with the face of the one before. "
        "Flicker and fine structure mean something beside the real video's only.",
        "各帧的平均值。脸部：脸的轮廓；嘴部：真实嘴唇周围的矩形。关键点比较前已去除头部位置和朝向。"
        "静止与最近似：在真实帧的下半脸放入平均嘴型或已知的最相似嘴型；前一帧：在真实帧中放入前一帧的脸。"
        "闪烁和精细结构只有与真实视频对比才有意义。",
    ),
    "how_tracked": (
        "Generated: the avatar's mouth as the sound of these moments moves it. Real movement: its mouth moved as the real one was, which shows how well it is "
        "drawn, whatever is heard. Both are drawn into the real frames.",
        "生成：由这段声音驱动的嘴。真实动作：让它的嘴按真实嘴的动作活动，与听到什么无关，可看出绘制得有多好。两者都画在真实帧中。",
    ),
    "sync": ("Lips and sound", "嘴唇与声音"),
    "r_sound": ("r with the sound", "与声音的 r"),
    "r_real": ("r with the real lips", "与真实嘴唇的 r"),
    "shut_found": ("closed on p b m", "p b m 处闭唇"),
    "how_sync": (
        "Mean r of jaw, lip gap and width at the best lag; mien evaluate sync tells more.",
        "下颌、唇间距和嘴宽在最佳时延下的平均 r；mien evaluate sync 给出更多细节。",
    ),
    "worst": ("The worst frames", "最差的帧"),
    "how_worst": (
        "By PSNR of the mouth, at most one a second: real, generated, and four times their difference.",
        "按嘴部 PSNR，每秒至多一帧：真实、生成，以及两者之差的四倍。",
    ),
    "course": ("Frame by frame", "逐帧"),
    "how_course": (
        "By seconds. Where the video is long, means over several frames are drawn.",
        "横轴为秒。视频较长时绘制多帧的平均值。",
    ),
    "made": ("Measured with Mien {version}.", "由 Mien {version} 测量。"),
    "none": ("There is none.", "没有。"),
}
"""English, Chinese."""


def plain(key: str, language: Language, **values: object) -> str:
    return TEXTS[key][LANGUAGES.index(language)].format(**values)


class Words:
    """Args:
    shown: which language the page has; "auto": both, of which a script shows one.
    """

    def __init__(self, shown: Shown) -> None:
        self.shown: Shown = shown
        self._only: Language | None = None if shown == "auto" else shown

    def __call__(self, key: str, /, tag: str = "span", **values: object) -> str:
        """Marked-up text; `tag` is the element that each language stands in, "tspan" within drawings."""
        return self.both({language: plain(key, language, **values) for language in LANGUAGES}, tag)

    def both(self, texts: dict[Language, str], tag: str = "span") -> str:
        if self._only:
            return escape(texts[self._only])
        return "".join(f'<{tag} lang="{_TAGS[each]}">{escape(texts[each])}</{tag}>' for each in LANGUAGES)

    @property
    def page_language(self) -> str:
        return _TAGS[self._only or "en"]


_TAGS: dict[Language, str] = {"en": "en", "zh": "zh-CN"}
