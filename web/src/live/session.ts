import { computed, reactive, ref, shallowRef } from 'vue'
import { ApiError, createSession, isOffline, SessionApi } from '../api/client'
import type { IceServer, Say, SessionInfo, SessionRequest } from '../api/types'
import { Backoff, sleep } from '../shared/backoff'
import { emptyConversation, Listener } from './conversation'
import { type Link, LinkError, type Transport } from './link'
import { useMicrophone } from './microphone'
import { connectSocket } from './socket'
import { connectWebRtc } from './webrtc'

/** setup: choosing; connecting: for the first time; ended: over, but its text can still be read. */
export type Phase = 'setup' | 'connecting' | 'live' | 'reconnecting' | 'ended'

/** `key` names a text of this page; `message` and `hint` are the server's own words. */
export interface Problem {
  key: 'offline' | 'busy' | 'token' | 'gone' | 'lost' | 'no_connection' | 'other'
  message?: string
  hint?: string
  retryAfterS?: number
}

/** Enough for a download to begin; it then goes on without the session. */
const HANDOVER_MS = 1500
const ICE_KEY = 'mien.ice'

const phase = ref<Phase>('setup')
const info = ref<SessionInfo>()
const conversation = ref(emptyConversation())
const problem = ref<Problem>()
const transport = ref<Transport>()
/** The browser wants a click before it plays sound. */
const silenced = ref(false)
/** A recording is being finished. */
const saving = ref(false)
/** For people who pick the WebSocket themselves: ?transport=ws. */
const forced = new URLSearchParams(location.search).get('transport')

const api = shallowRef<SessionApi>()
const running = reactive<{ id: string }>({ id: '' })
const microphone = useMicrophone()
let listener = new Listener(conversation.value)
let link: Link | undefined
let stop = new AbortController()
let video: HTMLVideoElement | undefined

/** The one live session of this page. */
export function useLive() {
  return {
    phase,
    info,
    conversation,
    problem,
    transport,
    silenced,
    id: computed(() => running.id),
    recordingUrl: computed(() => api.value?.recordingUrl()),
    attach: (element: HTMLVideoElement | undefined) => (video = element),
    start,
    rejoin,
    say,
    interrupt: () => attempt((session) => session.interrupt()),
    action: (name: string) => attempt((session) => session.action(name)),
    saving,
    record,
    useMicrophoneOf,
    unsilence,
    end,
    reset,
  }
}

async function start(request: SessionRequest, withMicrophone: boolean): Promise<void> {
  begin()
  const signal = stop.signal
  try {
    if (withMicrophone) await microphone.open()
    if (signal.aborted) return
    const session = await createSession(request)
    if (signal.aborted) return void new SessionApi(session.id).end().catch(() => undefined)
    run(session, session.ice_servers)
  } catch (error) {
    if (!signal.aborted) fail(error)
  }
}

/** Goes back into a session that is still alive, for instance after the page was loaded anew. */
async function rejoin(id: string): Promise<void> {
  begin()
  const signal = stop.signal
  try {
    const session = await new SessionApi(id).info()
    if (session.state === 'closed') throw new ApiError(404, 'not_found', '')
    await microphone.open()
    if (!signal.aborted) run(session, rememberedIce())
  } catch (error) {
    if (signal.aborted) return
    if (error instanceof ApiError && error.status === 404) gone(signal)
    else fail(error)
  }
}

function begin(): void {
  stop.abort()
  stop = new AbortController()
  problem.value = undefined
  info.value = undefined
  conversation.value = emptyConversation()
  listener = new Listener(conversation.value)
  phase.value = 'connecting'
}

function run(session: SessionInfo, iceServers: IceServer[] = []): void {
  sessionStorage.setItem(ICE_KEY, JSON.stringify(iceServers))
  info.value = session
  conversation.value.recording = session.recording
  conversation.value.state = session.state
  running.id = session.id
  api.value = new SessionApi(session.id, iceServers)
  void listen(api.value, stop.signal)
  void watchOver(api.value, stop.signal)
}

function rememberedIce(): IceServer[] {
  return JSON.parse(sessionStorage.getItem(ICE_KEY) ?? '[]') as IceServer[]
}

