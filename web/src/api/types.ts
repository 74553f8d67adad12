/** What the server's REST interface takes and gives; see src/mien/live/request.py and events.py. */

export interface Avatar {
  name: string
  title?: string
  builtin: boolean
  engine: string
  preview: string
  created_at: number | null
  width: number
  height: number
  licence: string
  consent: string
  remarks: string[]
  problem: string
}

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

export interface Inspection {
  width: number
  height: number
  faces: (Box & { score: number })[]
  chosen: number | null
  crop: Box | null
  hints: { code: string; level: 'good' | 'warn' | 'bad'; message: string; hint: string }[]
  usable: boolean
}

export interface Plugin {
  name: string
  summary: string
  licence: string
  ready: boolean
  install: string
  network: boolean
  languages: string[]
}

export interface Preset {
  name: string
  base_url: string
  model: string
}

export interface System {
  version: string
  engines: Plugin[]
  voices: Plugin[]
  recognizers: Plugin[]
  llms: Preset[]
  live: { limit: number; open: number }
  defaults: { avatar: string; voice: string; llm: string; recognizer: string }
  machine: { cores: number; memory_mb: number; memory_used_mb: number; disk_free_mb: number; gpus: { name: string; memory_mb: number }[] }
  jobs: { queued: number; running: number; workers: { name: string; queue: string; alive: boolean }[] }
  limits: { upload_mb: number; text_chars: number; image_pixels: number; job_time_limit_s: number }
}

export type ServerInfo = System

export interface Engine {
  name: string
  summary: string
  licence: string
  ready: boolean
  install: string
  gpu: boolean
  creates_from: string[]
  trains: boolean
  options: Record<string, unknown>
}

export interface Licence {
  name: string
  licence: string
  url: string
  what: string
  kind: 'mien' | 'package' | 'engine' | 'voice' | 'recognizer' | 'weights' | 'notice'
}

export interface Weights {
  name: string
  title: string
  files: string[]
  bytes: number
  present: boolean
  licence: string
  source: string
  needed_by: string[]
}

export type Scope = 'read' | 'make' | 'admin'

export interface Me {
  user: string
  scope: Scope
  local: boolean
}

export type SettingValue = string | number | boolean | null

export interface Setting {
  name: string
  type: 'string' | 'integer' | 'number' | 'boolean' | 'choice'
  group: string
  description: string
  default: SettingValue
  value: SettingValue
  secret: boolean
  set: boolean
  locked: boolean
  choices: string[]
  minimum: number | null
  maximum: number | null
  restart: boolean
}

export type Service = 'llm' | 'recognizer' | 'voice'

export interface TestResult {
  ok: boolean
  message: string
  hint: string
  seconds: number
}

export interface TokenRequest {
  name: string
  user: string
  scope: Scope
  days: number | null
}

export interface Token {
  id: string
  name: string
  user: string
  scope: Scope
  created_at: number
  expires_at: number | null
  last_used_at: number | null
}

export interface NewToken extends Token {
  token: string
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
  made_in_s: number
}

export interface VideoPage {
  videos: Video[]
  next_offset: number | null
}

export interface SpeakRequest {
  avatar: string
  text: string
  engine: string
  voice: string
  rate: number
  fps: number
  frame: 'head' | 'full'
  size: number
  seed: number
  subtitles: boolean
  label: boolean
}

export interface JobEventData {
  state: { status: JobStatus; error?: JobProblem | null; result?: Record<string, unknown> | null }
  started: { attempt: number }
  progress: JobProgress & { attempt: number }
  log: { lines: string[] }
  metric: { step: number; values: Record<string, number> }
  artifact: { name: string; step: number }
}

export type JobEvent = { id: string } & { [Kind in keyof JobEventData]: { kind: Kind; data: JobEventData[Kind] } }[keyof JobEventData]
