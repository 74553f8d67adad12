import type en from '../en/videos'

const zh: typeof en = {
  videos: {},
}

export default zh
