import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Job } from '../api/types'
import { useTold } from '../i18n/told'
import { confirm } from '../parts/ui/confirm'
import { toast } from '../parts/ui/toast'
import { act, type Action } from './actions'

const SAID = { cancel: 'jobs.cancelled_now', resume: 'jobs.resumed_now', retry: 'jobs.retried_now', delete: 'jobs.deleted_now' }

/** Cancels, resumes, retries or deletes a job: asks where something could be lost, and says how it went. */
export function usePerform() {
  const { t } = useI18n()
  const told = useTold()
  const busy = ref<Action>()

  /** Gives whether it was done, and the job as it is then. */
  async function perform(action: Action, job: Pick<Job, 'id'>): Promise<{ job: Job | undefined } | undefined> {
    if (action === 'cancel' && !(await confirm({ title: t('jobs.ask_cancel'), text: t('jobs.ask_cancel_text'), yes: t('jobs.ask_cancel_yes'), no: t('jobs.ask_cancel_no') }))) return undefined
    if (action === 'delete' && !(await confirm({ title: t('jobs.ask_delete'), text: t('jobs.ask_delete_text'), yes: t('jobs.delete'), danger: true }))) return undefined
    busy.value = action
    try {
      const now = await act(action, job.id)
      toast(t(SAID[action]))
      return { job: now }
    } catch (error) {
      const { message, hint } = told(error)
      toast(message, { hint, tone: 'bad' })
      return undefined
    } finally {
      busy.value = undefined
    }
  }

  return { perform, busy }
}
