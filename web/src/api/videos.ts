import { address, call, json, upload } from './call'
import type { Job, SpeakRequest, Video, VideoPage } from './types'

const at = (id: string): string => `/videos/${encodeURIComponent(id)}`

export const listVideos = (query: { limit?: number; offset?: number } = {}, signal?: AbortSignal): Promise<VideoPage> => json('GET', '/videos', { query, signal })
export const getVideo = (id: string, signal?: AbortSignal): Promise<Video> => json('GET', at(id), { signal })
export const deleteVideo = async (id: string): Promise<void> => void (await call('DELETE', at(id)))
export const downloadUrl = (id: string): string => address(`${at(id)}/video.mp4`, { download: true })
export const subtitlesUrl = (id: string, kind: 'srt' | 'vtt'): string => address(`${at(id)}/subtitles.${kind}`)

/** Makes a video of a text, or of a recording; gives its job. `key`: see `newKey`. */
export function speak(request: Partial<SpeakRequest>, audio?: Blob, sending: NonNullable<Parameters<typeof upload>[2]> = {}): Promise<Job> {
  if (audio) return upload('/speak', { ...request, audio }, sending)
  return json('POST', '/speak', { body: request, headers: sending.key ? { 'Idempotency-Key': sending.key } : {}, signal: sending.signal })
}
