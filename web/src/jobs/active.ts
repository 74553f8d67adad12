import { computed, readonly, shallowRef, type Ref } from 'vue'
import { getJob, listJobs } from '../api/jobs'
import type { Job } from '../api/types'
import { sleep } from '../shared/backoff'
import { online } from '../shared/online'
import { hasEnded } from './record'

const OFTEN_MS = 2_000
const SELDOM_MS = 10_000

const jobs = shallowRef<readonly Job[]>([])
const last = shallowRef<Job>()
let wake: AbortController | undefined
let watching = false

/** The jobs that are queued or running, with their progress; the whole page shares one question to the server. */
export const activeJobs = readonly(jobs) as Readonly<Ref<readonly Job[]>>
export const activeCount = computed(() => jobs.value.length)

/** The job that ended last while this page was open. */
export const lastEnded = readonly(last) as Readonly<Ref<Job | undefined>>

/** Asks at once: something was submitted, cancelled or resumed. */
export function lookAgain(): void {
  wake?.abort()
}

/** Begins to ask, for as long as the page is open. */
export function watchJobs(): void {
  if (watching) return
  watching = true
  document.addEventListener('visibilitychange', lookAgain)
  void (async () => {
    for (;;) {
      wake = new AbortController()
      if (!document.hidden) await look()
      await sleep(jobs.value.length || !online.value ? OFTEN_MS : SELDOM_MS, wake.signal)
    }
  })()
}

async function look(): Promise<void> {
  try {
    const { jobs: now } = await listJobs({ status: ['queued', 'running'], limit: 100 })
    const gone = jobs.value.filter(({ id }) => !now.some((job) => job.id === id))
    jobs.value = now
    // A check is told of where it was asked for, and deleted when nobody looks at it any more.
    for (const { id, kind } of gone) if (kind !== 'check_clip') await tell(id)
  } catch {
    // The banner says that the server is away.
  }
}

/** Unless it was deleted meanwhile, goes on again, or is only one too many for the list. */
async function tell(id: string): Promise<void> {
  const job = await getJob(id).catch(() => undefined)
  if (hasEnded(job)) last.value = job
}
