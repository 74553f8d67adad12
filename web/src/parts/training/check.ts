import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { checkClip, isAbort } from '../../api/client'
import { act } from '../../jobs/actions'
import { lookAgain } from '../../jobs/active'
import { useJob } from '../../jobs/use'

/**
 * Sends a video to the server, which looks at it at once. `id` is the check's, from whose video the server can learn for as long as this
 * file stays chosen and the page open: then the check is deleted, and the video with it.
 */
export function useClipCheck(file: Ref<File | undefined>) {
  const id = ref('')
  const sent = ref<number>()
  const problem = shallowRef<unknown>()
  const job = useJob(id)
  let stop = new AbortController()

  function forget(): void {
    stop.abort()
    const known = id.value
    id.value = ''
    if (known) void act('delete', known).catch(() => undefined)
    sent.value = problem.value = undefined
  }

  async function send(video: File): Promise<void> {
    const { signal } = (stop = new AbortController())
    sent.value = 0
    try {
      const { id: made } = await checkClip(video, { signal, onProgress: (share) => !signal.aborted && (sent.value = share) })
      if (signal.aborted) void act('delete', made).catch(() => undefined)
      else id.value = made
      lookAgain()
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) problem.value = error
    } finally {
      if (!signal.aborted) sent.value = undefined
    }
  }

  function again(): void {
    forget()
    if (file.value) void send(file.value)
  }

  watch(file, again, { immediate: true })
  onScopeDispose(forget)
  return { id, sent, problem, job, again }
}
