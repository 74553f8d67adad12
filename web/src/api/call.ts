import createClient from 'openapi-fetch'
import { online } from '../shared/online'
import { ApiError, problemFrom, problemOf } from './errors'
import type { paths } from './schema'

/** `fetch`, but what the server refuses is thrown as ApiError, also that it was not reached. */
async function reach(request: Request): Promise<Response> {
  let response: Response
  try {
    response = await fetch(request)
  } catch (error) {
    if (request.signal.aborted) throw error
    online.value = false
    throw new ApiError(0, 'offline', String(error))
  }
  online.value = true
  if (!response.ok) throw noticed(await problemOf(response))
  return response
}

/** The server's interface as openapi.json describes it; throws ApiError, or what an abort throws. */
export const api = createClient<paths>({ fetch: reach })

/** What came; a refusal was thrown before. */
export async function got<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T
}

/** Address on this server, for pictures, players and downloads. */
export function address(path: Extract<keyof paths, string>, names: Record<string, string> = {}, query: Record<string, string | boolean> = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? ''))
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '').map(([name, value]) => [name, String(value)]))
  return filled + (search.size ? `?${search}` : '')
}

/** Name of a request that is sent again if no answer came; the server does it once. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

export interface Sending {
  signal?: AbortSignal
  /** Share of the body that was sent, 0 to 1. */
  onProgress?: (share: number) => void
  /** See `newKey`. */
  key?: string
}

type Form<Path extends keyof paths> = paths[Path] extends { post: { requestBody: { content: { 'multipart/form-data': infer Fields } } } } ? Fields : never
type Answered<Path extends keyof paths> = paths[Path] extends { post: { responses: infer Responses } } ? (Responses[keyof Responses] extends { content: { 'application/json': infer Body } } ? Body : never) : never

/** POSTs a form with files; `fetch` could not tell how much was sent. Throws ApiError, or DOMException AbortError. */
export function upload<Path extends Extract<keyof paths, string>>(path: Path, fields: Form<Path>, { signal, onProgress, key }: Sending = {}): Promise<Answered<Path>> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields as object)) if (value !== undefined) form.append(name, value instanceof Blob ? value : String(value))
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const request = new XMLHttpRequest()
    request.open('POST', path)
    request.responseType = 'json'
    if (key) request.setRequestHeader('Idempotency-Key', key)
    request.upload.onprogress = (event) => event.lengthComputable && onProgress?.(event.loaded / event.total)
    request.onload = () => {
      online.value = true
      if (request.status < 300) resolve(request.response as Answered<Path>)
      else reject(noticed(problemFrom(request.status, request.response, request.getResponseHeader('Retry-After'))))
    }
    request.onerror = () => {
      online.value = false
      reject(new ApiError(0, 'offline', 'The connection broke.'))
    }
    request.onabort = () => reject(new DOMException('The upload was given up.', 'AbortError'))
    signal?.addEventListener('abort', () => request.abort())
    request.send(form)
  })
}

/** Who is not known is sent to the server's login page; once in a while, lest the two send each other in circles. */
function noticed(error: ApiError): ApiError {
  if (error.status === 401 && Date.now() - Number(sessionStorage.getItem('mien.login')) > 20_000) {
    sessionStorage.setItem('mien.login', String(Date.now()))
    location.reload()
  }
  return error
}
