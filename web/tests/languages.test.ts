import { describe, expect, it } from 'vitest'
import type { Voice } from '../src/api/types'
import { primary, spokenLanguages, voicesFor } from '../src/shared/languages'

const voice = (language: string): Voice => ({ engine: 'e', name: language || 'any', language, gender: '', description: '' })

describe('languages', () => {
  it('know cmn as Chinese', () => {
    expect(['cmn', 'zh-CN', 'en_US'].map(primary)).toEqual(['zh', 'zh', 'en'])
  })

  it('are listed once, the given ones first, without tags that have no name', () => {
    const listed = spokenLanguages(['fr', 'en-GB', 'en-US', 'cmn', 'qqq', ''].map(voice), 'en', ['zh', 'en'])
    expect(listed.map(({ tag }) => tag)).toEqual(['zh', 'en', 'fr'])
  })

  it('keep voices that say of no language', () => {
    expect(voicesFor(['en-GB', 'cmn', ''].map(voice), 'zh').map(({ name }) => name)).toEqual(['cmn', 'any'])
    expect(voicesFor(['en', 'fr'].map(voice), '')).toHaveLength(2)
  })
})
