import { expect, it } from 'vitest'
import { remarkInChinese } from '../src/i18n/remarks'

it('says remarks in Chinese with their figures', () => {
  expect(remarkInChinese('No face is seen in 12 of 500 frames, first at 2.4 s.')).toBe('共 500 帧，其中 12 帧看不到脸，最早在第 2.4 秒。')
  expect(remarkInChinese('The sound was 120 ms too early, which is mended.')).toContain('早了 120 毫秒')
  const found = 'The sound of 4.0 s that it has not learnt from gives a mouth 27.5 dB from the real one (one that does not move: 26.3 dB) and lips whose movement has r = -0.50 with theirs.'
  expect(remarkInChinese(found)).toBe('用没有学习过的 4.0 秒声音驱动：嘴部与真实画面的峰值信噪比为 27.5 dB（不动的嘴为 26.3 dB），嘴唇动作与真实动作的相关系数 r = -0.50。')
})

it('leaves what it does not know as it is', () => {
  expect(remarkInChinese('Something that a plug-in says.')).toBeUndefined()
})
