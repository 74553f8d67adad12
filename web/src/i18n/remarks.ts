import { useI18n } from 'vue-i18n'

/** What an avatar or a video says of itself, in Chinese: the whole English sentence, and the Chinese one with what stands in its brackets. */
const REMARKS: readonly [english: RegExp, chinese: string][] = [
  [/^No face is seen in (\d+) of (\d+) frames, first at ([\d.]+) s\.$/, '共 $2 帧，其中 $1 帧看不到脸，最早在第 $3 秒。'],
  [/^The picture changes suddenly at (.+) s; one scene without a break is learnt better\.$/, '画面在第 $1 秒突然改变；连续拍摄的一个场景会学得更好。'],
  [/^Nothing is heard in it, so the mouth follows a voice as anybody's would, not as this person's does\.$/, '视频里听不到声音，因此嘴会像一般人那样跟随语音，而不是像本人那样。'],
  [/^The sound was (\d+) ms too late, which is mended\.$/, '声音晚了 $1 毫秒，已修正。'],
  [/^The sound was (\d+) ms too early, which is mended\.$/, '声音早了 $1 毫秒，已修正。'],
  [/^The mouth opens little, by (\d+) % of what speech may need; what is not seen cannot be shown\.$/, '嘴张得很小，只有说话可能需要的 $1%；没有看到的，就无法呈现。'],
  [/^In frames that were not learnt from, pictures with the drawn face are ([\d.]+) dB from the real ones\.$/, '在没有学习过的画面里，画上脸之后与真实画面的峰值信噪比为 $1 dB。'],
  [/^In frames that were not learnt from, the drawn mouth is ([\d.]+) dB from the real one\.$/, '在没有学习过的画面里，画出的嘴与真实的嘴的峰值信噪比为 $1 dB。'],
  [
    /^The sound of ([\d.]+) s that it has not learnt from gives a mouth ([\d.]+) dB from the real one \(one that does not move: ([\d.]+) dB\) and lips whose movement has r = (-?[\d.]+) with theirs\.$/,
    '用没有学习过的 $1 秒声音驱动：嘴部与真实画面的峰值信噪比为 $2 dB（不动的嘴为 $3 dB），嘴唇动作与真实动作的相关系数 r = $4。',
  ],
  [
    /^The sound of ([\d.]+) s that it has not learnt from gives a mouth ([\d.]+) dB from the real one \(one that does not move: ([\d.]+) dB\)\.$/,
    '用没有学习过的 $1 秒声音驱动：嘴部与真实画面的峰值信噪比为 $2 dB（不动的嘴为 $3 dB）。',
  ],
  [/^The sound of ([\d.]+) s that it has not learnt from gives lips whose movement has r = (-?[\d.]+) with theirs\.$/, '用没有学习过的 $1 秒声音驱动：嘴唇动作与真实动作的相关系数 r = $2。'],
  [/^The sound of ([\d.]+) s that it has not learnt from gives nothing to be measured\.$/, '用没有学习过的 $1 秒声音驱动：没有可以测量的内容。'],
  [/^How good it is could not be measured: its video has no sound\.$/, '无法测量效果：视频没有声音。'],
  [/^How good it is could not be measured: (.+)$/, '无法测量效果：$1'],
  [/^The processor did all the work\. (.+)$/, '全部计算由处理器完成。$1'],
  [/^(\d+) faces were found; the largest is used\.$/, '找到 $1 张脸，使用最大的一张。'],
  [/^The face is small \((\d+) pixels between the eyes\); a larger picture would look better\.$/, '脸比较小（两眼外角相距 $1 像素），用更大的照片效果会更好。'],
  [/^The transcript does not seem to be what is said in the recording; it was not used\.$/, '文字稿与录音内容似乎不符，未使用。'],
]

/** The Chinese sentence; undefined: none is known. */
export function remarkInChinese(english: string): string | undefined {
  const found = REMARKS.find(([pattern]) => pattern.test(english))
  return found && english.replace(...found)
}

/** A remark in the page's language, as far as that is known. */
export function useRemarks(): (remark: string) => string {
  const { locale } = useI18n()
  return (remark) => (locale.value.startsWith('zh') ? (remarkInChinese(remark) ?? remark) : remark)
}
