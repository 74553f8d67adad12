import { shallowRef } from 'vue'
import type { RouteLocationRaw } from 'vue-router'

export interface Toast {
  id: number
  tone: 'good' | 'bad'
  text: string
  hint: string
  link?: { text: string; to: RouteLocationRaw }
}

export const toasts = shallowRef<Toast[]>([])
let last = 0

/** A short message at the edge of the page; it goes by itself, bad news later. */
export function toast(text: string, more: Partial<Omit<Toast, 'id' | 'text'>> = {}): void {
  const id = ++last
  toasts.value = [...toasts.value.slice(-3), { id, tone: 'good', hint: '', text, ...more }]
  setTimeout(() => dismiss(id), more.tone === 'bad' ? 12_000 : 5_000)
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id)
}
