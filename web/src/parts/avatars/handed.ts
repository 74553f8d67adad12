import { shallowRef } from 'vue'

/** A photo that was dropped on another page and waits for the form. */
export const handed = shallowRef<File>()
