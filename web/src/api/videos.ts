import { address, api, got, upload, type Sending } from './call'
import type { EvaluateRequest, Job, SpeakRequest, Video, VideoPage } from './types'

export const listVideos = (query: { limit?: number; offset?: number } = {}, signal?: AbortSignal): Promise<VideoPage> => got(api.GET('/api/v1/videos', { params: { query }, signal }))
export const getVideo = (video_id: string, signal?: AbortSignal): Promise<Video> => got(api.GET('/api/v1/videos/{video_id}', { params: { path: { video_id } }, signal }))
export const deleteVideo = (video_id: string): Promise<void> => got(api.DELETE('/api/v1/videos/{video_id}', { params: { path: { video_id } } }))
export const downloadUrl = (video_id: string): string => address('/api/v1/videos/{video_id}/video.mp4', { video_id }, { download: true })
export const subtitlesUrl = (video_id: string, kind: 'srt' | 'vtt'): string => address(`/api/v1/videos/{video_id}/subtitles.${kind}`, { video_id })

/** Makes a video of a text, or of a recording; gives its job. */
export function speak(request: Partial<SpeakRequest>, audio?: Blob, sending: Sending = {}): Promise<Job> {
  if (audio) return upload('/api/v1/speak', { ...request, audio }, sending)
  const header = sending.key ? { 'Idempotency-Key': sending.key } : {}
  // What is left out has the server's default.
  return got(api.POST('/api/v1/speak', { params: { header }, body: request as SpeakRequest, signal: sending.signal }))
}

/** Measures the lips of a video that was made here, or of one that is sent; gives its job. */
export function checkLips(request: Partial<EvaluateRequest>, files: { video?: Blob; reference?: Blob } = {}, sending: Sending = {}): Promise<Job> {
  if (files.video || files.reference) return upload('/api/v1/evaluate/sync', { ...request, ...files }, sending)
  const header = sending.key ? { 'Idempotency-Key': sending.key } : {}
  return got(api.POST('/api/v1/evaluate/sync', { params: { header }, body: request as EvaluateRequest, signal: sending.signal }))
}
