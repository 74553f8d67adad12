/** What a browser can tell of a video before it is sent. Numbers are the least that training needs. */
export interface Seen {
  bytes: number
  type: string
  playable?: boolean
  /** undefined: the browser does not know. */
  seconds?: number
}

/** Why a video need not be sent. */
export type Fault = 'type' | 'too_big' | 'too_short'

export const SHORTEST_S = 8

export function faultOf(video: Seen, uploadMb: number): Fault | undefined {
  if (!/^video\//.test(video.type)) return 'type'
  if (video.bytes > uploadMb * 1e6) return 'too_big'
  return video.seconds !== undefined && video.seconds < SHORTEST_S ? 'too_short' : undefined
}

/** Lets the browser look at the file; never fails. The URL is the caller's to revoke. */
export function look(file: File, url: string): Promise<Seen> {
  const known = { bytes: file.size, type: file.type || typeOf(file.name) }
  return new Promise((resolve) => {
    const video = document.createElement('video')
    const give = (more: Partial<Seen>): void => {
      clearTimeout(timer)
      video.removeAttribute('src')
      video.load()
      resolve({ ...known, ...more })
    }
    const timer = setTimeout(() => give({}), 8000)
    video.preload = 'metadata'
    video.onloadedmetadata = () => give({ playable: true, seconds: Number.isFinite(video.duration) ? video.duration : undefined })
    video.onerror = () => give({})
    video.src = url
  })
}

/** Some systems know no type for them. */
function typeOf(name: string): string {
  return /\.(mp4|mov|m4v|mkv|webm|avi)$/i.test(name) ? 'video/unknown' : ''
}
