import { describe, expect, it } from 'vitest'
import { EventParser, readEvents, type ServerEvent } from '../src/api/sse'

function parse(...pieces: string[]): ServerEvent[] {
  const parser = new EventParser()
  return pieces.flatMap((piece) => parser.push(piece))
}

describe('EventParser', () => {
  it('gives kind, id and data', () => {
    expect(parse('id: 7\nevent: state\ndata: {"state":"idle"}\n\n')).toEqual([{ id: '7', kind: 'state', data: '{"state":"idle"}' }])
  })

  it('gives the same events however the text is cut', () => {
    const text = 'id: 1\r\nevent: a\r\ndata: x\r\n\r\nid: 2\revent: b\rdata: y\r\rid: 3\nevent: c\ndata: z\n\n'
    const whole = parse(text)
    expect(whole.map((event) => event.kind)).toEqual(['a', 'b', 'c'])
    for (let cut = 1; cut < text.length; cut++) expect(parse(text.slice(0, cut), text.slice(cut))).toEqual(whole)
    expect(parse(...text)).toEqual(whole)
  })

  it('passes over comments, retry and events without data', () => {
    expect(parse('retry: 1000\n\n: still here\n\nevent: x\n\n')).toEqual([])
  })

  it('joins lines of data and keeps the id of an earlier event', () => {
    const events = parse('id: 4\ndata: a\ndata:b\n\ndata: c\n\n')
    expect(events).toEqual([
      { id: '4', kind: 'message', data: 'a\nb' },
      { id: '4', kind: 'message', data: 'c' },
    ])
  })

  it('drops an event that was cut off', () => {
    expect(parse('id: 1\ndata: half')).toEqual([])
  })
})

describe('readEvents', () => {
  it('decodes characters that are split between pieces', async () => {
    const bytes = new TextEncoder().encode('data: 你好\n\n')
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    const events: ServerEvent[] = []
    for await (const event of readEvents(body)) events.push(event)
    expect(events.map((event) => event.data)).toEqual(['你好'])
  })

  it('lets go of the connection when its reader stops', async () => {
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('data: x\n\n')),
      cancel: () => void (cancelled = true),
    })
    for await (const event of readEvents(body)) if (event) break
    expect(cancelled).toBe(true)
  })
})
