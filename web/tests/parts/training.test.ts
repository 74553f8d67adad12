import { describe, expect, it } from 'vitest'
import { faultOf } from '../../src/parts/training/checks'
import { checkOf, type ClipItem, figure, sorted } from '../../src/parts/training/clip'

const film = { bytes: 50e6, type: 'video/mp4', playable: true, seconds: 120 }

describe('a video to learn from', () => {
  it('is sent when nothing is wrong, also if the browser cannot play it', () => {
    expect(faultOf(film, 2000)).toBeUndefined()
    expect(faultOf({ bytes: 1e6, type: 'video/x-matroska' }, 2000)).toBeUndefined()
  })

  it('is not sent when it can be of no use', () => {
    const faults = [{ type: 'image/png' }, { type: '' }, { bytes: 3e9 }, { seconds: 2 }].map((change) => faultOf({ ...film, ...change }, 2000))
    expect(faults).toEqual(['type', 'type', 'too_big', 'too_short'])
  })
})

describe('what the server says of it', () => {
  const item = (name: string, verdict: ClipItem['verdict'], value: number | null = 1): ClipItem => ({ name, verdict, value, unit: '', sentence: '', advice: '' })

  it('is known when the check has ended', () => {
    const result = { verdict: 'warn', items: [item('fps', 'warn')] }
    expect(checkOf({ kind: 'check_clip', status: 'succeeded', result })?.verdict).toBe('warn')
    expect(checkOf({ kind: 'check_clip', status: 'running', result: null })).toBeUndefined()
    expect(checkOf({ kind: 'train', status: 'succeeded', result: { avatar: 'me' } })).toBeUndefined()
    expect(checkOf(undefined)).toBeUndefined()
  })

  it('begins with the worst', () => {
    const items = [item('length', 'pass'), item('noise', 'warn'), item('face', 'fail'), item('sound', 'warn')]
    expect(sorted(items).map(({ name }) => name)).toEqual(['face', 'noise', 'sound', 'length'])
  })

  it('has figures that can be read', () => {
    expect([3.14159, 0.04, 20.04, -1000, null].map((value) => figure({ value }, 'en'))).toEqual(['3.1', '0', '20', '-1,000', ''])
  })
})
