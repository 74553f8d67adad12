import type { LiveEvent, SessionState } from '../api/types'
import { type Turn } from './waterfall'

const KEPT_TURNS = 20

export interface UserLine {
  key: number
  who: 'user'
  text: string
  final: boolean
  generation: number
}

export interface AvatarLine {
  key: number
  who: 'avatar'
  /** What was heard. */
  text: string
  /** What is known but not spoken yet. */
  rest: string
  /** Where in `text` the sentence under way begins. */
  from: number
  final: boolean
  interrupted: boolean
  generation: number
}

export type Line = UserLine | AvatarLine

export interface Conversation {
  state: SessionState
  lines: Line[]
  turns: Turn[]
  recording: boolean
  recordedS: number
  /** Counts recordings that were finished; the last one can be downloaded. */
  recordings: number
  warning?: { code: string; message: string; hint: string }
  closed?: string
}

export function emptyConversation(): Conversation {
  return { state: 'starting', lines: [], turns: [], recording: false, recordedS: 0, recordings: 0 }
}

/** Sentences that the avatar has finished and the one it speaks; kept beside the lines because only they know the border. */
interface Sentence {
  before: string
  text: string
}

/** Turns a session's events into what the page shows. The conversation may be a reactive object. */
export class Listener {
  private sentences = new Map<number, Sentence>()
  private keys = 0
  private unconfirmed: UserLine[] = []

  constructor(readonly conversation: Conversation) {}

  /** What the user typed; shown at once, and not again when the server reports it. */
  typed(text: string): void {
    const { generation } = this.conversation.lines.at(-1) ?? { generation: 0 }
    const line: UserLine = { key: this.keys++, who: 'user', text, final: true, generation }
    this.conversation.lines.push(line)
    this.unconfirmed.push(line)
  }

  take(event: LiveEvent): void {
    const talk = this.conversation
    switch (event.kind) {
      case 'state':
        talk.state = event.data.state
        break
      case 'user_text':
        this.userText(event.data)
        break
      case 'avatar_text':
        this.beginSentence(event.data)
        break
      case 'avatar_words':
        this.words(event.data)
        break
      case 'avatar_done':
        this.done(event.data)
        break
      case 'latency': {
        const { generation, ...stages } = event.data
        talk.turns = [...talk.turns.filter((turn) => turn.generation !== generation), { generation, stages }].slice(-KEPT_TURNS)
        break
      }
      case 'recording':
        if (talk.recording && !event.data.recording) talk.recordings++
        talk.recording = event.data.recording
        talk.recordedS = event.data.seconds
        break
      case 'warning':
        talk.warning = event.data
        break
      case 'closed':
        talk.state = 'closed'
        talk.closed = event.data.reason
        break
    }
  }

  private userText(data: { text: string; final: boolean; generation: number }): void {
    const { lines } = this.conversation
    const known = this.unconfirmed.findIndex((line) => data.final && line.text === data.text.trim())
    if (known >= 0) {
      this.unconfirmed.splice(known, 1)
      return
    }
    const open = lines.findLast((line) => line.who === 'user' && !line.final)
    if (open) Object.assign(open, { text: data.text, final: data.final, generation: data.generation })
    else if (data.text) lines.push({ key: this.keys++, who: 'user', ...data })
    if (data.final && !data.text) this.conversation.lines = lines.filter((line) => line !== open)
  }

  private avatarLine(generation: number): AvatarLine {
    const { lines } = this.conversation
    const known = lines.findLast((line): line is AvatarLine => line.who === 'avatar' && line.generation === generation)
    if (known) return known
    const line: AvatarLine = { key: this.keys++, who: 'avatar', text: '', rest: '', from: 0, final: false, interrupted: false, generation }
    lines.push(line)
    return lines.at(-1) as AvatarLine
  }

  private beginSentence(data: { text: string; generation: number }): void {
    const line = this.avatarLine(data.generation)
    // The sentence before this one was heard whole, even if its last words were not reported.
    const before = joined(line.text, line.rest)
    this.sentences.set(data.generation, { before, text: data.text })
    Object.assign(line, { text: before, rest: data.text, from: before.length, final: false })
  }

  private words(data: { text: string; generation: number }): void {
    const line = this.avatarLine(data.generation)
    const sentence = this.sentences.get(data.generation) ?? { before: '', text: data.text }
    line.text = joined(sentence.before, data.text)
    line.rest = sentence.text.startsWith(data.text) ? sentence.text.slice(data.text.length) : ''
  }

  private done(data: { text: string; generation: number; interrupted: boolean }): void {
    this.sentences.delete(data.generation)
    const line = this.avatarLine(data.generation)
    Object.assign(line, { text: data.text, rest: '', final: true, interrupted: data.interrupted })
    if (!data.text) this.conversation.lines = this.conversation.lines.filter((other) => other.key !== line.key)
  }
}

/** Two pieces of text with a space between them where the script uses spaces. */
export function joined(first: string, second: string): string {
  if (!first || !second || /^[\s,.!?;:]/.test(second) || /\s$/.test(first)) return first + second
  return /[\u3000-\u9fff\uff00-\uffef]$/.test(first) ? first + second : `${first} ${second}`
}
