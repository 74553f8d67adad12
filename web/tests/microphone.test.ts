import { afterEach, expect, it, vi } from 'vitest'
import { useMicrophone } from '../src/live/microphone'

afterEach(() => vi.unstubAllGlobals())

it('is let go of at once when it comes after it was given up', async () => {
  const track = { stop: vi.fn() }
  let allow!: (stream: unknown) => void
  const asked = new Promise((resolve) => (allow = resolve))
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: () => asked } })
  const { open, close, state } = useMicrophone()
  const opened = open()
  expect(state.value).toBe('asking')
  close()
  allow({ getTracks: () => [track] })
  expect(await opened).toBeNull()
  expect(track.stop).toHaveBeenCalled()
  expect(state.value).toBe('off')
})
