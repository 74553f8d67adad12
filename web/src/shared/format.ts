/** Numbers, sizes and times for people, in the page's language. */

const tag = (locale: string): string => (locale.startsWith('zh') ? 'zh-CN' : 'en-GB')

/** 1.2 MB; powers of ten, as the settings count. */
export function bytes(count: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log10(count) / 3), units.length - 1)
  const value = count / 1000 ** power
  // The short name of a byte has no plural.
  return new Intl.NumberFormat(tag(locale), { style: 'unit', unit: units[power], unitDisplay: power ? 'short' : 'long', maximumFractionDigits: value < 10 && power ? 1 : 0 }).format(value)
}

/** 45 s, 3 min 20 s, 2 h 5 min. */
export function duration(seconds: number, locale: string): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const [h, m, s] = locale.startsWith('zh') ? [' 小时', ' 分', ' 秒'] : [' h', ' min', ' s']
  if (hours) return minutes ? `${hours}${h} ${minutes}${m}` : `${hours}${h}`
  if (minutes) return rest ? `${minutes}${m} ${rest}${s}` : `${minutes}${m}`
  return `${rest}${s}`
}

/** 0:07, 12:30, 1:02:03: the length of a video. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const two = (n: number): string => String(n).padStart(2, '0')
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

/** Date and time of seconds since 1970. */
export function moment(at: number, locale: string): string {
  return new Intl.DateTimeFormat(tag(locale), { dateStyle: 'medium', timeStyle: 'short' }).format(at * 1000)
}

/** "5 minutes ago"; the date when it is long past. */
export function ago(at: number, locale: string, now = Date.now() / 1000): string {
  const past = now - at
  const format = new Intl.RelativeTimeFormat(tag(locale), { numeric: 'auto' })
  if (past < 45) return format.format(0, 'second')
  if (past < 3600) return format.format(-Math.max(1, Math.round(past / 60)), 'minute')
  if (past < 86_400) return format.format(-Math.round(past / 3600), 'hour')
  if (past < 7 * 86_400) return format.format(-Math.round(past / 86_400), 'day')
  return new Intl.DateTimeFormat(tag(locale), { dateStyle: 'medium' }).format(at * 1000)
}

export function number(value: number, locale: string, digits = 1): string {
  return new Intl.NumberFormat(tag(locale), { maximumFractionDigits: digits }).format(value)
}
