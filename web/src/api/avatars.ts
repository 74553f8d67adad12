import { address, api, got, upload, type Sending } from './call'
import type { Avatar, Inspection, Job } from './types'

export const listAvatars = (signal?: AbortSignal): Promise<Avatar[]> => got(api.GET('/api/v1/avatars', { signal }))
export const deleteAvatar = (name: string): Promise<void> => got(api.DELETE('/api/v1/avatars/{name}', { params: { path: { name } } }))
export const exportUrl = (name: string): string => address('/api/v1/avatars/{name}/export', { name })

/** What the picture shows and how well it suits. */
export const inspectPicture = (file: Blob, sending?: Sending): Promise<Inspection> => upload('/api/v1/avatars/inspect', { file }, sending)

export interface NewAvatar {
  name: string
  file: Blob
  engine?: string
  licence?: string
  consent: string
}
export const createAvatar = (avatar: NewAvatar, sending?: Sending): Promise<Job> => upload('/api/v1/avatars', avatar, sending)
export const importAvatar = (file: Blob, name = '', sending?: Sending): Promise<Job> => upload('/api/v1/avatars/import', { file, name }, sending)

/** As NewAvatar, with an engine that can be trained and a video. */
export const train = (avatar: NewAvatar & { engine: string }, sending?: Sending): Promise<Job> => upload('/api/v1/train', avatar, sending)
