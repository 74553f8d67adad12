import { computed, onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { jobLog } from '../api/jobs'
import { followJob } from './follow'
import { emptyRecord, hasEnded, linesOf, withEvent, withInfo } from './record'

/**
 * Everything about one job, kept up to date until it ends: its page needs only the id, so it survives a reload.
 * `restart` after it was resumed or tried again. `error`: the server refused to tell.
 */
export function useJob(id: MaybeRefOrGetter<string>) {
  const record = shallowRef(emptyRecord())
  const log = ref('')
  const error = shallowRef<unknown>()
  const connected = ref(true)
  let running: AbortController | undefined

  function restart(): void {
    running?.abort()
    record.value = emptyRecord()
    log.value = ''
    error.value = undefined
    const name = toValue(id)
    if (name) void follow(name, (running = new AbortController()).signal)
  }

  async function follow(name: string, signal: AbortSignal): Promise<void> {
    const more = logReader(name, signal, (text) => (log.value += text))
    try {
      await followJob(name, signal, {
        info: (job) => {
          if (signal.aborted) return
          record.value = withInfo(record.value, job)
          more()
        },
        event: (event) => {
          if (signal.aborted) return
          record.value = withEvent(record.value, event)
          if (event.kind === 'log') more()
        },
        connected: (now) => (connected.value = now),
      })
    } catch (problem) {
      if (!signal.aborted) error.value = problem
    }
  }

  watch(() => toValue(id), restart, { immediate: true })
  onScopeDispose(() => running?.abort())

  const info = computed(() => record.value.info)
  return {
    info,
    progress: computed(() => record.value.progress),
    artifacts: computed(() => record.value.artifacts),
    /** For Plot. */
    lines: computed(() => linesOf(record.value.metrics)),
    log,
    error,
    connected,
    ended: computed(() => hasEnded(info.value)),
    restart,
  }
}

/** Reads on in a log whenever it is called; calls while it reads make it look once more. */
function logReader(id: string, signal: AbortSignal, add: (text: string) => void): () => void {
  let offset = 0
  let [reading, again] = [false, false]
  return function more(): void {
    again = true
    if (!reading) void read()
  }

  async function read(): Promise<void> {
    reading = true
    try {
      while (again && !signal.aborted) {
        again = false
        const { text, next } = await jobLog(id, offset, signal)
        if (next > offset) again = true
        offset = next
        if (text) add(text)
      }
    } catch {
      // The next line that is told of tries again.
    } finally {
      reading = false
    }
  }
}
