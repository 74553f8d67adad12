/** What the server's REST interface takes and gives; see src/mien/live/request.py and events.py. */

export interface Avatar {
  name: string
  title?: string
  preview?: string
}

export interface ServerInfo {
  version: string
  defaults: { avatar: string; llm: string; recognizer: string }
  recognizers: { name: string; languages: string[] }[]
}

/** A session is asked for `engine:name`. */
export interface Voice {
  engine: string
  name: string
  language: string
  gender: string
  description: string
}

export type SessionState = 'starting' | 'idle' | 'listening' | 'thinking' | 'speaking' | 'closed'

export interface SessionInfo {
  id: string
  avatar: string
  engine: string
  voice: string
  state: SessionState
  generation: number
  speaking: boolean
  recording: boolean
  peers: number
  width: number
  height: number
  fps: number
  actions: string[]
  age_s: number
  silent_s: number
  metrics: Record<string, number>
}

export interface IceServer {
  urls: string | string[]
  username?: string
  credential?: string
}

export interface NewSession extends SessionInfo {
  ice_servers: IceServer[]
}

export interface SessionRequest {
  avatar: string
  voice: string
  language: string
  persona: string
  greeting: string
}

export interface Answer {
  peer_id: string
  sdp: string
  type: RTCSdpType
}

export interface Say {
  text: string
  mode: 'chat' | 'echo'
  when: 'interrupt' | 'queue'
}

/** Seconds of each stage of one turn; those that exist. */
export type Stages = Partial<Record<'vad' | 'asr' | 'llm' | 'tts' | 'frame' | 'played' | 'total', number>>

export interface EventData {
  state: { state: SessionState }
  user_text: { text: string; final: boolean; generation: number }
  avatar_text: { text: string; generation: number }
  avatar_words: { text: string; generation: number }
  avatar_done: { text: string; generation: number; interrupted: boolean }
  latency: Stages & { generation: number }
  action: { name: string }
  recording: { recording: boolean; seconds: number }
  warning: { code: string; message: string; hint: string }
  closed: { reason: string }
}

export type LiveEvent = { [Kind in keyof EventData]: { kind: Kind; data: EventData[Kind] } }[keyof EventData]
