/** What a browser can tell of a video before it is sent. Numbers are the least that training needs. */
export interface Seen {
  bytes: number
  type: string
  /** undefined: the browser cannot play it, so it does not know. */
  seconds?: number
  width?: number
  height?: number
}

export interface Finding {
  code: 'type' | 'too_big' | 'too_short' | 'short' | 'long' | 'small' | 'unknown' | 'fine'
  level: 'good' | 'warn' | 'bad'
}

export const SHORTEST_S = 5
export const GOOD_S = 60
export const LONGEST_S = 30 * 60
const SMALLEST_SIDE = 360

export function checked(video: Seen, uploadMb: number): Finding[] {
  if (!/^video\//.test(video.type)) return [{ code: 'type', level: 'bad' }]
  const found: Finding[] = []
  if (video.bytes > uploadMb * 1e6) found.push({ code: 'too_big', level: 'bad' })
  if (video.seconds === undefined) found.push({ code: 'unknown', level: 'warn' })
  else if (video.seconds < SHORTEST_S) found.push({ code: 'too_short', level: 'bad' })
  else if (video.seconds < GOOD_S) found.push({ code: 'short', level: 'warn' })
  else if (video.seconds > LONGEST_S) found.push({ code: 'long', level: 'warn' })
  if (video.width && video.height && Math.min(video.width, video.height) < SMALLEST_SIDE) found.push({ code: 'small', level: 'warn' })
  return found.length ? found : [{ code: 'fine', level: 'good' }]
}

export const isUsable = (findings: Finding[]): boolean => findings.every(({ level }) => level !== 'bad')

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
    video.onloadedmetadata = () => give({ seconds: Number.isFinite(video.duration) ? video.duration : undefined, width: video.videoWidth, height: video.videoHeight })
    video.onerror = () => give({})
    video.src = url
  })
}

/** Some systems know no type for them. */
function typeOf(name: string): string {
  return /\.(mp4|mov|m4v|mkv|webm|avi)$/i.test(name) ? 'video/unknown' : ''
}
