import { address, api, got } from './call'
import { readEvents } from './sse'
import type { components } from './schema'
import type { Answer, IceServer, LiveEvent, NewSession, Say, SessionInfo, SessionRequest } from './types'

type Schemas = components['schemas']

// What is left out has the server's default.
export const createSession = (request: SessionRequest): Promise<NewSession> => got(api.POST('/api/v1/live/sessions', { body: request as Schemas['SessionRequest'] }))

/** One live session on the server. */
export class SessionApi {
  private readonly one: { params: { path: { session_id: string } } }

  constructor(
    readonly id: string,
    readonly iceServers: IceServer[] = [],
  ) {
    this.one = { params: { path: { session_id: id } } }
  }

  info(): Promise<SessionInfo> {
    return got(api.GET('/api/v1/live/sessions/{session_id}', this.one))
  }

  offer({ sdp }: RTCSessionDescription): Promise<Answer> {
    return got(api.POST('/api/v1/live/sessions/{session_id}/offer', { ...this.one, body: { sdp, type: 'offer' } }))
  }

  async candidates(peer_id: string, found: RTCIceCandidate[]): Promise<void> {
    const candidates = found.map((c) => ({ candidate: c.candidate, sdp_mid: c.sdpMid, sdp_mline_index: c.sdpMLineIndex }))
    await api.PATCH('/api/v1/live/sessions/{session_id}/offer', { ...this.one, body: { peer_id, candidates } })
  }

  async say(body: Say): Promise<void> {
    await api.POST('/api/v1/live/sessions/{session_id}/say', { ...this.one, body })
  }

  async interrupt(): Promise<void> {
    await api.POST('/api/v1/live/sessions/{session_id}/interrupt', this.one)
  }

  async action(name: string): Promise<void> {
    await api.POST('/api/v1/live/sessions/{session_id}/action', { ...this.one, body: { name } })
  }

  async record(recording: boolean): Promise<void> {
    await api.POST('/api/v1/live/sessions/{session_id}/record', { ...this.one, body: { recording } })
  }

  recordingUrl(): string {
    return address('/api/v1/live/sessions/{session_id}/recording', this.one.params.path)
  }

  socketUrl(): string {
    const url = new URL(`${address('/api/v1/live/sessions/{session_id}', this.one.params.path)}/ws?format=mp4`, location.href)
    url.protocol = url.protocol.replace('http', 'ws')
    return url.href
  }

  /** `keepalive`: also if the page is being closed. */
  async end(keepalive = false): Promise<void> {
    await api.DELETE('/api/v1/live/sessions/{session_id}', { ...this.one, keepalive })
  }

  /** What happens from now on, or after the event `lastId`. Ends when the server ends it; throws ApiError. */
  async *events(lastId: string, signal: AbortSignal): AsyncGenerator<LiveEvent & { id: string }> {
    const header = lastId ? { 'last-event-id': lastId } : {}
    const { data } = await api.GET('/api/v1/live/sessions/{session_id}/events', { params: { ...this.one.params, header }, parseAs: 'stream', signal })
    for await (const event of readEvents(data!)) {
      yield { id: event.id, kind: event.kind, data: JSON.parse(event.data) } as LiveEvent & { id: string }
    }
  }
}
