import type { RouteLocationRaw } from 'vue-router'
import type { IconName } from '../AppIcon.vue'

export interface Place {
  /** Of the text `nav.NAME` and of the route. */
  name: 'home' | 'avatars' | 'videos' | 'training' | 'live' | 'jobs' | 'settings'
  icon: IconName
  to: RouteLocationRaw
}

const place = (name: Place['name'], icon: IconName): Place => ({ name, icon, to: { name } })

export const PLACES: Place[] = [
  place('home', 'home'),
  place('avatars', 'people'),
  place('videos', 'film'),
  place('training', 'training'),
  place('live', 'chat'),
  place('jobs', 'jobs'),
  place('settings', 'gear'),
]

/** What stands in the bar of a phone; the others are in its menu. */
export const FIRST: Place['name'][] = ['home', 'videos', 'live', 'avatars']

/** Which place a path belongs to. */
export function placeOf(path: string): Place['name'] {
  const first = path.split('/')[1] ?? ''
  if (first === 'compare' || first === 'lips') return 'videos'
  return PLACES.find(({ name }) => name === first)?.name ?? 'home'
}
