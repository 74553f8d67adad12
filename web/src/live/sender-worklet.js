const RATE = 16000
const PIECE = 640

/** Resamples by straight lines between neighbours; the sound is already low-passed. */
class Sender extends AudioWorkletProcessor {
  constructor() {
    super()
    this.piece = new Int16Array(PIECE)
    this.filled = 0
    /** Where the next sample lies, counted from the beginning of the coming block; -1 is the last sample before it. */
    this.at = 0
    this.last = 0
  }

  process([[block]]) {
    if (!block) return true
    const step = sampleRate / RATE
    for (; this.at < block.length - 1; this.at += step) {
      const index = Math.floor(this.at)
      const before = index < 0 ? this.last : block[index]
      this.add(before + (block[index + 1] - before) * (this.at - index))
    }
    this.at -= block.length
    this.last = block[block.length - 1]
    return true
  }

  add(value) {
    this.piece[this.filled++] = Math.max(-1, Math.min(1, value)) * 32767
    if (this.filled < PIECE) return
    this.port.postMessage(this.piece.buffer, [this.piece.buffer])
    this.piece = new Int16Array(PIECE)
    this.filled = 0
  }
}

registerProcessor('sender', Sender)
