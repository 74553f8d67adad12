import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { vi } from 'vitest'

/** A real server, to which the page's requests go until the function that comes back is called. */
export async function serve(answer: RequestListener): Promise<() => Promise<void>> {
  const server = createServer(answer)
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  // The page's addresses are relative to where it came from.
  const RealRequest = globalThis.Request
  vi.stubGlobal('Request', class extends RealRequest {
    constructor(input: string, init?: RequestInit) {
      super(new URL(input, base), init)
    }
  })
  return async () => {
    vi.unstubAllGlobals()
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
}
