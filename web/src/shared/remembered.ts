import { ref, watch, type Ref } from 'vue'

type Widened<T> = T extends string ? string : T extends number ? number : boolean

/** A choice that this browser keeps; where it may keep nothing, the choice lasts as long as the page. */
export function remembered<T extends string | number | boolean>(name: string, start: T): Ref<Widened<T>> {
  const key = `mien.${name}`
  const value = ref(read(key, start)) as Ref<Widened<T>>
  watch(value, (now) => {
    try {
      localStorage.setItem(key, JSON.stringify(now))
    } catch {
      // Private windows may refuse.
    }
  })
  return value
}

function read<T>(key: string, start: T): T {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
    return typeof kept === typeof start ? (kept as T) : start
  } catch {
    return start
  }
}
