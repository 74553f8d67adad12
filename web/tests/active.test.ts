import { afterEach, expect, it, vi } from 'vitest'
import { watch } from 'vue'
import type { Job, JobStatus } from '../src/api/types'
import { serve } from './serve'

const job = (id: string, status: JobStatus): Partial<Job> => ({ id, kind: 'speak', status })
let close: () => Promise<void>
afterEach(() => close())

it('tells of the end of every job that ended, and of no other', async () => {
  const lists = [['a', 'b', 'c'].map((id) => job(id, 'running'))]
  const later = [job('b', 'queued'), job('c', 'succeeded')]
  close = await serve((request, response) => {
    const last = request.url!.split('/').at(-1)!
    const answer = last.startsWith('jobs?') ? { jobs: lists.shift() ?? [], next_offset: null } : later.find(({ id }) => id === last)
    response.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(answer ?? {}))
  })
  vi.resetModules()
  const { activeJobs, lastEnded, lookAgain, watchJobs } = await import('../src/jobs/active')
  vi.stubGlobal('document', { hidden: false, addEventListener: () => undefined })
  const told: (string | undefined)[] = []
  watch(lastEnded, (one) => told.push(one?.id), { flush: 'sync' })
  watchJobs()
  await vi.waitFor(() => expect(activeJobs.value).toHaveLength(3))
  lookAgain()
  // The first was deleted and the second begun again, while nobody looked.
  await vi.waitFor(() => expect(told).toEqual(['c']))
  expect(activeJobs.value).toEqual([])
})
