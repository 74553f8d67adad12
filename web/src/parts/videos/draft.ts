import { reactive, watch } from 'vue'
import { remembered } from '../../shared/remembered'
import { toldLanguage } from './guess'

export type Source = 'text' | 'file' | 'microphone'

/** What the form of a new video holds, but for files; the names are those of a `speak` request. */
export interface Draft {
  source: Source
  avatar: string
  text: string
  /** What a recording says, if that is known. */
  transcript: string
  voice: string
  engine: string
  rate: number
  frame: 'head' | 'full'
  size: number
  fps: number
  seed: number
  subtitles: boolean
  label: boolean
}

export const USUAL: Draft = {
  source: 'text',
  avatar: '',
  text: '',
  transcript: '',
  voice: '',
  engine: 'auto',
  rate: 1,
  frame: 'head',
  size: 512,
  fps: 25,
  seed: 0,
  subtitles: true,
  label: true,
}

export const SIZES = [256, 384, 512, 720, 1080]
export const RATES = [15, 20, 25, 30, 50, 60]
export const OPTIONS = ['rate', 'frame', 'size', 'fps', 'seed', 'subtitles', 'label', 'engine'] as const

/** A draft from whatever was kept or asked for earlier; what does not fit is as usual. */
export function draftFrom(kept: Record<string, unknown>): Draft {
  const fits = Object.entries(kept).filter(([key, value]) => key in USUAL && typeof value === typeof USUAL[key as keyof Draft])
  const draft = { ...USUAL, ...(Object.fromEntries(fits) as Partial<Draft>) }
  if (!['text', 'file', 'microphone'].includes(draft.source)) draft.source = 'text'
  if (draft.frame !== 'full') draft.frame = 'head'
  return draft
}

/** The fields of the request. A recording has no voice, and its subtitles show what it is known to say. */
export function requested(draft: Draft): Record<string, string | number | boolean> {
  const { source, text, transcript, voice, ...rest } = draft
  if (source === 'text') return { ...rest, text: text.trim(), voice }
  const said = transcript.trim()
  return { ...rest, subtitles: rest.subtitles && said !== '', ...(said && { transcript: said, language: toldLanguage(said) }) }
}

export function changedOptions(draft: Draft): number {
  return OPTIONS.filter((key) => draft[key] !== USUAL[key]).length
}

/** The one draft of this browser. */
export function useDraft(): Draft {
  const kept = remembered<string>('draft', '{}')
  const draft = reactive(draftFrom(parsed(kept.value)))
  watch(draft, (now) => (kept.value = JSON.stringify(now)))
  return draft
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return value && typeof value === 'object' ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
