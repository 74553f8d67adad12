import { call, json, ROOT } from './call'
import { readEvents } from './sse'
import type { Answer, IceServer, LiveEvent, NewSession, Say, SessionInfo, SessionRequest } from './types'

export const createSession = (request: SessionRequest): Promise<NewSession> => json('POST', '/live/sessions', { body: request })

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
    return json('POST', `${this.path}/offer`, { body: { sdp: sdp.sdp, type: sdp.type } })
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
