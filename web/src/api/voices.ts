import { address, json } from './call'
import type { Voice } from './types'

export const listVoices = (query: { language?: string; engine?: string } = {}, signal?: AbortSignal): Promise<Voice[]> => json('GET', '/voices', { query, signal })

/** How a voice is named in requests. */
export const voiceId = (voice: Pick<Voice, 'engine' | 'name'>): string => `${voice.engine}:${voice.name}`

/** Address of an MP3 in which the voice says the text (<= 300 characters), or a short sentence of its language. */
export const sampleUrl = (voice: string, text = ''): string => address('/voices/sample', { voice, text })
