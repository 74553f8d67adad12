/** What the server takes and gives, under the page's own names; `npm run api` makes the schema. Events are no part of it. */
import type { components } from './schema'

type Schemas = components['schemas']

export type Avatar = Schemas['Avatar']
export type Inspection = Schemas['Inspection']
export type Preset = Schemas['Preset']
export type System = Schemas['System']
export type Engine = Schemas['EngineInfo']
export type Licence = Schemas['Licence']
export type Weights = Schemas['Weights']
export type Voice = Schemas['Voice']

export type Me = Schemas['Me']
export type Scope = Me['scope']
export type TokenRequest = Schemas['NewToken']
export type Token = Schemas['Token']
export type NewToken = Schemas['CreatedToken']

export type Setting = Schemas['Setting']
export type SettingValue = string | number | boolean | null
export type Service = Schemas['Trial']['service']
export type TestResult = Schemas['Outcome']

export type Job = Schemas['JobInfo']
export type JobKind = Job['kind']
export type JobStatus = Job['status']
export type JobPage = Schemas['JobPage']
export type JobProgress = Schemas['JobProgress']
export type JobProblem = Schemas['JobProblem']
export type SpeakRequest = Schemas['SpeakRequest']
export type EvaluateRequest = Schemas['EvaluateRequest']
export type Video = Schemas['Video']
export type VideoPage = Schemas['VideoPage']

export type SessionInfo = Schemas['SessionInfo']
export type SessionState = SessionInfo['state']
export type NewSession = Schemas['NewSession']
export type IceServer = Schemas['IceServer']
export type Answer = Schemas['Answer']
export type Say = Schemas['Say']
/** What the page asks for; a session can take more. */
export type SessionRequest = Pick<Schemas['SessionRequest'], 'avatar' | 'voice' | 'language' | 'persona' | 'greeting'>

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

export interface JobEventData {
  state: { status: JobStatus; error?: JobProblem | null; result?: Record<string, unknown> | null }
  started: { attempt: number }
  progress: JobProgress & { attempt: number }
  log: { lines: string[] }
  metric: { step: number; values: Record<string, number> }
  artifact: { name: string; step: number }
}

export type JobEvent = { id: string } & { [Kind in keyof JobEventData]: { kind: Kind; data: JobEventData[Kind] } }[keyof JobEventData]
