import { computed, onScopeDispose, ref, shallowRef } from 'vue'

/** `insecure`: browsers give cameras only to pages from https or localhost. */
export type CameraState = 'off' | 'asking' | 'on' | 'denied' | 'missing' | 'insecure'

export const LONGEST_S = 300

const TYPES: readonly [mime: string, suffix: string][] = [
  ['video/mp4;codecs=avc1.42E01E,mp4a.40.2', 'mp4'],
  ['video/webm;codecs=vp9,opus', 'webm'],
  ['video/webm;codecs=vp8,opus', 'webm'],
]
/** As much as a face needs whose teeth shall be sharp. */
const BITS_PER_SECOND = 6_000_000

/** The camera with its microphone, and a recording of both. Leaving the page ends it all. */
export function useCamera() {
  const state = ref<CameraState>('off')
  const stream = shallowRef<MediaStream>()
  const recording = ref(false)
  const seconds = ref(0)
  let recorder: MediaRecorder | undefined
  let timer = 0
  let wishes = 0

  async function open(): Promise<void> {
    close()
    const mine = ++wishes
    if (!navigator.mediaDevices?.getUserMedia) {
      state.value = 'insecure'
      return
    }
    state.value = 'asking'
    try {
      const given = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25 }, facingMode: 'user' },
        // The mouth is learnt from the voice: it shall be as it is.
        audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: true },
      })
      if (mine !== wishes) return end(given)
      for (const track of given.getTracks()) track.onended = close
      stream.value = given
      state.value = 'on'
    } catch (error) {
      if (mine !== wishes) return
      const name = error instanceof DOMException ? error.name : ''
      state.value = name === 'NotAllowedError' || name === 'SecurityError' ? 'denied' : 'missing'
    }
  }

  /** Records until `stop`, at most `LONGEST_S`; `done` is given the file. */
  function record(done: (file: File) => void): void {
    if (!stream.value || recording.value) return
    const [mime, suffix] = TYPES.find(([type]) => MediaRecorder.isTypeSupported(type)) ?? ['', 'webm']
    const now = new MediaRecorder(stream.value, { ...(mime && { mimeType: mime }), videoBitsPerSecond: BITS_PER_SECOND })
    const pieces: Blob[] = []
    now.ondataavailable = (event) => pieces.push(event.data)
    now.onstop = () => {
      if (recorder !== now) return
      close()
      done(new File(pieces, `recording.${suffix}`, { type: now.mimeType.split(';')[0] }))
    }
    recorder = now
    now.start()
    recording.value = true
    const begun = performance.now()
    timer = window.setInterval(() => {
      seconds.value = (performance.now() - begun) / 1000
      if (seconds.value >= LONGEST_S) stop()
    }, 200)
  }

  function stop(): void {
    if (recorder?.state === 'recording') recorder.stop()
  }

  /** Turns it off; a running recording is thrown away. */
  function close(): void {
    wishes++
    clearInterval(timer)
    const [was, given] = [recorder, stream.value]
    recorder = undefined
    recording.value = false
    seconds.value = 0
    stream.value = undefined
    state.value = 'off'
    if (was?.state === 'recording') was.stop()
    if (given) end(given)
  }

  onScopeDispose(close)
  return { state: computed(() => state.value), stream, recording, seconds, open, record, stop, close }
}

function end(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.onended = null
    track.stop()
  }
}
