import type en from '../en/jobs'

const zh: typeof en = {
  jobs: {},
}

export default zh
