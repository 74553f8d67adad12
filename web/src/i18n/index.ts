import { watchEffect } from 'vue'
import { createI18n } from 'vue-i18n'
import { remembered } from '../shared/remembered'
import en from './en'
import { preferred, type Locale } from './preferred'
import zh from './zh'

export type { Locale }

const chosen = remembered<string>('locale', '')

export const i18n = createI18n({
  legacy: false,
  locale: chosen.value === 'zh' || chosen.value === 'en' ? chosen.value : preferred(navigator.languages),
  fallbackLocale: 'en',
  messages: { en, zh },
})

watchEffect(() => {
  document.documentElement.lang = i18n.global.locale.value === 'zh' ? 'zh-CN' : 'en'
})

export function setLocale(locale: Locale): void {
  i18n.global.locale.value = locale
  chosen.value = locale
}
