import { describe, expect, it } from 'vitest'
import en, { parts } from '../src/i18n/en'
import zh from '../src/i18n/zh'
import { preferred } from '../src/i18n/preferred'

type Tree = { [key: string]: string | Tree }

function leaves(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]) => (typeof value === 'string' ? [[path + key, value] as [string, string]] : leaves(value, `${path}${key}.`)))
}

const placeholders = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!))].sort()
const forms = (text: string): number => text.split(' | ').length

describe('texts', () => {
  it('exist in both languages under the same keys', () => {
    expect(leaves(zh).map(([key]) => key).sort()).toEqual(leaves(en).map(([key]) => key).sort())
  })

  it('are never empty and have the same placeholders and plural forms', () => {
    const chinese = new Map(leaves(zh))
    for (const [key, text] of leaves(en)) {
      expect(text, key).not.toBe('')
      expect(chinese.get(key), key).not.toBe('')
      expect(placeholders(chinese.get(key)!), key).toEqual(placeholders(text))
      expect(forms(chinese.get(key)!), key).toBe(forms(text))
    }
  })

  it('stand in groups that belong to one file each', () => {
    const groups = Object.values(parts).flatMap((part) => Object.keys(part))
    expect(new Set(groups).size).toBe(groups.length)
  })
})

describe('preferred', () => {
  it('takes the first language of the browser that there is', () => {
    expect(preferred(['fr-FR', 'zh-TW', 'en'])).toBe('zh')
    expect(preferred(['en-GB', 'zh'])).toBe('en')
    expect(preferred(['fr'])).toBe('en')
    expect(preferred([])).toBe('en')
  })
})
