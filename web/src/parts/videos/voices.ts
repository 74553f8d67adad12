import type { Voice } from '../../api/types'
import { voiceId } from '../../api/voices'
import { languageName, primary } from '../../shared/languages'
import type { Choice } from '../ui/Combobox.vue'

/** For a list that can be searched: by language, those `first` before the others. */
export function voiceChoices(voices: Voice[], locale: string, first: string[], other: string): Choice[] {
  const groups = new Map<string, Voice[]>()
  for (const voice of voices) {
    const tag = primary(voice.language)
    groups.set(tag, [...(groups.get(tag) ?? []), voice])
  }
  const rank = (tag: string): number => (first.includes(tag) ? first.indexOf(tag) : first.length)
  return [...groups]
    .map(([tag, list]) => ({ tag, name: tag ? languageName(tag, locale) : other, list }))
    .sort((a, b) => rank(a.tag) - rank(b.tag) || a.name.localeCompare(b.name, locale))
    .flatMap(({ name, list }) => list.map((voice) => ({ value: voiceId(voice), label: voice.description || voice.name, detail: voice.engine, group: name })))
}

/** A voice for the language, of that engine if it has one. */
export function voiceFor(voices: Voice[], language: string, engine: string): Voice | undefined {
  const fit = voices.filter((voice) => primary(voice.language) === language)
  return fit.find((voice) => voice.engine === engine) ?? fit[0]
}

/** What a voice is tried with: the beginning of the text, to the end of a sentence if there is one; "" for the server's own words. */
export function sampleOf(text: string, most = 160): string {
  const words = text.trim().replace(/\s+/g, ' ')
  if (words.length <= most) return words
  const part = words.slice(0, most)
  const end = Math.max(...[...part.matchAll(/[.!?。！？]/g)].map(({ index }) => index + 1), 0)
  return end > 20 ? part.slice(0, end) : part.replace(/\s\S*$/, '')
}
