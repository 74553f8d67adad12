/** How long to wait before each try after a connection broke, and when to give up. */

const FIRST_MS = 500
const LONGEST_MS = 5000

export class Backoff {
  private wait = FIRST_MS
  private readonly end: number

  /** Gives up `limitMs` after it was made; the server keeps a session without a viewer for 60 s. */
  constructor(
    limitMs = 60_000,
    private readonly now: () => number = () => performance.now(),
    private readonly random: () => number = Math.random,
  ) {
    this.end = now() + limitMs
  }

  /** Milliseconds to wait before the next try; undefined: give up. */
  next(): number | undefined {
    const left = this.end - this.now()
    if (left <= 0) return undefined
    // Up to a fifth shorter, so that many pages do not come back at the same moment.
    const wait = this.wait * (1 - 0.2 * this.random())
    this.wait = Math.min(this.wait * 2, LONGEST_MS)
    return Math.min(wait, left)
  }
}

/** Resolves early if the signal fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}
