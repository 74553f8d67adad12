import { online } from '../shared/online'
import { ApiError, problemFrom, problemOf } from './errors'

export const ROOT = '/api/v1'

interface Init {
  query?: object
  body?: unknown
  headers?: HeadersInit
  signal?: AbortSignal
  keepalive?: boolean
}

/** Path with its query; lists repeat their name, what is undefined or empty is left out. */
export function address(path: string, query: object = {}): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined && one !== '') search.append(name, String(one))
  }
  return ROOT + path + (search.size ? `?${search}` : '')
}

/** Sends a request to the server; throws ApiError, or what an abort throws. */
export async function call(method: string, path: string, init: Init = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  if (init.body !== undefined) headers.set('Content-Type', 'application/json')
  const body = init.body === undefined ? undefined : JSON.stringify(init.body)
  let response: Response
  try {
    response = await fetch(address(path, init.query), { method, headers, body, signal: init.signal, keepalive: init.keepalive })
  } catch (error) {
    if (init.signal?.aborted) throw error
    online.value = false
    throw new ApiError(0, 'offline', String(error))
  }
  online.value = true
  if (!response.ok) throw noticed(await problemOf(response))
  return response
}

export async function json<T>(method: string, path: string, init: Init = {}): Promise<T> {
  return (await call(method, path, init)).json()
}

/** Name of a request that is sent again if no answer came; the server does it once. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

interface Sending {
  signal?: AbortSignal
  /** Share of the body that was sent, 0 to 1. */
  onProgress?: (share: number) => void
  /** See `newKey`. */
  key?: string
}

/** POSTs a form with files. `fetch` cannot tell how much was sent. Throws ApiError, or DOMException AbortError. */
export function upload<T>(path: string, fields: Record<string, string | number | boolean | Blob | undefined>, { signal, onProgress, key }: Sending = {}): Promise<T> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.append(name, value instanceof Blob ? value : String(value))
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    const request = new XMLHttpRequest()
    request.open('POST', ROOT + path)
    request.responseType = 'json'
    if (key) request.setRequestHeader('Idempotency-Key', key)
    request.upload.onprogress = (event) => event.lengthComputable && onProgress?.(event.loaded / event.total)
    request.onload = () => {
      online.value = true
      if (request.status < 300) resolve(request.response as T)
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

/** Who is not known is sent to the server's login page; once, lest the two send each other in circles. */
function noticed(error: ApiError): ApiError {
  if (error.status === 401 && error.code === 'access') {
    const last = Number(sessionStorage.getItem('mien.login'))
    if (Date.now() - last > 20_000) {
      sessionStorage.setItem('mien.login', String(Date.now()))
      location.reload()
    }
  }
  return error
}
