import { ApiError, importAvatar } from '../../api/client'
import type { Job } from '../../api/types'
import { followJob } from '../../jobs/follow'

/** Sends an exported avatar and waits until it is taken in; under its own name if none is given; gives its name. Throws ApiError. */
export async function imported(file: File, name: string, signal: AbortSignal): Promise<string> {
  let job: Job = await importAvatar(file, name, { signal })
  await followJob(job.id, signal, { info: (now) => (job = now), event: () => undefined, connected: () => undefined })
  signal.throwIfAborted()
  if (job.status !== 'succeeded') throw new ApiError(200, job.error?.code ?? job.status, job.error?.message ?? job.status, job.error?.hint)
  return String(job.result?.avatar ?? job.title)
}
