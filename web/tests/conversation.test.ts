import { describe, expect, it } from 'vitest'
import type { LiveEvent } from '../src/api/types'
import { emptyConversation, joined, Listener, type Conversation } from '../src/live/conversation'

function hear(...events: LiveEvent[]): Conversation {
  const listener = new Listener(emptyConversation())
  for (const event of events) listener.take(event)
  return listener.conversation
}

const user = (text: string, final: boolean): LiveEvent => ({ kind: 'user_text', data: { text, final, generation: 1 } })
const sentence = (text: string): LiveEvent => ({ kind: 'avatar_text', data: { text, generation: 2 } })
const words = (text: string): LiveEvent => ({ kind: 'avatar_words', data: { text, generation: 2 } })
const done = (text: string, interrupted = false): LiveEvent => ({ kind: 'avatar_done', data: { text, generation: 2, interrupted } })

describe('what the user says', () => {
  it('grows in one line until it is final', () => {
    expect(hear(user('how', false), user('how are', false), user('How are you?', true)).lines).toMatchObject([{ text: 'How are you?', final: true }])
  })

  it('begins a line of its own after a final one', () => {
    expect(hear(user('One.', true), user('two', false)).lines.map((line) => line.text)).toEqual(['One.', 'two'])
  })

  it('leaves no line if nothing was understood in the end', () => {
    expect(hear(user('uh', false), user('', true)).lines).toEqual([])
  })

  it('is shown once if it was typed and the server reports it', () => {
    const listener = new Listener(emptyConversation())
    listener.typed('Hello')
    listener.take(user('Hello', true))
    expect(listener.conversation.lines).toHaveLength(1)
    listener.take(user('Hello', true))
    expect(listener.conversation.lines).toHaveLength(2)
  })
})

describe('what the avatar says', () => {
  it('shows which words were spoken and which are to come', () => {
    expect(hear(sentence('I am fine.'), words('I am')).lines).toMatchObject([{ text: 'I am', rest: ' fine.', final: false }])
  })

  it('takes a sentence as spoken when the next one begins', () => {
    expect(hear(sentence('One.'), words('One'), sentence('Two.'), words('Two')).lines).toMatchObject([{ text: 'One. Two', rest: '.', from: 4 }])
  })

  it('keeps only what was heard when it is interrupted', () => {
    expect(hear(sentence('A long story.'), words('A long'), done('A long', true)).lines).toMatchObject([
      { text: 'A long', rest: '', final: true, interrupted: true },
    ])
  })

  it('leaves no line if it was interrupted before its first word', () => {
    expect(hear(sentence('A long story.'), done('', true)).lines).toEqual([])
  })
})

describe('the rest', () => {
  it('keeps state, warning, reason of the end and the last turns', () => {
    const turns = Array.from({ length: 25 }, (_, generation): LiveEvent => ({ kind: 'latency', data: { generation, tts: 0.1 } }))
    const talk = hear(
      ...turns,
      { kind: 'state', data: { state: 'thinking' } },
      { kind: 'warning', data: { code: 'llm', message: 'm', hint: 'h' } },
      { kind: 'closed', data: { reason: 'idle' } },
    )
    expect(talk.turns.map((turn) => turn.generation)).toEqual(Array.from({ length: 20 }, (_, index) => index + 5))
    expect(talk).toMatchObject({ state: 'closed', warning: { code: 'llm' }, closed: 'idle' })
  })

  it('counts recordings that were finished', () => {
    const recording = (on: boolean): LiveEvent => ({ kind: 'recording', data: { recording: on, seconds: 1 } })
    expect(hear(recording(true), recording(false))).toMatchObject({ recording: false, recordings: 1 })
    expect(hear(recording(false))).toMatchObject({ recordings: 0 })
  })
})

describe('joined', () => {
  it('puts a space only where the script has spaces', () => {
    expect(joined('One.', 'Two.')).toBe('One. Two.')
    expect(joined('你好。', '再见。')).toBe('你好。再见。')
    expect(joined('', 'a')).toBe('a')
    expect(joined('a', ', b')).toBe('a, b')
  })
})
