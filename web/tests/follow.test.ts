import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../src/api/errors'
import type { Job, JobEvent, JobStatus } from '../src/api/types'
import { serve } from './serve'

const job = (status: JobStatus): Partial<Job> => ({ id: 'j1', kind: 'speak', status })
let close: () => Promise<void>
let status: JobStatus
/** What each connection to the events does, one after the other. */
let connections: ((response: ServerResponse) => void)[]
let resumedAfter: (string | undefined)[]

beforeEach(async () => {
  status = 'running'
  connections = []
  resumedAfter = []
  close = await serve((request, response) => {
    if (request.url === '/api/v1/jobs/gone') {
      response.writeHead(404, { 'Content-Type': 'application/problem+json' })
      response.end(JSON.stringify({ code: 'not_found', detail: 'No job.' }))
    } else if (request.url?.endsWith('/events')) {
      resumedAfter.push(request.headers['last-event-id'] as string | undefined)
      response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      connections.shift()!(response)
    } else {
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify(job(status)))
    }
  })
})

afterEach(() => close())

const line = (id: number, kind: string, data: object): string => `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`

async function follow(id: string) {
  vi.resetModules()
  const { followJob } = await import('../src/jobs/follow')
  const seen: { events: JobEvent[]; statuses: JobStatus[]; connected: boolean[] } = { events: [], statuses: [], connected: [] }
  const stop = new AbortController()
  await followJob(id, stop.signal, {
    event: (event) => seen.events.push(event),
    info: (info) => seen.statuses.push(info.status),
    connected: (now) => seen.connected.push(now),
  })
  return seen
}

describe('followJob', () => {
  it('tells all that happens until the job ends', async () => {
    connections.push((response) => {
      response.write(line(0, 'progress', { percent: 50 }))
      status = 'succeeded'
      response.end(line(1, 'state', { status }))
    })
    const { events, statuses } = await follow('j1')
    expect(events.map(({ kind }) => kind)).toEqual(['progress', 'state'])
    expect(statuses).toEqual(['running', 'succeeded'])
  })

  it('goes on after the last event when the connection breaks', async () => {
    connections.push(
      (response) => response.write(line(7, 'progress', { percent: 50 }), () => response.destroy()),
      (response) => {
        status = 'failed'
        response.end(line(8, 'state', { status }))
      },
    )
    const { events, connected } = await follow('j1')
    expect(resumedAfter).toEqual([undefined, '7'])
    expect(events.map(({ id }) => id)).toEqual(['7', '8'])
    expect(connected).toContain(false)
    expect(connected.at(-1)).toBe(true)
  })

  it('comes back when the server ends the events before the job has ended', async () => {
    connections.push(
      (response) => response.end(line(3, 'progress', { percent: 10 })),
      (response) => {
        status = 'cancelled'
        response.end()
      },
    )
    expect((await follow('j1')).statuses.at(-1)).toBe('cancelled')
    expect(resumedAfter).toEqual([undefined, '3'])
  })

  it('throws what the server refuses', async () => {
    await expect(follow('gone')).rejects.toMatchObject({ status: 404, code: 'not_found' } satisfies Partial<ApiError>)
  })
})
