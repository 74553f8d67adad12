import type { SessionApi } from '../api/client'
import { type Deferred, deferred, type Link, LinkError } from './link'

const CONNECT_MS = 8000
/** A connection often heals by itself within this time, for instance when the network changes. */
const HEAL_MS = 3000

/**
 * Connects over WebRTC; the track of sound is always offered both ways, so that a microphone can come later.
 *
 * Throws LinkError if nothing is connected after 8 s, ApiError if the server refuses.
 */
export async function connectWebRtc(
  api: SessionApi,
  microphone: MediaStreamTrack | null,
  video: HTMLVideoElement,
  signal: AbortSignal,
): Promise<Link> {
  if (!('RTCPeerConnection' in window)) throw new LinkError('no WebRTC')
  const peer = new RTCPeerConnection({ iceServers: api.iceServers as RTCIceServer[] })
  const connected = deferred()
  const lost = deferred()
  const timer = setTimeout(() => connected.reject(new LinkError('timeout')), CONNECT_MS)
  signal.addEventListener('abort', () => connected.reject(new LinkError('aborted')), { once: true })
  watch(peer, connected, lost)
  const stream = new MediaStream()
  peer.ontrack = ({ track }) => stream.addTrack(track)
  try {
    const sound = peer.addTransceiver(microphone ?? 'audio', { direction: 'sendrecv' })
    peer.addTransceiver('video', { direction: 'recvonly' })
    // Whichever fails first ends the attempt; `connected` also carries the time limit.
    await Promise.race([negotiate(peer, api), connected.promise])
    await connected.promise
    video.srcObject = stream
    return {
      kind: 'webrtc',
      lost: lost.promise,
      setMicrophone: (track) => sound.sender.replaceTrack(track),
      skip: () => undefined, // the browser itself keeps the wait short
      close: () => {
        peer.close()
        lost.resolve(undefined)
      },
    }
  } catch (error) {
    peer.close()
    throw error
  } finally {
    clearTimeout(timer)
    connected.promise.catch(() => undefined)
  }
}

async function negotiate(peer: RTCPeerConnection, api: SessionApi): Promise<void> {
  const trickle = new Trickle(api)
  peer.onicecandidate = ({ candidate }) => candidate?.candidate && trickle.add(candidate)
  await peer.setLocalDescription()
  const answer = await api.offer(peer.localDescription!)
  if (peer.signalingState === 'closed') return
  await peer.setRemoteDescription({ type: answer.type, sdp: answer.sdp })
  trickle.open(answer.peer_id)
}

/** Sends ICE candidates in batches; those found before the server knows the peer wait. */
class Trickle {
  private waiting: RTCIceCandidate[] = []
  private peerId = ''
  private sending = false

  constructor(private readonly api: SessionApi) {}

  add(candidate: RTCIceCandidate): void {
    this.waiting.push(candidate)
    void this.flush()
  }

  open(peerId: string): void {
    this.peerId = peerId
    void this.flush()
  }

  private async flush(): Promise<void> {
    if (!this.peerId || this.sending) return
    this.sending = true
    while (this.waiting.length) {
      const batch = this.waiting.splice(0)
      // A lost candidate costs one way of many; the connection's time limit tells if all were needed.
      await this.api.candidates(this.peerId, batch).catch(() => undefined)
    }
    this.sending = false
  }
}

function watch(peer: RTCPeerConnection, connected: Deferred<undefined>, lost: Deferred<undefined>): void {
  let healing: ReturnType<typeof setTimeout> | undefined
  peer.onconnectionstatechange = () => {
    clearTimeout(healing)
    if (peer.connectionState === 'connected') connected.resolve(undefined)
    if (peer.connectionState === 'failed') {
      connected.reject(new LinkError('failed'))
      lost.resolve(undefined)
    }
    if (peer.connectionState === 'disconnected') healing = setTimeout(() => lost.resolve(undefined), HEAL_MS)
  }
}
