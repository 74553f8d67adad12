import { address, api, got } from './call'
import { readEvents } from './sse'
import type { Job, JobEvent, JobKind, JobPage, JobStatus } from './types'

export interface JobFilter {
  kind?: JobKind[]
  status?: JobStatus[]
  limit?: number
  offset?: number
}

const one = (job_id: string) => ({ params: { path: { job_id } } })

export const listJobs = (query: JobFilter = {}, signal?: AbortSignal): Promise<JobPage> => got(api.GET('/api/v1/jobs', { params: { query }, signal }))
export const getJob = (id: string, signal?: AbortSignal): Promise<Job> => got(api.GET('/api/v1/jobs/{job_id}', { ...one(id), signal }))
export const cancelJob = (id: string): Promise<Job> => got(api.POST('/api/v1/jobs/{job_id}/cancel', one(id)))
export const resumeJob = (id: string): Promise<Job> => got(api.POST('/api/v1/jobs/{job_id}/resume', one(id)))
export const retryJob = (id: string): Promise<Job> => got(api.POST('/api/v1/jobs/{job_id}/retry', one(id)))
export const deleteJob = (id: string): Promise<void> => got(api.DELETE('/api/v1/jobs/{job_id}', one(id)))

/** A file of the result, or one that the job shows on its way. */
export const jobFileUrl = (job_id: string, name: string): string => address('/api/v1/jobs/{job_id}/files/{name}', { job_id, name })
export const jobLogUrl = (job_id: string): string => address('/api/v1/jobs/{job_id}/log', { job_id })

/** The log from that byte on, and where to go on. */
export async function jobLog(job_id: string, offset: number, signal?: AbortSignal): Promise<{ text: string; next: number }> {
  const { data, response } = await api.GET('/api/v1/jobs/{job_id}/log', { params: { path: { job_id }, query: { offset } }, parseAs: 'text', signal })
  return { text: data ?? '', next: Number(response.headers.get('X-Next-Offset')) || offset }
}

/** What happens to a job, after the event `lastId`. Ends with the job, or when the server ends it; throws ApiError. */
export async function* jobEvents(job_id: string, lastId: string, signal: AbortSignal): AsyncGenerator<JobEvent> {
  const header = lastId ? { 'last-event-id': lastId } : {}
  const { data } = await api.GET('/api/v1/jobs/{job_id}/events', { params: { path: { job_id }, header }, parseAs: 'stream', signal })
  for await (const event of readEvents(data!)) yield { id: event.id, kind: event.kind, data: JSON.parse(event.data) } as JobEvent
}
