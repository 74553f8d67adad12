import { describe, expect, it } from 'vitest'
import { changedOptions, draftFrom, requested, USUAL } from '../../src/parts/videos/draft'

describe('the draft of a video', () => {
  it('is as usual where nothing fits', () => {
    expect(draftFrom({})).toEqual(USUAL)
    expect(draftFrom({ text: 7, rate: 'fast', source: 'telepathy', frame: 'legs', unknown: true })).toEqual(USUAL)
  })

  it('takes over what was asked for earlier', () => {
    const earlier = { avatar: 'Anna', text: 'Hi', voice: 'espeak:fr', rate: 1.5, frame: 'full', label: false }
    expect(draftFrom(earlier)).toEqual({ ...USUAL, ...earlier })
  })

  it('asks for a text with a voice, and for a recording without one', () => {
    const draft = { ...USUAL, avatar: 'Anna', text: ' Hi \n', voice: 'espeak:fr' }
    expect(requested(draft)).toMatchObject({ avatar: 'Anna', text: 'Hi', voice: 'espeak:fr', subtitles: true })
    const recording = requested({ ...draft, source: 'microphone' })
    expect(recording).toMatchObject({ avatar: 'Anna', subtitles: false })
    expect(Object.keys(recording)).not.toContain('text')
    expect(Object.keys(recording)).not.toContain('voice')
    expect(Object.keys(recording)).not.toContain('source')
    expect(Object.keys(recording)).not.toContain('transcript')
    const known = requested({ ...draft, source: 'file', transcript: ' Hello. \n' })
    expect(known).toMatchObject({ transcript: 'Hello.', language: '', subtitles: true })
    expect(requested({ ...draft, source: 'file', transcript: 'Das ist nicht die Katze.' })).toMatchObject({ language: 'de' })
    expect(requested({ ...draft, source: 'file', transcript: '这不是猫。' })).toMatchObject({ language: '' })
    expect(Object.keys(known)).not.toContain('text')
  })

  it('counts the options that are not as usual', () => {
    expect(changedOptions(USUAL)).toBe(0)
    expect(changedOptions({ ...USUAL, text: 'Hi', rate: 2, label: false })).toBe(2)
  })
})
