import type { Job, JobEvent, JobProgress, JobStatus } from '../api/types'

const ENDED: readonly JobStatus[] = ['succeeded', 'failed', 'cancelled']

export const hasEnded = (job: Pick<Job, 'status'> | undefined): boolean => job !== undefined && ENDED.includes(job.status)

export interface Metric {
  step: number
  values: Record<string, number>
}

export interface Artifact {
  name: string
  step: number
}

/** What is known of a job. */
export interface JobRecord {
  info?: Job
  progress?: JobProgress
  /** In the order of their steps, one for each. */
  metrics: Metric[]
  artifacts: Artifact[]
}

export const emptyRecord = (): JobRecord => ({ metrics: [], artifacts: [] })

/** The record after the server told of the whole job. */
export function withInfo(record: JobRecord, info: Job): JobRecord {
  return { ...record, info, progress: hasEnded(info) || info.status === 'queued' ? undefined : (info.progress ?? (info.attempt === record.info?.attempt ? record.progress : undefined)) }
}

/** The record after an event; one that comes twice changes nothing. */
export function withEvent(record: JobRecord, event: JobEvent): JobRecord {
  switch (event.kind) {
    case 'started':
      return record.info?.status === 'queued' ? { ...record, info: { ...record.info, status: 'running', attempt: event.data.attempt } } : record
    case 'progress':
      if (hasEnded(record.info) || isPast(record, event.data)) return record
      return { ...record, progress: event.data, info: record.info && { ...record.info, status: 'running', attempt: event.data.attempt } }
    case 'metric':
      return { ...record, metrics: placed(record.metrics, event.data) }
    case 'artifact':
      return { ...record, artifacts: placed(record.artifacts, event.data) }
    case 'state': {
      const { status, error, result } = event.data
      const info = record.info && { ...record.info, status, error: error ?? null, result: result ?? null }
      return { ...record, info, progress: ENDED.includes(status) ? undefined : record.progress }
    }
    default:
      return record
  }
}

/** Events of the past are told again after a connection broke, when the job itself has told of more. */
function isPast({ info, progress }: JobRecord, told: JobProgress & { attempt: number }): boolean {
  if (!info || told.attempt !== info.attempt) return info !== undefined && told.attempt < info.attempt
  if (!progress) return false
  return told.percent < progress.percent || (told.percent === progress.percent && told.stage === progress.stage && told.done < progress.done)
}

/** Put among the others by its step, in place of an earlier one of the same step. */
function placed<T extends { step: number }>(all: readonly T[], one: T): T[] {
  const last = all.at(-1)
  if (!last || last.step < one.step) return [...all, one]
  const at = all.findIndex(({ step }) => step >= one.step)
  return [...all.slice(0, at), one, ...all.slice(all[at]!.step === one.step ? at + 1 : at)]
}

/** One line for each name that was measured. */
export function linesOf(metrics: readonly Metric[]): { name: string; points: [number, number][] }[] {
  const lines = new Map<string, [number, number][]>()
  for (const { step, values } of metrics) {
    for (const [name, value] of Object.entries(values)) {
      const line = lines.get(name)
      if (line) line.push([step, value])
      else lines.set(name, [[step, value]])
    }
  }
  return [...lines].map(([name, points]) => ({ name, points }))
}
