import { useI18n } from 'vue-i18n'
import type { Video } from '../../api/types'
import { moment } from '../../shared/format'

/** How videos are called on the page: what is said in them, of recordings when they were sent. */
export function useVideoTitle(): (video: Pick<Video, 'title' | 'text' | 'created_at'>) => string {
  const { t, locale } = useI18n()
  return ({ title, text, created_at }) => (text ? title || t('videos.untitled') : t('videos.recording_of', { time: moment(created_at, locale.value) }))
}
