import { shallowRef } from 'vue'

export interface Question {
  title: string
  text?: string
  /** What the button says, such as "Delete". */
  yes: string
  /** What the other one says; "Cancel" if nothing is given. */
  no?: string
  danger?: boolean
}

export const asked = shallowRef<Question & { answer: (yes: boolean) => void }>()

/** Asks over the page, and waits for the answer. */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false)
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (yes) => {
        asked.value = undefined
        resolve(yes)
      },
    }
  })
}
