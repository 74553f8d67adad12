import { saidInChinese } from '../i18n/said'

/** What the server refused, in its own words; `code` is stable. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint = '',
    readonly retryAfterS = 0,
  ) {
    super(message)
  }
}

/** Status 0: the server was not reached. */
export function isOffline(error: unknown): boolean {
  return error instanceof ApiError && error.status === 0
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError'
}

/** Reads problem JSON (RFC 9457); anything else becomes an error without a hint. */
export function problemFrom(status: number, body: unknown, retryAfter: string | null): ApiError {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const text = (key: string): string => (typeof fields[key] === 'string' ? fields[key] : '')
  const message = text('detail') || text('message') || text('title') || `HTTP ${status}`
  return new ApiError(status, text('code') || 'error', message, text('hint'), Number(retryAfter) || 0)
}

export async function problemOf(response: Response): Promise<ApiError> {
  return problemFrom(response.status, await response.json().catch(() => undefined), response.headers.get('Retry-After'))
}

interface Texts {
  t: (key: string) => string
  te: (key: string) => boolean
  english: boolean
}

/** An error, or what a job tells of its own, for people. The server speaks English: elsewhere its sentence stands below what its code means. */
export function told(error: unknown, { t, te, english }: Texts): { message: string; hint: string } {
  if (isOffline(error)) return { message: t('error.offline'), hint: t('error.offline_hint') }
  const { code, message, hint } = { code: '', message: '', hint: '', ...(error as object), ...(error instanceof Error ? { message: error.message } : {}) }
  if (!code || !message) return { message: t('error.other'), hint: message }
  const key = `error.${code}`
  const chinese = english ? undefined : saidInChinese(code, message)
  return english || !(chinese || te(key)) ? { message, hint } : { message: chinese ?? t(key), hint: [message, hint].filter(Boolean).join(' ') }
}
