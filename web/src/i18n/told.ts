import { useI18n } from 'vue-i18n'
import { told } from '../api/errors'

/** `told` in the page's language. */
export function useTold(): (error: unknown) => { message: string; hint: string } {
  const { t, te, locale } = useI18n()
  return (error) => told(error, { t, te, english: locale.value.startsWith('en') })
}
