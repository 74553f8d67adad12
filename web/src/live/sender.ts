import { wake } from './wake'
import worklet from './sender-worklet.js?url&no-inline'

/** Gives the microphone's sound as 16-bit mono at 16 kHz, in pieces of 40 ms. */
export class SoundSender {
  private context?: AudioContext
  private source?: MediaStreamAudioSourceNode
  private input?: AudioNode

  constructor(private readonly send: (samples: ArrayBuffer) => void) {}

  async set(track: MediaStreamTrack | null): Promise<void> {
    this.source?.disconnect()
    this.source = undefined
    if (!track) return
    this.input ??= await this.open()
    this.source = this.context!.createMediaStreamSource(new MediaStream([track]))
    this.source.connect(this.input)
  }

  async close(): Promise<void> {
    await this.context?.close()
    this.context = undefined
  }

  private async open(): Promise<AudioNode> {
    const context = (this.context = new AudioContext())
    wake(context)
    await context.audioWorklet.addModule(worklet)
    // Two filters in a row keep what 16 kHz cannot carry from folding back into the speech.
    const filters = [0, 1].map(() => new BiquadFilterNode(context, { type: 'lowpass', frequency: 7000, Q: 0.7 }))
    const node = new AudioWorkletNode(context, 'sender', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' })
    node.port.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => this.send(data)
    filters[0]!.connect(filters[1]!).connect(node)
    return filters[0]!
  }
}
