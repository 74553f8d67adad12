import { describe, expect, it } from 'vitest'
import { address } from '../src/api/call'
import { ApiError, problemFrom, told } from '../src/api/errors'

const texts = (known: Record<string, string>, english = false) => ({ t: (key: string) => known[key] ?? key, te: (key: string) => key in known, english })

describe('address', () => {
  it('fills in names and leaves out what is empty', () => {
    expect(address('/api/v1/jobs/{job_id}/files/{name}', { job_id: 'a', name: '../b c.png' })).toBe('/api/v1/jobs/a/files/..%2Fb%20c.png')
    expect(address('/api/v1/voices/sample', {}, { voice: 'espeak:en', text: '' })).toBe('/api/v1/voices/sample?voice=espeak%3Aen')
  })
})

describe('problemFrom', () => {
  it('reads problem JSON', () => {
    const error = problemFrom(409, { title: 'Conflict', detail: 'It runs.', code: 'conflict', hint: 'Wait.' }, '7')
    expect(error).toMatchObject({ status: 409, code: 'conflict', message: 'It runs.', hint: 'Wait.', retryAfterS: 7 })
  })

  it.each([null, 'text', 5, [], { detail: 3, hint: {} }])('takes anything else as an error without a hint: %j', (body) => {
    expect(problemFrom(502, body, null)).toMatchObject({ code: 'error', message: 'HTTP 502', hint: '' })
  })
})

describe('told', () => {
  it('shows the server’s words in English', () => {
    expect(told(new ApiError(404, 'not_found', 'No job x.', 'Look again.'), texts({ 'error.not_found': 'gone' }, true))).toEqual({ message: 'No job x.', hint: 'Look again.' })
  })

  it('shows what the code means elsewhere, with the server’s words below', () => {
    expect(told({ code: 'not_found', message: 'No job x.', hint: 'Look again.' }, texts({ 'error.not_found': '不在了' }))).toEqual({ message: '不在了', hint: 'No job x. Look again.' })
  })

  it('knows when the server was not reached, and anything that was thrown', () => {
    expect(told(new ApiError(0, 'offline', 'x'), texts({})).message).toBe('error.offline')
    expect(told(new TypeError('odd'), texts({}))).toEqual({ message: 'error.other', hint: 'odd' })
    expect(told(undefined, texts({}))).toEqual({ message: 'error.other', hint: '' })
  })
})
