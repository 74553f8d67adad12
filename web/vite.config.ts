import tailwindcss from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const server = process.env.MIEN_SERVER ?? 'http://127.0.0.1:8600'

export default defineConfig({
  plugins: [vue(), tailwindcss()],
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    __INTLIFY_PROD_DEVTOOLS__: false,
  },
  build: {
    outDir: '../src/mien/server/static',
    emptyOutDir: true,
    target: 'es2022',
    // The page's content security policy allows no scripts from data URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What pages share comes at once with the shell: twenty little files, one after the other, cost a third of a second.
    rollupOptions: { output: { manualChunks: (id) => (/node_modules|\/src\/(parts\/(ui|avatars|videos|jobs)|shared|jobs|api)\//.test(id) ? 'shared' : undefined) } },
  },
  server: { proxy: { '/api': { target: server, ws: true } } },
  test: { include: ['tests/**/*.test.ts'] },
})
