import { onBeforeUnmount, ref, shallowRef, watch } from 'vue'

/** Beyond this the second player is set to the first one's time; below, its speed is bent a little. */
const JUMP_S = 0.25
const CLOSE_S = 0.02

/** Two players that are one: they play, stop and move together, on the clock of the longer one. */
export function usePair() {
  const a = shallowRef<HTMLVideoElement>()
  const b = shallowRef<HTMLVideoElement>()
  const playing = ref(false)
  const time = ref(0)
  const duration = ref(0)
  const heard = ref<'a' | 'b'>('a')
  let frame = 0

  const both = (): HTMLVideoElement[] => [a.value, b.value].filter((one) => one instanceof HTMLVideoElement)
  const length = (player: HTMLVideoElement): number => (Number.isFinite(player.duration) ? player.duration : 0)

  /** There is more of it, as far as is known: it may not be loaded yet. */
  const goesOn = (player: HTMLVideoElement): boolean => time.value < (player.duration || Infinity)

  function measured(): void {
    duration.value = Math.max(0, ...both().map(length))
  }

  /** The longer one leads, so that both are seen to their ends. */
  function leader(): HTMLVideoElement | undefined {
    return both().sort((one, other) => length(other) - length(one))[0]
  }

  async function play(): Promise<void> {
    if (time.value >= duration.value - 0.05) seek(0)
    playing.value = true
    await Promise.all(both().map((player) => (goesOn(player) ? player.play().catch(() => undefined) : undefined)))
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(step)
  }

  function pause(): void {
    playing.value = false
    cancelAnimationFrame(frame)
    for (const player of both()) player.pause()
    seek(time.value)
  }

  function seek(to: number): void {
    time.value = Math.min(Math.max(to, 0), duration.value)
    for (const player of both()) {
      player.playbackRate = 1
      player.currentTime = Math.min(time.value, length(player))
      if (playing.value && player.paused && goesOn(player)) void player.play().catch(() => undefined)
    }
  }

  function step(): void {
    const first = leader()
    if (!first || !playing.value) return
    time.value = first.currentTime
    for (const player of both()) if (player !== first) follow(player, first)
    if (first.ended) return pause()
    frame = requestAnimationFrame(step)
  }

  function follow(player: HTMLVideoElement, first: HTMLVideoElement): void {
    if (player.ended || player.seeking || first.seeking) return
    const behind = first.currentTime - player.currentTime
    player.playbackRate = nudge(behind)
    if (Math.abs(behind) > JUMP_S) player.currentTime = first.currentTime
  }

  watch([a, b, heard], () => {
    if (a.value) a.value.muted = heard.value !== 'a'
    if (b.value) b.value.muted = heard.value !== 'b'
  })
  onBeforeUnmount(() => cancelAnimationFrame(frame))
  return { a, b, playing, time, duration, heard, measured, play, pause, seek, toggle: () => (playing.value ? pause() : void play()) }
}

/** The speed at which a player catches up that is so many seconds behind. */
export function nudge(behind: number): number {
  if (Math.abs(behind) < CLOSE_S) return 1
  return 1 + Math.max(-0.1, Math.min(0.1, behind))
}
