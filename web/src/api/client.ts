import { readEvents } from './sse'
import type { Answer, Avatar, IceServer, LiveEvent, NewSession, Say, ServerInfo, SessionInfo, SessionRequest, Voice } from './types'

const ROOT = '/api/v1'

/** What the server refused, in its own words; `code` is stable. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint = '',
    readonly retryAfterS = 0,
  ) {
    super(message)
  }
}

/** Status 0: the server was not reached. */
export function isOffline(error: unknown): boolean {
  return error instanceof ApiError && error.status === 0
}

export async function problemOf(response: Response): Promise<ApiError> {
  const body: Record<string, unknown> = await response.json().catch(() => ({}))
  const text = (key: string): string => (typeof body[key] === 'string' ? body[key] : '')
  const message = text('detail') || text('message') || text('title') || `HTTP ${response.status}`
  const retryAfter = Number(response.headers.get('Retry-After')) || 0
  return new ApiError(response.status, text('code') || 'error', message, text('hint'), retryAfter)
}

async function call(method: string, path: string, init: { body?: unknown; headers?: HeadersInit; signal?: AbortSignal; keepalive?: boolean } = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  if (init.body !== undefined) headers.set('Content-Type', 'application/json')
  const body = init.body === undefined ? undefined : JSON.stringify(init.body)
  let response: Response
  try {
    response = await fetch(ROOT + path, { method, headers, body, signal: init.signal, keepalive: init.keepalive })
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new ApiError(0, 'offline', String(error))
  }
  if (!response.ok) throw await problemOf(response)
  return response
}

async function json<T>(method: string, path: string, body?: unknown): Promise<T> {
  return (await call(method, path, { body })).json()
}

export const listAvatars = (): Promise<Avatar[]> => json('GET', '/avatars')
export const listVoices = (): Promise<Voice[]> => json('GET', '/voices')
export const serverInfo = (): Promise<ServerInfo> => json('GET', '/system')
export const createSession = (request: SessionRequest): Promise<NewSession> => json('POST', '/live/sessions', request)

/** One live session on the server. */
export class SessionApi {
  private readonly path: string

  constructor(
    readonly id: string,
    readonly iceServers: IceServer[] = [],
  ) {
    this.path = `/live/sessions/${encodeURIComponent(id)}`
  }

  info(): Promise<SessionInfo> {
    return json('GET', this.path)
  }

  offer(sdp: RTCSessionDescription): Promise<Answer> {
    return json('POST', `${this.path}/offer`, { sdp: sdp.sdp, type: sdp.type })
  }

  async candidates(peerId: string, candidates: RTCIceCandidate[]): Promise<void> {
    const body = candidates.map((c) => ({ candidate: c.candidate, sdp_mid: c.sdpMid, sdp_mline_index: c.sdpMLineIndex }))
    await call('PATCH', `${this.path}/offer`, { body: { peer_id: peerId, candidates: body } })
  }

  async say(say: Say): Promise<void> {
    await call('POST', `${this.path}/say`, { body: say })
  }

  async interrupt(): Promise<void> {
    await call('POST', `${this.path}/interrupt`)
  }

  async action(name: string): Promise<void> {
    await call('POST', `${this.path}/action`, { body: { name } })
  }

  async record(recording: boolean): Promise<void> {
    await call('POST', `${this.path}/record`, { body: { recording } })
  }

  recordingUrl(): string {
    return `${ROOT}${this.path}/recording`
  }

  socketUrl(): string {
    const url = new URL(`${ROOT}${this.path}/ws?format=mp4`, location.href)
    url.protocol = url.protocol.replace('http', 'ws')
    return url.href
  }

  /** `keepalive`: also if the page is being closed. */
  async end(keepalive = false): Promise<void> {
    await call('DELETE', this.path, { keepalive })
  }

  /** What happens from now on, or after the event `lastId`. Ends when the server ends it; throws ApiError. */
  async *events(lastId: string, signal: AbortSignal): AsyncGenerator<LiveEvent & { id: string }> {
    const headers: Record<string, string> = { Accept: 'text/event-stream' }
    if (lastId) headers['Last-Event-ID'] = lastId
    const response = await call('GET', `${this.path}/events`, { headers, signal })
    for await (const event of readEvents(response.body!)) {
      yield { id: event.id, kind: event.kind, data: JSON.parse(event.data) } as LiveEvent & { id: string }
    }
  }
}
