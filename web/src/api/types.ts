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

/* Jobs and what they make: src/mien/jobs/request.py and src/mien/server/models.py. */

export type JobKind = 'speak' | 'create_avatar' | 'import_avatar' | 'train' | 'pull_weights'
export type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'

export interface JobProgress {
  stage: string
  done: number
  total: number | null
  unit: string
  percent: number
  eta_s: number | null
  speed: number | null
}

export interface JobProblem {
  code: string
  message: string
  hint: string
  retryable: boolean
}

export interface Job {
  id: string
  kind: JobKind
  status: JobStatus
  title: string
  owner: string
  request: Record<string, unknown>
  created_at: number
  started_at: number | null
  ended_at: number | null
  attempt: number
  worker: string
  progress: JobProgress | null
  result: Record<string, unknown> | null
  error: JobProblem | null
}

export interface JobPage {
  jobs: Job[]
  next_offset: number | null
}

export interface Video {
  id: string
  title: string
  avatar: string
  voice: string
  text: string
  created_at: number
  seconds: number
  width: number
  height: number
  fps: number
  bytes: number
  subtitles: boolean
  url: string
  poster: string
  made_in_s: number | null
}

export interface VideoPage {
  videos: Video[]
  next_offset: number | null
}
