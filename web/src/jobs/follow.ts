import { getJob, jobEvents } from '../api/jobs'
import { ApiError } from '../api/errors'
import type { Job, JobEvent } from '../api/types'
import { Backoff, sleep } from '../shared/backoff'
import { hasEnded } from './record'

export interface Sink {
  info: (job: Job) => void
  event: (event: JobEvent) => void
  /** Whether news come at present. */
  connected: (now: boolean) => void
}

/** After so long without news the job is asked for, in case something between here and the server keeps events back. */
const SILENCE_MS = 8_000

/**
 * Tells of a job until it has ended, comes back after broken connections where it was cut off.
 * Throws ApiError if the server refuses: there is no such job, or it is somebody else's.
 */
export async function followJob(id: string, signal: AbortSignal, sink: Sink): Promise<void> {
  let last = ''
  let backoff = new Backoff(Infinity)
  while (!signal.aborted) {
    try {
      sink.info(await getJob(id, signal))
      sink.connected(true)
      last = await readUntilEnd(id, last, signal, sink, () => (backoff = new Backoff(Infinity)))
      const info = await getJob(id, signal)
      sink.info(info)
      if (hasEnded(info)) return
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) throw error
      sink.connected(false)
      if (error instanceof Interrupted) last = error.last
    }
    await sleep(backoff.next() ?? 0, signal)
  }
}

class Interrupted extends Error {
  constructor(readonly last: string) {
    super()
  }
}

async function readUntilEnd(id: string, after: string, signal: AbortSignal, sink: Sink, alive: () => void): Promise<string> {
  const connection = new AbortController()
  const given = AbortSignal.any([signal, connection.signal])
  let last = after
  let heard = performance.now()
  let ended = false
  const watchdog = setInterval(() => {
    if (performance.now() - heard < SILENCE_MS) return
    heard = performance.now()
    void getJob(id, given).then(
      (info) => {
        sink.info(info)
        ended = hasEnded(info)
        if (ended) connection.abort()
      },
      () => undefined,
    )
  }, 1000)
  try {
    for await (const event of jobEvents(id, after, given)) {
      heard = performance.now()
      if (event.id) last = event.id
      alive()
      sink.event(event)
    }
  } catch (error) {
    if (ended || signal.aborted || error instanceof ApiError) {
      if (!ended) throw error
    } else throw new Interrupted(last)
  } finally {
    clearInterval(watchdog)
  }
  return last
}
