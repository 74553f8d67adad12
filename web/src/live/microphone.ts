import { computed, reactive, ref } from 'vue'
import { remembered } from '../shared/remembered'
import { wake } from './wake'

/** `insecure`: browsers give microphones only to pages from https or localhost. */
export type MicrophoneState = 'off' | 'asking' | 'on' | 'denied' | 'missing' | 'insecure'

const state = ref<MicrophoneState>('off')
const devices = ref<MediaDeviceInfo[]>([])
const deviceId = remembered('microphone', '')
const muted = ref(false)
const level = ref(0)
const current = reactive<{ track: MediaStreamTrack | null }>({ track: null })
let stopMeter = (): void => undefined
/** Counts what was asked for or given up: an answer that comes later is not wanted any more. */
let wishes = 0

/** The one microphone of this page. */
export function useMicrophone() {
  return { state, devices, deviceId, muted, level, track: computed(() => current.track), open, close, setMuted, refreshDevices }
}

/** Asks for the microphone; never throws: `state` tells. */
async function open(): Promise<MediaStreamTrack | null> {
  close()
  const mine = wishes
  if (!navigator.mediaDevices?.getUserMedia) {
    state.value = 'insecure'
    return null
  }
  state.value = 'asking'
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: wanted() })
    if (mine !== wishes) {
      for (const track of stream.getTracks()) track.stop()
      return null
    }
    use(stream.getAudioTracks()[0]!, stream)
  } catch (error) {
    if (mine !== wishes) return null
    const name = error instanceof DOMException ? error.name : ''
    state.value = name === 'NotAllowedError' || name === 'SecurityError' ? 'denied' : 'missing'
  }
  await refreshDevices()
  return current.track
}

function wanted(): MediaTrackConstraints {
  // `ideal`: a device that was unplugged since is replaced by the usual one.
  const device = deviceId.value ? { deviceId: { ideal: deviceId.value } } : {}
  return { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: { ideal: 1 }, ...device }
}

function use(track: MediaStreamTrack, stream: MediaStream): void {
  track.enabled = !muted.value
  track.onended = () => {
    close()
    state.value = 'missing'
  }
  current.track = track
  state.value = 'on'
  stopMeter = startMeter(stream)
}

function close(): void {
  wishes++
  stopMeter()
  level.value = 0
  if (current.track) {
    current.track.onended = null
    current.track.stop()
  }
  current.track = null
  state.value = 'off'
}

function setMuted(value: boolean): void {
  muted.value = value
  if (current.track) current.track.enabled = !value
}

async function refreshDevices(): Promise<void> {
  if (!navigator.mediaDevices?.enumerateDevices) return
  const all = await navigator.mediaDevices.enumerateDevices().catch(() => [])
  // Before the microphone is allowed, devices have no names and cannot be told apart.
  devices.value = all.filter((device) => device.kind === 'audioinput' && device.label)
}

/** Loudness of a block, 0…1, on a scale of decibels: -60 dB and below is 0, -10 dB and above is 1. */
export function loudness(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  const decibels = 10 * Math.log10(sum / samples.length + 1e-10)
  return Math.max(0, Math.min(1, (decibels + 60) / 50))
}

function startMeter(stream: MediaStream): () => void {
  const context = new AudioContext()
  wake(context)
  const analyser = new AnalyserNode(context, { fftSize: 1024 })
  context.createMediaStreamSource(stream).connect(analyser)
  const samples = new Float32Array(analyser.fftSize)
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples)
    // Rises at once and falls slowly, as the eye expects of a meter.
    level.value = Math.max(loudness(samples), level.value * 0.8)
  }, 50)
  return () => {
    clearInterval(timer)
    void context.close()
    stopMeter = () => undefined
  }
}
