export type Locale = 'en' | 'zh'

/** The first of the browser's languages that the page has. */
export function preferred(languages: readonly string[]): Locale {
  return languages.map((tag) => tag.toLowerCase().split('-')[0]).find((tag) => tag === 'zh' || tag === 'en') === 'zh' ? 'zh' : 'en'
}
