import type en from '../en/home'

const zh: typeof en = {
  home: {},
}

export default zh
