import avatars from './avatars'
import home from './home'
import jobs from './jobs'
import live from './live'
import settings from './settings'
import shell from './shell'
import training from './training'
import videos from './videos'

/** Each file brings groups of its own; no two have a group of the same name. */
export const parts = { shell, home, avatars, videos, training, live, jobs, settings }

export default { ...shell, ...home, ...avatars, ...videos, ...training, ...live, ...jobs, ...settings }
