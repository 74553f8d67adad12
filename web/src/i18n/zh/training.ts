import type en from '../en/training'

const zh: typeof en = {
  training: {},
}

export default zh
