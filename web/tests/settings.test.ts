import { describe, expect, it } from 'vitest'
import type { Setting } from '../src/api/types'
import { changesOf, typed } from '../src/parts/settings/draft'

const setting = (change: Partial<Setting>): Setting => ({ name: 'x', type: 'string', group: 'llm', description: '', default: '', value: '', secret: false, set: false, locked: false, choices: [], minimum: null, maximum: null, restart: false, ...change })

describe('changesOf', () => {
  it('names only what differs', () => {
    const settings = [setting({ name: 'a', value: 'old' }), setting({ name: 'b', value: 5, type: 'integer' }), setting({ name: 'c', value: true, type: 'boolean' })]
    expect(changesOf(settings, { a: 'old', b: 6, c: true })).toEqual({ b: 6 })
  })

  it('sends a secret when one was entered, and null when a kept one goes', () => {
    const key = setting({ name: 'key', secret: true, value: null, set: true })
    expect(changesOf([key], { key: '' })).toEqual({})
    expect(changesOf([key], { key: 'new' })).toEqual({ key: 'new' })
    expect(changesOf([key], { key: null })).toEqual({ key: null })
    expect(changesOf([{ ...key, set: false }], { key: null })).toEqual({})
  })

  it('names null for what goes back to its default', () => {
    expect(changesOf([setting({ name: 'a', default: 'usual', value: 'own' })], { a: 'usual' })).toEqual({ a: null })
  })

  it('never touches what the environment sets', () => {
    expect(changesOf([setting({ name: 'a', value: 'old', locked: true })], { a: 'new' })).toEqual({})
  })
})

describe('typed', () => {
  it('reads numbers within their bounds', () => {
    const whole = { type: 'integer' as const, minimum: 0, maximum: 10 }
    expect(typed(whole, '7')).toBe(7)
    expect(typed(whole, '')).toBeUndefined()
    expect(typed(whole, '7.5')).toBeUndefined()
    expect(typed(whole, '-1')).toBeUndefined()
    expect(typed(whole, '11')).toBeUndefined()
    expect(typed({ type: 'number', minimum: 0, maximum: null }, '0.25')).toBe(0.25)
    expect(typed({ type: 'string', minimum: null, maximum: null }, ' as is ')).toBe(' as is ')
  })
})
