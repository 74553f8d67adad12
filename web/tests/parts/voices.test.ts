import { describe, expect, it } from 'vitest'
import type { Voice } from '../../src/api/types'
import { sampleOf, voiceChoices, voiceFor } from '../../src/parts/videos/voices'

const voice = (engine: string, name: string, language = name): Voice => ({ engine, name, language, gender: '', description: '' })
const voices = [voice('espeak', 'af'), voice('espeak', 'cmn'), voice('espeak', 'fr-be'), voice('piper', 'siwis', 'fr-FR'), voice('openai', 'alloy', '')]

describe('voices', () => {
  it('stand under their languages, the wanted ones first', () => {
    const choices = voiceChoices(voices, 'en', ['fr', 'zh'], 'Other')
    expect(choices.map(({ group }) => group)).toEqual(['French', 'French', 'Chinese', 'Afrikaans', 'Other'])
    expect(choices[0]!.value).toBe('espeak:fr-be')
  })

  it('are found for a language, of the same engine if it can', () => {
    expect(voiceFor(voices, 'fr', 'piper')?.name).toBe('siwis')
    expect(voiceFor(voices, 'zh', 'piper')?.name).toBe('cmn')
    expect(voiceFor(voices, 'xx', 'piper')).toBeUndefined()
  })

  it('are tried with the beginning of the text', () => {
    expect(sampleOf('  Hello\nthere. ')).toBe('Hello there.')
    expect(sampleOf('')).toBe('')
    expect(sampleOf(`This sentence has an end here. ${'more '.repeat(100)}`)).toBe('This sentence has an end here.')
    const cut = sampleOf('word '.repeat(100))
    expect(cut.length).toBeLessThanOrEqual(160)
    expect(cut.endsWith('word')).toBe(true)
  })
})
