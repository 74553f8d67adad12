import { computed, onBeforeUnmount, ref, shallowRef } from 'vue'
import { useMicrophone } from '../../live/microphone'

/** The server takes longer files; nobody wants to say so much in one go. */
export const LONGEST_S = 600

const TYPES: [mime: string, suffix: string][] = [
  ['audio/webm;codecs=opus', 'webm'],
  ['audio/mp4', 'm4a'],
  ['audio/ogg;codecs=opus', 'ogg'],
]

/** Records the microphone into a file. Leaving the page throws a running recording away. */
export function useRecorder() {
  const microphone = useMicrophone()
  const recording = ref(false)
  const seconds = ref(0)
  const file = shallowRef<File>()
  let recorder: MediaRecorder | undefined
  let timer = 0

  async function start(): Promise<void> {
    discard()
    const track = await microphone.open()
    if (!track) return
    const [mime, suffix] = TYPES.find(([type]) => MediaRecorder.isTypeSupported(type)) ?? ['', 'webm']
    const now = new MediaRecorder(new MediaStream([track]), mime ? { mimeType: mime } : undefined)
    const pieces: Blob[] = []
    now.ondataavailable = (event) => pieces.push(event.data)
    now.onstop = () => {
      if (recorder !== now) return
      file.value = new File(pieces, `recording.${suffix}`, { type: now.mimeType })
      finish()
    }
    recorder = now
    now.start()
    recording.value = true
    const begun = performance.now()
    timer = window.setInterval(() => {
      seconds.value = (performance.now() - begun) / 1000
      // The microphone is also gone when it was unplugged.
      if (seconds.value >= LONGEST_S || microphone.state.value !== 'on') stop()
    }, 100)
  }

  function stop(): void {
    if (recorder?.state === 'recording') recorder.stop()
  }

  function discard(): void {
    const now = recorder
    finish()
    if (now?.state === 'recording') now.stop()
    file.value = undefined
    seconds.value = 0
  }

  function finish(): void {
    clearInterval(timer)
    if (recording.value) microphone.close()
    recorder = undefined
    recording.value = false
  }

  onBeforeUnmount(() => {
    discard()
    microphone.close() // also one that is still being asked for
  })
  return { recording, seconds, file, level: microphone.level, state: computed(() => microphone.state.value), start, stop, discard }
}
