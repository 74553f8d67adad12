import { address, call, json, upload } from './call'
import type { Avatar, Inspection, Job } from './types'

type Sending = NonNullable<Parameters<typeof upload>[2]>

const at = (name: string): string => `/avatars/${encodeURIComponent(name)}`

export const listAvatars = (signal?: AbortSignal): Promise<Avatar[]> => json('GET', '/avatars', { signal })
export const getAvatar = (name: string, signal?: AbortSignal): Promise<Avatar> => json('GET', at(name), { signal })
export const deleteAvatar = async (name: string): Promise<void> => void (await call('DELETE', at(name)))
export const exportUrl = (name: string): string => address(`${at(name)}/export`)

/** What the picture shows and how well it suits. */
export const inspectPicture = (file: Blob, sending?: Sending): Promise<Inspection> => upload('/avatars/inspect', { file }, sending)

export interface NewAvatar {
  name: string
  file: Blob
  engine?: string
  licence?: string
  consent: string
}
export const createAvatar = (avatar: NewAvatar, sending?: Sending): Promise<Job> => upload('/avatars', { ...avatar }, sending)
export const importAvatar = (file: Blob, name = '', sending?: Sending): Promise<Job> => upload('/avatars/import', { file, name }, sending)

/** As NewAvatar, with an engine that can be trained and a video. */
export const train = (avatar: NewAvatar & { engine: string }, sending?: Sending): Promise<Job> => upload('/train', { ...avatar }, sending)
