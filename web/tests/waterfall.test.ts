import { describe, expect, it } from 'vitest'
import { bars, medians, scaleOf, totalOf } from '../src/live/waterfall'

describe('bars', () => {
  const stages = { vad: 0.2, asr: 0.1, llm: 0.4, tts: 0.2, frame: 0.05, played: 0.05, total: 1 }

  it('lie end to end and fill the whole', () => {
    const all = bars(stages)
    for (const [index, bar] of all.entries()) expect(bar.left).toBeCloseTo(index ? all[index - 1]!.left + all[index - 1]!.width : 0)
    expect(all.at(-1)!.left + all.at(-1)!.width).toBeCloseTo(1)
  })

  it('mark the slowest stage, the first of equals', () => {
    expect(bars(stages).filter((bar) => bar.slowest).map((bar) => bar.stage)).toEqual(['llm'])
    expect(bars({ vad: 0.3, llm: 0.3 }).filter((bar) => bar.slowest).map((bar) => bar.stage)).toEqual(['vad'])
  })

  it('leave out stages that a turn did not have', () => {
    expect(bars({ tts: 0.1, played: 0.02 }).map((bar) => bar.stage)).toEqual(['tts', 'played'])
    expect(bars({})).toEqual([])
  })

  it('never leave the scale, whatever comes', () => {
    for (const bar of bars({ vad: -1, asr: 3, llm: 9, tts: 1 }, 5)) {
      expect(bar.left).toBeGreaterThanOrEqual(0)
      expect(bar.width).toBeGreaterThanOrEqual(0)
      expect(bar.left + bar.width).toBeLessThanOrEqual(1 + 1e-9)
    }
    expect(bars({ vad: 0 })).toMatchObject([{ left: 0, width: 0, slowest: false }])
  })
})

describe('totals and medians', () => {
  it('take the given total, else the sum', () => {
    expect(totalOf({ vad: 0.5, total: 2 })).toBe(2)
    expect(totalOf({ vad: 0.5, tts: 0.25 })).toBe(0.75)
  })

  it('are of those turns that have the stage', () => {
    const turns = [{ llm: 1, total: 2 }, { llm: 3, total: 4 }, { tts: 5, total: 9 }].map((stages, generation) => ({ generation, stages }))
    expect(medians(turns)).toEqual({ llm: 2, tts: 5, total: 4 })
    expect(medians([])).toEqual({})
  })

  it('choose a scale that fits all turns', () => {
    expect(scaleOf([])).toBe(0.5)
    expect(scaleOf([{ generation: 1, stages: { total: 0.8 } }, { generation: 2, stages: { total: 1.2 } }])).toBe(1.5)
    expect(scaleOf([{ generation: 1, stages: { total: 100 } }])).toBe(100)
  })
})
