import { cancelJob, deleteJob, resumeJob, retryJob } from '../api/jobs'
import type { Job } from '../api/types'
import { hasEnded } from './record'
import { lookAgain } from './active'

export type Action = 'cancel' | 'resume' | 'retry' | 'delete'

/** What can be done with a job in its present state. */
export function actionsFor(job: Pick<Job, 'status'>): Action[] {
  if (!hasEnded(job)) return ['cancel']
  if (job.status === 'cancelled') return ['resume', 'delete']
  return job.status === 'failed' ? ['retry', 'delete'] : ['delete']
}

/** Does it; gives the job as it is then, undefined if it is deleted. */
export async function act(action: Action, id: string): Promise<Job | undefined> {
  const job = action === 'delete' ? void (await deleteJob(id)) : await { cancel: cancelJob, resume: resumeJob, retry: retryJob }[action](id)
  lookAgain()
  return job ?? undefined
}

/** Where the result can be looked at; undefined: nowhere but with the job itself. */
export function resultOf(job: Job): { name: string; params?: Record<string, string>; query?: Record<string, string> } | undefined {
  if (job.status !== 'succeeded') return undefined
  if (job.kind === 'speak') return { name: 'video', params: { id: job.id } }
  if (job.kind === 'evaluate' || job.kind === 'check_clip') return undefined
  if (job.kind === 'pull_weights') return { name: 'settings', params: { tab: 'weights' } }
  return { name: 'avatars' }
}
