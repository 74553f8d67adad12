import type { Setting, SettingValue } from '../../api/types'

export type Draft = Record<string, SettingValue>

/** Only what differs from what is kept: it can be tried out and saved; null: back to the default. A secret counts as soon as something was entered; null removes. */
export function changesOf(settings: readonly Setting[], draft: Draft): Draft {
  const changes: Draft = {}
  for (const { name, secret, value, set, locked, default: usual } of settings) {
    const now = draft[name]
    if (now === undefined || locked) continue
    if (secret ? (now === null ? set : now !== '') : now !== value) changes[name] = !secret && now === usual ? null : now
  }
  return changes
}

/** What was typed, as the setting's type; undefined: it is not one. */
export function typed(setting: Pick<Setting, 'type' | 'minimum' | 'maximum'>, text: string): string | number | undefined {
  if (setting.type !== 'integer' && setting.type !== 'number') return text
  const value = Number(text)
  if (!text.trim() || !Number.isFinite(value) || (setting.type === 'integer' && !Number.isInteger(value))) return undefined
  if (value < (setting.minimum ?? -Infinity) || value > (setting.maximum ?? Infinity)) return undefined
  return value
}