/** Reads the session's events, from its first one, through broken connections. */
async function listen(session: SessionApi, signal: AbortSignal): Promise<void> {
  let lastId = '0'
  let backoff = new Backoff()
  while (!signal.aborted) {
    try {
      for await (const event of session.events(lastId, signal)) {
        backoff = new Backoff()
        lastId = event.id || lastId
        listener.take(event)
        if (event.kind === 'avatar_done' && event.data.interrupted) link?.skip()
        if (event.kind === 'closed') return finish()
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return gone(signal)
    }
    const wait = backoff.next()
    if (wait === undefined) return
    await sleep(wait, signal)
  }
}

/** Keeps picture and sound connected until the session ends or cannot be reached for 60 s. */
async function watchOver(session: SessionApi, signal: AbortSignal): Promise<void> {
  let backoff = new Backoff()
  let reached = false
  while (!signal.aborted) {
    try {
      link = await connect(session, signal)
      reached = true
      transport.value = link.kind
      phase.value = 'live'
      problem.value = undefined
      void play()
      await link.lost
      link.close()
      backoff = new Backoff()
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ApiError && error.status === 404) return gone(signal)
      if (!reached && !isOffline(error)) return fail(error)
    }
    if (signal.aborted) return
    phase.value = reached ? 'reconnecting' : 'connecting'
    const wait = backoff.next()
    if (wait === undefined) return fail(new LinkError('lost'))
    await sleep(wait, signal)
  }
}

/** WebRTC, or the WebSocket if that does not come about; the one that once worked is taken again. */
async function connect(session: SessionApi, signal: AbortSignal): Promise<Link> {
  const track = microphone.track.value
  if (!video) throw new LinkError('no video element')
  if (forced !== 'ws' && transport.value !== 'ws') {
    try {
      return await connectWebRtc(session, track, video, signal)
    } catch (error) {
      if (signal.aborted || forced === 'webrtc' || !(error instanceof LinkError)) throw error
    }
  }
  return connectSocket(session, track, video, signal)
}

async function play(): Promise<void> {
  if (!video) return
  video.muted = false
  silenced.value = false
  try {
    await video.play()
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'NotAllowedError')) return
    silenced.value = true
    video.muted = true
    await video.play().catch(() => undefined)
  }
}

function unsilence(): void {
  silenced.value = false
  if (video) video.muted = false
  void video?.play()
}

/** Opens the microphone anew, with the device chosen now. */
async function useMicrophoneOf(): Promise<void> {
  await link?.setMicrophone(await microphone.open())
}

async function say(text: string, mode: Say['mode']): Promise<void> {
  if (mode === 'chat') listener.typed(text)
  await attempt((session) => session.say({ text, mode, when: 'interrupt' }))
}

async function attempt(what: (session: SessionApi) => Promise<void>): Promise<void> {
  if (!api.value) return
  try {
    await what(api.value)
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return gone(stop.signal)
    problem.value = describe(error)
  }
}

async function record(on: boolean): Promise<void> {
  saving.value = !on
  await attempt((session) => session.record(on))
  saving.value = false
}

async function end(): Promise<void> {
  const session = api.value
  const recorded = conversation.value.recording
  finish()
  // A running recording is finished and handed over while its session can still be asked for it.
  if (session && recorded) {
    await session.record(false).catch(() => undefined)
    download(session.recordingUrl())
    await sleep(HANDOVER_MS)
  }
  await session?.end().catch(() => undefined)
}

function finish(): void {
  stop.abort()
  link?.close()
  link = undefined
  clear()
  microphone.close()
  running.id = ''
  conversation.value.state = 'closed'
  transport.value = undefined
  if (phase.value !== 'setup') phase.value = info.value ? 'ended' : 'setup'
}

/** Takes the last picture away; while a connection is restored it stays. */
function clear(): void {
  if (!video) return
  video.srcObject = null
  video.removeAttribute('src')
  video.load()
}

function gone(signal: AbortSignal): void {
  if (signal.aborted) return
  finish()
  problem.value = { key: 'gone' }
}

function fail(error: unknown): void {
  finish()
  problem.value = describe(error)
}

function download(url: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = ''
  link.click()
}

/** Back to choosing. */
function reset(): void {
  finish()
  api.value = undefined
  info.value = undefined
  conversation.value = emptyConversation()
  problem.value = undefined
  phase.value = 'setup'
}

export function describe(error: unknown): Problem {
  if (error instanceof LinkError) return { key: error.message === 'lost' ? 'lost' : 'no_connection' }
  if (!(error instanceof ApiError)) return { key: 'other', message: String(error) }
  if (isOffline(error)) return { key: 'offline' }
  const words = { message: error.message, hint: error.hint, retryAfterS: error.retryAfterS }
  if (error.code === 'busy') return { key: 'busy', ...words }
  if (error.status === 401) return { key: 'token', ...words }
  return { key: 'other', ...words }
}
