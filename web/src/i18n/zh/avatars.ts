import type en from '../en/avatars'

const zh: typeof en = {
  avatars: {},
}

export default zh
