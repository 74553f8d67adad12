import { useI18n } from 'vue-i18n'
import type { Avatar } from '../../api/types'

/** How avatars are called on the page: the built-in ones in its language. */
export function useCalled(): (avatar: Pick<Avatar, 'name' | 'builtin'> | undefined) => string {
  const { t, te } = useI18n()
  return (avatar) => {
    if (!avatar) return ''
    const key = `avatars.known.${avatar.name}`
    return avatar.builtin && te(key) ? t(key) : avatar.name
  }
}
