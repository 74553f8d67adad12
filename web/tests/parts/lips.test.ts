import { describe, expect, it } from 'vitest'
import { rowsOf, type LipFigures } from '../../src/parts/lips/figures'

const figure = (value: number | null, chance: number | null = 0.1, chance_p95: number | null = 0.2) => ({ value, chance, chance_p95 })
const NOTHING: LipFigures = { seconds: 1, face: 1, follows: {}, closures: null, silence: null, reference: null, syncnet: null }
const keys = (figures: LipFigures): string[] => rowsOf(figures).map(({ key }) => key)

describe('the figures of lips', () => {
  it('leave out what was not measured', () => {
    expect(rowsOf(NOTHING)).toEqual([])
    const still = { ...NOTHING, follows: { network: { best: { lag_ms: 200, mean: figure(null) } } }, closures: { count: 0, others: 3, recall: figure(null), false_alarms: figure(0) } }
    expect(keys(still)).toEqual(['false_alarms'])
  })

  it('come with the most telling first, and the lag of the one that is known best', () => {
    const follows = { phonemes: { best: { lag_ms: -70, mean: figure(0.9) } }, network: { best: { lag_ms: -20, mean: figure(0.7) } } }
    const all: LipFigures = {
      ...NOTHING,
      follows,
      closures: { count: 12, others: 40, recall: figure(0.9), false_alarms: figure(0.1) },
      silence: { open: figure(0.02) },
      reference: { best: { lag_ms: 0, mean: figure(0.8) }, amplitude: { gap: 0.92 } },
      syncnet: { lse_c: 7.1, lse_d: 6.8 },
    }
    expect(keys(all)).toEqual(['phonemes', 'network', 'lag', 'recall', 'false_alarms', 'open', 'reference', 'amplitude', 'lse_c', 'lse_d'])
    expect(rowsOf(all)[2]).toMatchObject({ value: -70, as: 'lag' })
    expect(rowsOf(all)[3]).toMatchObject({ value: 0.9, chance: 0.1, count: 12, idle: false })
    expect(rowsOf({ ...all, follows: { network: follows.network } })[1]).toMatchObject({ key: 'lag', value: -20 })
    expect(rowsOf({ ...all, reference: { ...all.reference!, amplitude: { gap: null } } }).map(({ key }) => key)).not.toContain('amplitude')
  })

  it('say when they are within chance, but of what is best at nothing do not', () => {
    const low = { ...NOTHING, follows: { network: { best: { lag_ms: 0, mean: figure(0.15) } } }, closures: { count: 2, others: 9, recall: figure(0.5, null, null), false_alarms: figure(0.1) } }
    expect(rowsOf(low).map(({ key, idle }) => [key, idle])).toEqual([
      ['network', true],
      ['lag', undefined],
      ['recall', false],
      ['false_alarms', false],
    ])
  })
})
