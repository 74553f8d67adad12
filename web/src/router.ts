import { watch } from 'vue'
import { createRouter, createWebHashHistory, START_LOCATION, type RouteRecordRaw } from 'vue-router'
import { lookAgain } from './jobs/active'
import { online } from './shared/online'

declare module 'vue-router' {
  interface RouteMeta {
    /** Key of the page's title in the texts. */
    title: string
    /** Fills the window and does not scroll as a whole. */
    full?: boolean
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/', name: 'home', meta: { title: 'nav.home' }, component: () => import('./pages/HomePage.vue') },
  { path: '/avatars', name: 'avatars', meta: { title: 'nav.avatars' }, component: () => import('./pages/AvatarsPage.vue') },
  { path: '/avatars/new', name: 'new-avatar', meta: { title: 'nav.new_avatar' }, component: () => import('./pages/NewAvatarPage.vue') },
  { path: '/videos', name: 'videos', meta: { title: 'nav.videos' }, component: () => import('./pages/VideosPage.vue') },
  { path: '/videos/new', name: 'new-video', meta: { title: 'nav.new_video' }, component: () => import('./pages/NewVideoPage.vue') },
  { path: '/videos/:id', name: 'video', meta: { title: 'nav.videos' }, component: () => import('./pages/VideoPage.vue'), props: true },
  { path: '/lips', name: 'lips', meta: { title: 'nav.lips' }, component: () => import('./pages/LipsPage.vue') },
  { path: '/compare/:a?/:b?', name: 'compare', meta: { title: 'nav.compare' }, component: () => import('./pages/ComparePage.vue'), props: true },
  { path: '/training', name: 'training', meta: { title: 'nav.training' }, component: () => import('./pages/TrainingPage.vue') },
  { path: '/live/:session?', name: 'live', meta: { title: 'nav.live', full: true }, component: () => import('./pages/LivePage.vue') },
  { path: '/jobs', name: 'jobs', meta: { title: 'nav.jobs' }, component: () => import('./pages/JobsPage.vue') },
  { path: '/jobs/:id', name: 'job', meta: { title: 'nav.job' }, component: () => import('./pages/JobPage.vue'), props: true },
  { path: '/settings/:tab?', name: 'settings', meta: { title: 'nav.settings' }, component: () => import('./pages/SettingsPage.vue'), props: true },
  { path: '/:rest(.*)*', name: 'not-found', meta: { title: 'nav.not_found' }, component: () => import('./pages/NotFoundPage.vue') },
]

// Behind the hash, so that an address with a session or a job in it never reaches the server or its log.
export const router = createRouter({ history: createWebHashHistory(), routes })

// A page's code could not be had: the server is away, or has another version by now. One goes on as soon as it answers.
router.onError((_, to) => {
  online.value = false
  const stop = watch(online, () => {
    stop()
    if (Date.now() - Number(sessionStorage.getItem('mien.reload')) < 20_000) return
    sessionStorage.setItem('mien.reload', String(Date.now()))
    location.hash = to.fullPath
    location.reload()
  })
  lookAgain()
})

// `mien live` opens /?avatar=NAME: that is wanted now, not whenever one comes back to the conversation.
router.beforeEach((to, from) => {
  const begins = from === START_LOCATION && (to.name === 'home' || (to.name === 'live' && !to.params.session && !to.query.avatar))
  const avatar = begins && new URLSearchParams(location.search).get('avatar')
  if (avatar) return { name: 'live', query: { avatar } }
})
