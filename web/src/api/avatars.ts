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

/** Whether a video is good enough to learn from; `train` takes the job's id. */
export const checkClip = (file: File, sending?: Sending): Promise<Job> => upload('/api/v1/train/check', { file, name: file.name.slice(-200) }, sending)

export interface NewTraining {
  name: string
  engine: string
  /** Of a check that was made before. */
  check_id: string
  /** Pixels. */
  size?: number
  /** OpenFace's table. */
  au_csv?: File
  /** A picture behind the person, or … */
  background?: File
  /** … a colour, #rrggbb. */
  background_colour?: string
  /** Measure it in the end. */
  evaluate?: boolean
  licence?: string
  consent: string
}
export const train = (training: NewTraining, sending?: Sending): Promise<Job> => upload('/api/v1/train', training, sending)
