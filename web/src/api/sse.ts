/** Reads server-sent events from a fetched body; unlike EventSource it can send headers and sees the HTTP status. */

export interface ServerEvent {
  id: string
  kind: string
  data: string
}

/** Takes text in pieces of any length and gives the events that are complete. */
export class EventParser {
  /** Of the last event that had one. */
  lastId = ''
  private rest = ''
  private kind = ''
  private data: string[] = []

  push(text: string): ServerEvent[] {
    // A carriage return at the very end may be the first half of a line end.
    const all = this.rest + text
    const usable = all.endsWith('\r') ? all.slice(0, -1) : all
    const lines = usable.split(/\r\n|\n|\r/)
    this.rest = lines.pop()! + all.slice(usable.length)
    return lines.map((line) => this.line(line)).filter((event) => event !== undefined)
  }

  private line(line: string): ServerEvent | undefined {
    if (line === '') return this.dispatch()
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.kind = value
    else if (field === 'data') this.data.push(value)
    else if (field === 'id' && !value.includes('\0')) this.lastId = value
  }

  private dispatch(): ServerEvent | undefined {
    const { kind, data } = this
    this.kind = ''
    this.data = []
    if (data.length) return { id: this.lastId, kind: kind || 'message', data: data.join('\n') }
  }
}

export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const parser = new EventParser()
  const decoder = new TextDecoder()
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield* parser.push(decoder.decode(value, { stream: true }))
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
