import { readonly, ref, type Ref } from 'vue'

const count = ref(0)

/** How many jobs are queued or running. */
export function useActiveJobs(): Readonly<Ref<number>> {
  return readonly(count)
}
