import { onScopeDispose, ref, shallowRef, type Ref } from 'vue'

export interface Loaded<T> {
  data: Ref<T | undefined>
  error: Ref<unknown>
  loading: Ref<boolean>
  reload: () => Promise<void>
}

/** Asks for something at once and at `reload`, every `everyMs` while the page is seen if that is given. What was there stays until its successor comes. */
export function useLoad<T>(ask: (signal: AbortSignal) => Promise<T>, everyMs = 0): Loaded<T> {
  const data = shallowRef<T>()
  const error = shallowRef<unknown>()
  const loading = ref(true)
  let running: AbortController | undefined

  async function reload(): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    loading.value = true
    try {
      const answer = await ask(mine.signal)
      if (mine.signal.aborted) return
      data.value = answer
      error.value = undefined
    } catch (problem) {
      if (!mine.signal.aborted) error.value = problem
    } finally {
      if (running === mine) loading.value = false
    }
  }

  const timer = everyMs ? setInterval(() => !document.hidden && !loading.value && void reload(), everyMs) : undefined
  onScopeDispose(() => {
    clearInterval(timer)
    running?.abort()
  })
  void reload()
  return { data, error, loading, reload }
}
