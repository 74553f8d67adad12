/** A measurement, and what the same measurement gives with the sound moved around: its mean and 95th percentile. */
export interface Figure {
  value: number | null
  chance: number | null
  chance_p95: number | null
}

interface Agreement {
  lag_ms: number
  mean: Figure
}

/** What the page shows of `figures` in the result of an `evaluate` job; the server's report has the rest. */
export interface LipFigures {
  seconds: number
  face: number
  follows: Partial<Record<'phonemes' | 'network', { best: Agreement }>>
  closures: { count: number; others: number; recall: Figure; false_alarms: Figure } | null
  silence: { open: Figure } | null
  reference: { best: Agreement; amplitude: { gap: number | null } } | null
  syncnet: { lse_c: number; lse_d: number } | null
}

export interface Row {
  /** Of the text `lips.rows.KEY`, with `count` in it. */
  key: string
  count?: number
  /** How the value is told: r, a share, milliseconds, a multiple, or as it is. */
  as: 'r' | 'share' | 'lag' | 'times' | 'plain'
  value: number
  chance?: number
  /** No better than what chance reaches once in twenty times: it says nothing. */
  idle?: boolean
}

/** The figures that people ask for, in the order of their weight; what could not be measured is left out. */
export function rowsOf(figures: LipFigures): Row[] {
  const { phonemes, network } = figures.follows
  const { closures, silence, reference, syncnet } = figures
  const main = (phonemes ?? network)?.best
  return [
    measured('phonemes', 'r', phonemes?.best.mean),
    measured('network', 'r', network?.best.mean),
    told('lag', 'lag', main?.mean.value == null ? undefined : main.lag_ms),
    measured('recall', 'share', closures?.recall, closures?.count),
    { ...measured('false_alarms', 'share', closures?.false_alarms, closures?.others), idle: false },
    { ...measured('open', 'share', silence?.open), idle: false },
    measured('reference', 'r', reference?.best.mean),
    told('amplitude', 'times', reference?.amplitude.gap),
    told('lse_c', 'plain', syncnet?.lse_c),
    told('lse_d', 'plain', syncnet?.lse_d),
  ].filter((row): row is Row => row.value !== undefined)
}

type Maybe = Omit<Row, 'value'> & { value?: number }

function measured(key: string, as: Row['as'], figure: Figure | undefined, count?: number): Maybe {
  const { value, chance, chance_p95: edge } = figure ?? { value: null, chance: null, chance_p95: null }
  return { key, as, count, value: value ?? undefined, chance: chance ?? undefined, idle: value !== null && edge !== null && value <= edge }
}

function told(key: string, as: Row['as'], value: number | null | undefined): Maybe {
  return { key, as, value: value ?? undefined }
}
