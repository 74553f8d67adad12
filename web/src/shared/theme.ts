import { watchEffect } from 'vue'
import { remembered } from './remembered'

export type Theme = 'system' | 'light' | 'dark'
export const THEMES: Theme[] = ['system', 'light', 'dark']

/** The chosen theme; this browser keeps it. */
export const theme = remembered<string>('theme', 'system')

watchEffect(() => {
  const { value } = theme
  if (value === 'light' || value === 'dark') document.documentElement.dataset.theme = value
  else delete document.documentElement.dataset.theme
})
