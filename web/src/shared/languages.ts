import type { Voice } from '../api/types'

/** "cmn" and "yue" are written as Chinese by most; voices name them by their own codes. */
const PRIMARY: Record<string, string> = { cmn: 'zh' }

export function primary(tag: string): string {
  const first = tag.toLowerCase().split(/[-_]/)[0] ?? ''
  return PRIMARY[first] ?? first
}

export function languageName(tag: string, locale: string): string {
  try {
    return new Intl.DisplayNames([locale], { type: 'language' }).of(tag) ?? tag
  } catch {
    return tag
  }
}

/** Languages that some voice speaks: the given ones first, then by name. */
export function spokenLanguages(voices: Voice[], locale: string, first: string[]): { tag: string; name: string }[] {
  const tags = new Set(voices.map((voice) => primary(voice.language)).filter(Boolean))
  const named = [...tags].map((tag) => ({ tag, name: languageName(tag, locale) }))
  const rank = (tag: string): number => (first.includes(tag) ? first.indexOf(tag) : first.length)
  return named
    .filter(({ tag, name }) => name !== tag)
    .sort((a, b) => rank(a.tag) - rank(b.tag) || a.name.localeCompare(b.name, locale))
}

/** Voices that speak the language; those that say of no language count for all. */
export function voicesFor(voices: Voice[], language: string): Voice[] {
  return voices.filter((voice) => !language || !voice.language || primary(voice.language) === primary(language))
}
