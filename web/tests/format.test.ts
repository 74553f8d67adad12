import { describe, expect, it } from 'vitest'
import { accepted } from '../src/parts/ui/files'
import { thinned, ticks } from '../src/parts/ui/scale'
import { ago, bytes, clock, duration } from '../src/shared/format'

describe('format', () => {
  it('writes sizes', () => {
    expect(bytes(0, 'en')).toBe('0 bytes')
    expect(bytes(1_250_000, 'en')).toBe('1.3 MB')
    expect(bytes(48_000_000_000, 'en')).toBe('48 GB')
  })

  it('writes durations and lengths', () => {
    expect(duration(7.4, 'en')).toBe('7 s')
    expect(duration(200, 'en')).toBe('3 min 20 s')
    expect(duration(7200, 'zh')).toBe('2 小时')
    expect(clock(7)).toBe('0:07')
    expect(clock(3723)).toBe('1:02:03')
  })

  it('writes how long ago', () => {
    expect(ago(1000, 'en', 1010)).toBe('now')
    expect(ago(1000, 'en', 1000 + 300)).toBe('5 minutes ago')
    expect(ago(1000, 'zh', 1000 + 7200)).toBe('2小时前')
  })
})

describe('accepted', () => {
  it('knows types, families of types and suffixes', () => {
    const file = (name: string, type = '') => ({ name, type })
    expect(accepted(file('a.png', 'image/png'), 'image/*')).toBe(true)
    expect(accepted(file('a.PNG'), '.png,.jpg')).toBe(true)
    expect(accepted(file('a.mp4', 'video/mp4'), 'video/mp4, image/*')).toBe(true)
    expect(accepted(file('a.exe'), 'image/*,.mien')).toBe(false)
    expect(accepted(file('imagex', 'imagex/png'), 'image/*')).toBe(false)
    expect(accepted(file('anything'), '')).toBe(true)
  })
})

describe('scale', () => {
  it('has round ticks within the values', () => {
    expect(ticks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
    expect(ticks(3, 97, 4)).toEqual([20, 40, 60, 80])
    expect(ticks(5, 5)).toEqual([5])
    expect(ticks(-0.3, 0.3, 3)).toEqual([-0.2, 0, 0.2])
  })

  it('thins out evenly and keeps both ends', () => {
    expect(thinned([1, 2, 3], 5)).toEqual([1, 2, 3])
    expect(thinned([0, 1, 2, 3, 4, 5, 6, 7, 8], 3)).toEqual([0, 4, 8])
  })
})
