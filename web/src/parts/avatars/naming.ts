/** An avatar's name, as `mien.avatars.check_name` takes it. */
const NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_ .-]{0,62}[\p{L}\p{M}\p{N}_-])?$/u
const LONGEST = 64

export function isName(name: string): boolean {
  return NAME.test(name.trim().normalize('NFC')) && !name.includes('..')
}

/** What is wrong with a name; "": nothing, or nothing was entered yet. */
export function nameFault(name: string, taken: readonly string[]): '' | 'bad' | 'taken' {
  const wanted = name.trim().toLowerCase()
  if (!wanted) return ''
  if (!isName(name)) return 'bad'
  return taken.some((one) => one.toLowerCase() === wanted) ? 'taken' : ''
}

/** A name for the avatar made from a file, that none has yet. */
export function suggestedName(file: string, taken: readonly string[]): string {
  const words = file
    .normalize('NFC')
    .replace(/\.[^.]{1,5}$/, '')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()
  // Cameras number their pictures; a name without a word says nothing.
  const base = /^(img|image|dsc[nf]?|pxl|photo|picture|screenshot|微信图片|截图)?[\d ]*$/iu.test(words) ? '' : words.slice(0, LONGEST - 4).trim()
  if (!base || !isName(base)) return ''
  const has = new Set(taken.map((name) => name.toLowerCase()))
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base} ${number}`
    if (!has.has(name.toLowerCase())) return name
  }
}
