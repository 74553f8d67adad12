import { describe, expect, it } from 'vitest'
import type { Job, JobEvent } from '../src/api/types'
import { actionsFor, resultOf } from '../src/jobs/actions'
import { emptyRecord, linesOf, withEvent, withInfo } from '../src/jobs/record'

const job = (change: Partial<Job> = {}): Job => ({ id: 'j1', kind: 'speak', status: 'running', title: 'Hello', owner: 'local', request: {}, created_at: 1, started_at: 2, ended_at: null, attempt: 1, worker: 'w', progress: null, result: null, error: null, ...change })
const progress = (percent: number, attempt = 1): JobEvent => ({ id: '1', kind: 'progress', data: { stage: 'render', done: percent, total: 100, unit: 'frames', percent, eta_s: 3, speed: 20, attempt } })
const metric = (step: number, loss: number): JobEvent => ({ id: '2', kind: 'metric', data: { step, values: { loss } } })

const after = (...events: JobEvent[]) => events.reduce(withEvent, withInfo(emptyRecord(), job({ status: 'queued' })))

describe('the record of a job', () => {
  it('runs from its first progress on', () => {
    const record = after(progress(10, 2))
    expect(record.info).toMatchObject({ status: 'running', attempt: 2 })
    expect(record.progress?.percent).toBe(10)
  })

  it('has no progress once it ended, whatever comes late', () => {
    const record = after(progress(90), { id: '3', kind: 'state', data: { status: 'failed', error: { code: 'voice', message: 'm', hint: 'h', retryable: true } } }, progress(95))
    expect(record.progress).toBeUndefined()
    expect(record.info).toMatchObject({ status: 'failed', error: { code: 'voice' } })
  })

  it('keeps one measurement for each step, in order', () => {
    expect(after(metric(1, 0.5), metric(3, 0.3), metric(2, 0.4), metric(3, 0.2), metric(1, 0.9)).metrics).toEqual([
      { step: 1, values: { loss: 0.9 } },
      { step: 2, values: { loss: 0.4 } },
      { step: 3, values: { loss: 0.2 } },
    ])
  })

  it('keeps the last progress that it knows when the server tells none', () => {
    expect(withInfo(after(progress(40)), job()).progress?.percent).toBe(40)
    expect(withInfo(after(progress(40)), job({ status: 'queued' })).progress).toBeUndefined()
  })
})

describe('linesOf', () => {
  it('gives a line for each name, also for those that are measured seldom', () => {
    const lines = linesOf([
      { step: 1, values: { loss: 1 } },
      { step: 2, values: { loss: 0.5, psnr: 20 } },
    ])
    expect(lines).toEqual([
      { name: 'loss', points: [[1, 1], [2, 0.5]] },
      { name: 'psnr', points: [[2, 20]] },
    ])
  })
})

describe('what can be done with a job', () => {
  it('depends on its state', () => {
    expect(actionsFor({ status: 'queued' })).toEqual(['cancel'])
    expect(actionsFor({ status: 'running' })).toEqual(['cancel'])
    expect(actionsFor({ status: 'cancelled' })).toEqual(['resume', 'delete'])
    expect(actionsFor({ status: 'failed' })).toEqual(['retry', 'delete'])
    expect(actionsFor({ status: 'succeeded' })).toEqual(['delete'])
  })

  it('leads to the result only of those that succeeded', () => {
    expect(resultOf(job())).toBeUndefined()
    expect(resultOf(job({ status: 'succeeded' }))).toEqual({ name: 'video', params: { id: 'j1' } })
  })
})
