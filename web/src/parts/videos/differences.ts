import type { Video } from '../../api/types'

type Value = string | number | boolean | undefined

/** One line of the table in which two videos are compared; `key` names the text `compare.of.KEY`. */
export interface Line {
  key: Fact
  a: Value
  b: Value
  same: boolean
}

export type Fact = (typeof FACTS)[number]

const FACTS = ['text', 'avatar', 'voice', 'rate', 'engine', 'frame', 'picture', 'fps', 'seed', 'label', 'seconds', 'made_in_s', 'speed', 'bytes', 'created_at'] as const

/** What is known of two videos, side by side: how they were asked for and what came of it. */
export function compared(a: Video, b: Video, askedA: Record<string, unknown> = {}, askedB: Record<string, unknown> = {}): Line[] {
  const left = facts(a, askedA)
  const right = facts(b, askedB)
  return FACTS.filter((key) => left[key] !== undefined || right[key] !== undefined).map((key) => ({ key, a: left[key], b: right[key], same: left[key] === right[key] }))
}

function facts(video: Video, asked: Record<string, unknown>): Record<Fact, Value> {
  const option = (key: string): Value => asked[key] as Value
  return {
    text: video.text || undefined,
    avatar: video.avatar,
    voice: video.voice || undefined,
    rate: option('rate'),
    engine: option('engine'),
    frame: option('frame'),
    picture: `${video.width} × ${video.height}`,
    fps: video.fps,
    seed: option('seed'),
    label: option('label'),
    seconds: video.seconds,
    made_in_s: video.made_in_s || undefined,
    speed: video.made_in_s ? video.seconds / video.made_in_s : undefined,
    bytes: video.bytes,
    created_at: video.created_at,
  }
}
