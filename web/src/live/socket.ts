import { ApiError, type SessionApi } from '../api/client'
import { deferred, type Link, LinkError } from './link'
import { SoundSender } from './sender'
import { Player } from './player'

const HELLO_MS = 8000
const PING_MS = 10_000
/** The picture comes all the time; a silence this long means that the connection is dead. */
const SILENCE_MS = 15_000

interface Hello {
  type: 'hello'
  mime: string
  fps: number
  size: [number, number]
  sound_rate: number
}

type Message = Hello | { type: 'error'; code: string; message: string; hint: string } | { type: 'ping' | 'pong' }

/** Connects over one WebSocket, for networks that let no WebRTC through. Throws LinkError. */
export async function connectSocket(
  api: SessionApi,
  microphone: MediaStreamTrack | null,
  video: HTMLVideoElement,
  signal: AbortSignal,
): Promise<Link> {
  const socket = new WebSocket(api.socketUrl())
  socket.binaryType = 'arraybuffer'
  const hello = deferred<Hello>()
  const lost = deferred()
  const limit = setTimeout(() => hello.reject(new LinkError('timeout')), HELLO_MS)
  let player: Player | undefined
  let heard = performance.now()
  const early: ArrayBuffer[] = []

  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    heard = performance.now()
    if (typeof data === 'string') {
      const message = JSON.parse(data) as Message
      if (message.type === 'hello') hello.resolve(message)
      else if (message.type === 'error') hello.reject(new ApiError(503, message.code, message.message, message.hint))
    } else if (player) player.push(data)
    else early.push(data)
  }
  socket.onclose = socket.onerror = () => {
    hello.reject(new LinkError('closed'))
    lost.resolve(undefined)
  }
  signal.addEventListener('abort', () => socket.close(), { once: true })

  let sender: SoundSender | undefined
  try {
    const { mime } = await hello.promise
    player = new Player(video, mime, () => lost.resolve(undefined))
    for (const piece of early) player.push(piece)
    sender = new SoundSender((samples) => socket.readyState === WebSocket.OPEN && socket.bufferedAmount < 64_000 && socket.send(samples))
    await sender.set(microphone)
  } catch (error) {
    socket.close()
    throw error
  } finally {
    clearTimeout(limit)
  }
  const heart = setInterval(() => {
    if (performance.now() - heard > SILENCE_MS) lost.resolve(undefined)
    else if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}')
  }, PING_MS)
  void lost.promise.then(() => {
    clearInterval(heart)
    socket.close()
    player.close()
    void sender.close()
  })
  return { kind: 'ws', lost: lost.promise, setMicrophone: (track) => sender.set(track), skip: () => player.toNewest(), close: () => lost.resolve(undefined) }
}
