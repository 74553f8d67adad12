import { describe, expect, it } from 'vitest'
import { checked, isUsable } from '../../src/parts/training/checks'

const film = { bytes: 50e6, type: 'video/mp4', seconds: 120, width: 1280, height: 720 }
const codes = (change: Partial<typeof film>, mb = 2000): string[] => checked({ ...film, ...change }, mb).map(({ code }) => code)

describe('a video to learn from', () => {
  it('is fine when nothing is wrong', () => {
    expect(codes({})).toEqual(['fine'])
  })

  it('is refused when it can be of no use', () => {
    for (const change of [{ type: 'image/png' }, { type: '' }, { bytes: 3e9 }, { seconds: 2 }]) expect(isUsable(checked({ ...film, ...change }, 2000))).toBe(false)
  })

  it('is taken with a warning when it could be better', () => {
    expect(codes({ seconds: 20 })).toEqual(['short'])
    expect(codes({ seconds: 4000, width: 320, height: 240 })).toEqual(['long', 'small'])
    expect(isUsable(checked({ ...film, seconds: 20 }, 2000))).toBe(true)
  })

  it('may be one that the browser cannot play', () => {
    const found = checked({ bytes: 1e6, type: 'video/x-matroska' }, 2000)
    expect(found).toEqual([{ code: 'unknown', level: 'warn' }])
    expect(isUsable(found)).toBe(true)
  })
})
