import { api, got } from './call'
import type { Voice } from './types'

export const listVoices = (query: { language?: string; engine?: string } = {}, signal?: AbortSignal): Promise<Voice[]> => got(api.GET('/api/v1/voices', { params: { query }, signal }))

/** How a voice is named in requests. */
export const voiceId = (voice: Pick<Voice, 'engine' | 'name'>): string => `${voice.engine}:${voice.name}`

/** MP3 in which the voice says the text (<= 300 characters), or a short sentence of its language. */
export const voiceSample = (voice: string, text = '', signal?: AbortSignal): Promise<Blob> => got(api.GET('/api/v1/voices/sample', { params: { query: { voice, text } }, parseAs: 'blob', signal }))
