import { useI18n } from 'vue-i18n'
import type { Job, JobProgress } from '../api/types'
import { bytes, moment, number } from '../shared/format'

/** How jobs are spoken of, in the page's language. */
export function useJobWords() {
  const { t, te, locale } = useI18n()
  const known = (key: string, otherwise: string): string => (te(key) ? t(key) : otherwise)

  /** What the job is about. */
  function title(job: Job): string {
    if (job.kind === 'speak' && !job.request.text) return t('videos.recording_of', { time: moment(job.created_at, locale.value) })
    const made = typeof job.result?.avatar === 'string' ? job.result.avatar : ''
    return job.title || made || (job.kind === 'pull_weights' ? t('jobs.all_weights') : t(`jobs.kind.${job.kind}`))
  }

  function stage(job: Job, progress = job.progress): string {
    if (job.status === 'queued') return t('jobs.stage.waiting')
    return known(`jobs.stage.${progress?.stage ?? 'starting'}`, progress?.stage ?? '')
  }

  /** Done, total and speed of the stage; empty where nothing is counted. */
  function detail(progress: JobProgress | null | undefined): string {
    if (!progress?.unit || progress.total === null) return ''
    const count = (value: number): string => (progress.unit === 'bytes' ? bytes(value, locale.value) : number(value, locale.value, 0))
    const unit = progress.unit === 'bytes' ? '' : known(`jobs.unit.${progress.unit}`, progress.unit)
    // How many frames a text takes is a guess until all is spoken.
    const guessed = progress.unit === 'frames'
    const total = guessed ? Math.max(Number((progress.total ?? 0).toPrecision(2)), progress.done) : progress.total
    const parts = total ? [t(guessed ? 'jobs.of_about' : 'jobs.of', { done: count(progress.done), total: count(total), unit }).trim()] : []
    if (progress.speed) parts.push(progress.unit === 'bytes' ? `${bytes(progress.speed, locale.value)}/s` : t(guessed ? 'jobs.fps' : 'jobs.speed', { speed: number(progress.speed, locale.value), unit }))
    return parts.join(' · ')
  }

  return { title, stage, detail }
}
