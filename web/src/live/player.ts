import { LinkError } from './link'

/** Seconds that may lie ahead of what is shown: above the first it plays a little faster, above the second it jumps. */
const FASTER_S = 0.5
const JUMP_S = 1.5
const AFTER_JUMP_S = 0.2
const KEEP_S = 10

declare global {
  interface Window {
    /** Safari on iPhone has only this one. */
    ManagedMediaSource?: typeof MediaSource
  }
}

/** Shows pieces of fragmented mp4 as they come, close to the newest one. */
export class Player {
  private readonly url: string
  private readonly source: MediaSource
  private readonly timer: ReturnType<typeof setInterval>
  private buffer?: SourceBuffer
  private pieces: ArrayBuffer[] = []

  /** Throws LinkError if the browser cannot play this kind of stream. */
  constructor(
    private readonly video: HTMLVideoElement,
    mime: string,
    private readonly failed: () => void,
  ) {
    const Source = window.MediaSource ?? window.ManagedMediaSource
    if (!Source?.isTypeSupported(mime)) throw new LinkError(`cannot play ${mime}`)
    this.source = new Source()
    this.source.onsourceopen = () => this.open(mime)
    this.url = URL.createObjectURL(this.source)
    video.disableRemotePlayback = true
    video.srcObject = null
    video.src = this.url
    this.timer = setInterval(() => this.follow(), 250)
  }

  push(piece: ArrayBuffer): void {
    this.pieces.push(piece)
    this.append()
  }

  /** Shows the newest picture at once. */
  toNewest(): void {
    const { buffered, currentTime } = this.video
    if (!buffered.length) return
    const start = buffered.start(buffered.length - 1)
    const end = buffered.end(buffered.length - 1)
    if (end - currentTime > AFTER_JUMP_S || currentTime < start) this.video.currentTime = Math.max(start, end - AFTER_JUMP_S)
  }

  close(): void {
    clearInterval(this.timer)
    this.pieces = []
    this.buffer = undefined
    URL.revokeObjectURL(this.url)
    this.video.playbackRate = 1
  }

  private open(mime: string): void {
    if (this.buffer || this.source.readyState !== 'open') return
    this.buffer = this.source.addSourceBuffer(mime)
    this.buffer.onupdateend = () => this.append()
    this.buffer.onerror = this.failed
    this.append()
  }

  private append(): void {
    if (!this.buffer || this.buffer.updating || this.source.readyState !== 'open') return
    const { buffered, currentTime } = this.video
    if (buffered.length && currentTime - buffered.start(0) > 2 * KEEP_S) {
      this.buffer.remove(0, currentTime - KEEP_S)
      return
    }
    const piece = this.pieces.shift()
    if (!piece) return
    try {
      this.buffer.appendBuffer(piece)
    } catch {
      this.failed()
    }
  }

  private follow(): void {
    const { buffered, currentTime } = this.video
    if (!buffered.length) return
    const ahead = buffered.end(buffered.length - 1) - currentTime
    if (ahead > JUMP_S || currentTime < buffered.start(buffered.length - 1)) this.toNewest()
    this.video.playbackRate = ahead > FASTER_S ? 1.06 : 1
  }
}
