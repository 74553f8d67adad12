/** Scripts that are written in one language only, or by far the most in it. */
const SCRIPTS: [RegExp, string][] = [
  [/[\p{sc=Hiragana}\p{sc=Katakana}]/gu, 'ja'],
  [/\p{sc=Hangul}/gu, 'ko'],
  [/\p{sc=Han}/gu, 'zh'],
  [/\p{sc=Cyrillic}/gu, 'ru'],
  [/\p{sc=Greek}/gu, 'el'],
  [/\p{sc=Arabic}/gu, 'ar'],
  [/\p{sc=Hebrew}/gu, 'he'],
  [/\p{sc=Devanagari}/gu, 'hi'],
  [/\p{sc=Thai}/gu, 'th'],
]

/** Small words that one language has and its neighbours do not. */
const WORDS: Record<string, string> = {
  en: 'the and of to is you that it for with are this have was what we i my your hello',
  de: 'der die das und ist nicht ich sie mit für ein eine auf wir zu den dem guten',
  fr: 'le les des et est vous je une pour dans pas que nous avec sur ce bonjour du',
  es: 'el los las y es que una por con para no está usted yo del hola su como',
  it: 'il gli e è che una per con non sono di della questo ciao io anche',
  pt: 'o os as e é que uma por com para não você eu do da olá em um',
  nl: 'de het een en is niet ik van voor met op dat zijn wij je hallo',
  pl: 'i w nie na się to jest z że do jak dzień dobry cześć',
  tr: 've bir bu ne için değil ben sen çok merhaba da mi',
  vi: 'và là của không tôi có một bạn cho xin chào được',
}
const LANGUAGES_OF = new Map<string, string[]>()
for (const [language, words] of Object.entries(WORDS)) {
  for (const word of words.split(' ')) LANGUAGES_OF.set(word, [...(LANGUAGES_OF.get(word) ?? []), language])
}

/** The language that a text is most likely written in; "" if that cannot be told. */
export function guessedLanguage(text: string): string {
  const sample = text.slice(0, 2000)
  const letters = count(sample, /\p{L}/gu)
  for (const [script, language] of SCRIPTS) {
    // Kana stand between Chinese signs, and one such sign stands for a word.
    const weight = language === 'ja' ? 5 : language === 'zh' ? 3 : 1
    if (weight * count(sample, script) > letters / 2) return language
  }
  return byWords(sample)
}

/** Languages in Latin script, which that script does not tell apart. */
const LATIN = ['de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'tr', 'vi']
export const isLatin = (tag: string): boolean => LATIN.includes(tag)

/** What a server has to be told of the language of what is said in a recording; "": the script says enough. */
export function toldLanguage(text: string): string {
  const language = guessedLanguage(text)
  return isLatin(language) ? language : ''
}

function byWords(text: string): string {
  const votes = new Map<string, number>()
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    const languages = LANGUAGES_OF.get(word) ?? []
    for (const language of languages) votes.set(language, (votes.get(language) ?? 0) + 1 / languages.length)
  }
  const [best, second] = [...votes].sort((a, b) => b[1] - a[1])
  return best && best[1] > (second?.[1] ?? 0) ? best[0] : ''
}

function count(text: string, what: RegExp): number {
  return text.match(what)?.length ?? 0
}

/** Seconds that a text takes to say, about: 5 syllables a second, a sign of Chinese being one. */
export function spokenSeconds(text: string, rate = 1): number {
  const signs = count(text, /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]/gu)
  const others = count(text, /[\p{L}\p{N}]/gu) - signs
  // Among Chinese signs a digit is a syllable of its own, and Latin words are spelt or said slowly.
  const digits = count(text, /\p{N}/gu)
  const chinese = signs > others / 4
  const rest = chinese ? digits / 4 + (others - digits) / 8 : others / 13
  return (signs / 4.5 + rest + count(text, /[.!?。！？,，;；\n]/g) * 0.25) / rate
}
