import type en from '../en/settings'

const zh: typeof en = {
  settings: {},
}

export default zh
