import type { Job } from '../../api/types'

export type Verdict = 'pass' | 'warn' | 'fail'

/** What the server says of one thing that it looked at. `name` is a stable word; `sentence` and `advice` are English. */
export interface ClipItem {
  name: string
  verdict: Verdict
  value: number | null
  unit: string
  sentence: string
  advice: string
}

export interface ClipCheck {
  verdict: Verdict
  items: ClipItem[]
}

/** What a check found; undefined before its end. */
export function checkOf(job: Pick<Job, 'kind' | 'status' | 'result'> | undefined): ClipCheck | undefined {
  if (job?.kind !== 'check_clip' || job.status !== 'succeeded') return undefined
  return job.result as unknown as ClipCheck
}

const ORDER: readonly Verdict[] = ['fail', 'warn', 'pass']

/** The worst first; what is equally bad stays in its order. */
export function sorted(items: readonly ClipItem[]): ClipItem[] {
  return [...items].sort((one, other) => ORDER.indexOf(one.verdict) - ORDER.indexOf(other.verdict))
}

/** A figure as it is read: one decimal below ten, none above. */
export function figure({ value }: Pick<ClipItem, 'value'>, locale: string): string {
  if (value === null) return ''
  return value.toLocaleString(locale, { maximumFractionDigits: Math.abs(value) < 10 ? 1 : 0 })
}
