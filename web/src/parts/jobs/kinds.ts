import type { JobKind } from '../../api/types'
import type { Action } from '../../jobs/actions'
import type { IconName } from '../AppIcon.vue'

export const KINDS: JobKind[] = ['speak', 'create_avatar', 'import_avatar', 'check_clip', 'train', 'evaluate', 'pull_weights']

export const ICONS: Record<JobKind, IconName> = { speak: 'film', create_avatar: 'people', import_avatar: 'upload', check_clip: 'film', train: 'training', evaluate: 'mouth', pull_weights: 'download' }

export const ACTION_ICONS: Record<Action, IconName> = { cancel: 'close', resume: 'play', retry: 'retry', delete: 'trash' }
