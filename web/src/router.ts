import { createRouter, createWebHashHistory } from 'vue-router'
import LivePage from './pages/LivePage.vue'

// Behind the hash, so that an address with a session in it never reaches the server or its log.
export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: '/live/:session?', name: 'live', component: LivePage },
    { path: '/:rest(.*)*', redirect: { name: 'live' } },
  ],
})
