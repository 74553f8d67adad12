import { describe, expect, it } from 'vitest'
import { Backoff, sleep } from '../src/shared/backoff'

describe('Backoff', () => {
  it('waits longer each time, up to five seconds', () => {
    const backoff = new Backoff(60_000, () => 0, () => 0)
    expect([1, 2, 3, 4, 5, 6].map(() => backoff.next())).toEqual([500, 1000, 2000, 4000, 5000, 5000])
  })

  it('gives up after its limit, and not before', () => {
    let now = 0
    const backoff = new Backoff(60_000, () => now, () => 0)
    let last = 0
    for (let wait = backoff.next(); wait !== undefined; wait = backoff.next()) last = now += wait
    expect(last).toBe(60_000)
  })

  it('scatters by a fifth at most', () => {
    expect(new Backoff(60_000, () => 0, () => 1).next()).toBe(400)
  })
})

describe('sleep', () => {
  it('ends at once when it is told to', async () => {
    const stop = new AbortController()
    const long = sleep(1e6, stop.signal)
    stop.abort()
    await long
    await sleep(1e6, stop.signal)
    expect(stop.signal.aborted).toBe(true)
  })
})
