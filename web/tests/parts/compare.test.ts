import { describe, expect, it } from 'vitest'
import type { Video } from '../../src/api/types'
import { compared } from '../../src/parts/videos/differences'
import { nudge } from '../../src/parts/videos/pair'

const video: Video = {
  id: 'a', title: 'Hello', avatar: 'astronaut', voice: 'espeak:en', text: 'Hello', created_at: 1000, seconds: 4, width: 512, height: 512,
  fps: 25, bytes: 100, subtitles: true, url: '', poster: '', made_in_s: 2,
}

describe('two videos', () => {
  it('are compared by what was asked for and what came of it', () => {
    const lines = compared(video, { ...video, id: 'b', voice: 'piper:x', made_in_s: 8 }, { rate: 1 }, { rate: 1.2 })
    const different = Object.fromEntries(lines.filter(({ same }) => !same).map(({ key, a, b }) => [key, [a, b]]))
    expect(different).toEqual({ voice: ['espeak:en', 'piper:x'], rate: [1, 1.2], made_in_s: [2, 8], speed: [2, 0.5] })
  })

  it('leave out what is known of neither', () => {
    const keys = compared({ ...video, text: '', voice: '', made_in_s: 0 }, { ...video, text: '', voice: '', made_in_s: 0 }).map(({ key }) => key)
    expect(keys).not.toContain('text')
    expect(keys).not.toContain('made_in_s')
    expect(keys).not.toContain('seed')
    expect(keys).toContain('seconds')
  })
})

describe('a player beside another', () => {
  it('goes on as it does when they are together, and hurries or waits a little when not', () => {
    expect(nudge(0.01)).toBe(1)
    expect(nudge(0.05)).toBeCloseTo(1.05)
    expect(nudge(-0.05)).toBeCloseTo(0.95)
    expect(nudge(9)).toBeCloseTo(1.1)
  })
})
