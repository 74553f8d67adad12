import { address, call, json } from './call'
import { readEvents } from './sse'
import type { Job, JobEvent, JobKind, JobPage, JobStatus } from './types'

const at = (id: string): string => `/jobs/${encodeURIComponent(id)}`

export interface JobFilter {
  kind?: JobKind[]
  status?: JobStatus[]
  limit?: number
  offset?: number
}

export const listJobs = (query: JobFilter = {}, signal?: AbortSignal): Promise<JobPage> => json('GET', '/jobs', { query, signal })
export const getJob = (id: string, signal?: AbortSignal): Promise<Job> => json('GET', at(id), { signal })
export const cancelJob = (id: string): Promise<Job> => json('POST', `${at(id)}/cancel`)
export const resumeJob = (id: string): Promise<Job> => json('POST', `${at(id)}/resume`)
export const retryJob = (id: string): Promise<Job> => json('POST', `${at(id)}/retry`)
export const deleteJob = async (id: string): Promise<void> => void (await call('DELETE', at(id)))

/** A file of the result, or one that the job shows on its way. */
export const jobFileUrl = (id: string, name: string): string => address(`${at(id)}/files/${encodeURIComponent(name)}`)
export const jobLogUrl = (id: string): string => address(`${at(id)}/log`)

/** The log from that byte on, and where to go on. */
export async function jobLog(id: string, offset: number, signal?: AbortSignal): Promise<{ text: string; next: number }> {
  const response = await call('GET', `${at(id)}/log`, { query: { offset }, signal })
  const text = await response.text()
  return { text, next: Number(response.headers.get('X-Next-Offset')) || offset }
}

/** What happens to a job, after the event `lastId`. Ends with the job, or when the server ends it; throws ApiError. */
export async function* jobEvents(id: string, lastId: string, signal: AbortSignal): AsyncGenerator<JobEvent> {
  const headers: Record<string, string> = { Accept: 'text/event-stream' }
  if (lastId) headers['Last-Event-ID'] = lastId
  const response = await call('GET', `${at(id)}/events`, { headers, signal })
  for await (const event of readEvents(response.body!)) yield { id: event.id, kind: event.kind, data: JSON.parse(event.data) } as JobEvent
}
