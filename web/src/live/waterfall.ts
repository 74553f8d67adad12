import type { Stages } from '../api/types'

export const STAGES = ['vad', 'asr', 'llm', 'tts', 'frame', 'played'] as const
export type Stage = (typeof STAGES)[number]

export interface Turn {
  generation: number
  stages: Stages
}

export interface Bar {
  stage: Stage
  seconds: number
  /** Of the scale's length, 0…1. */
  left: number
  width: number
  slowest: boolean
}

export function totalOf(stages: Stages): number {
  return stages.total ?? STAGES.reduce((sum, stage) => sum + Math.max(0, stages[stage] ?? 0), 0)
}

/** The stages one after the other; `scale` is how many seconds the whole width stands for. */
export function bars(stages: Stages, scale = totalOf(stages)): Bar[] {
  const known = STAGES.filter((stage) => Number.isFinite(stages[stage]))
  const seconds = known.map((stage) => Math.max(0, stages[stage]!))
  const longest = Math.max(0, ...seconds)
  let at = 0
  return known.map((stage, index) => {
    const length = seconds[index]!
    const bar = {
      stage,
      seconds: length,
      left: scale > 0 ? Math.min(1, at / scale) : 0,
      width: scale > 0 ? Math.max(0, Math.min(1 - at / scale, length / scale)) : 0,
      slowest: longest > 0 && length === longest && seconds.indexOf(longest) === index,
    }
    at += length
    return bar
  })
}

function middle(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** The median of each stage and of the total, over those turns that have it. */
export function medians(turns: Turn[]): Stages {
  const result: Stages = {}
  for (const stage of STAGES) {
    const values = turns.map((turn) => turn.stages[stage]).filter((value) => value !== undefined)
    if (values.length) result[stage] = middle(values)
  }
  if (turns.length) result.total = middle(turns.map((turn) => totalOf(turn.stages)))
  return result
}

/** A length for the scale that fits all turns and does not jump with every one of them. */
export function scaleOf(turns: Turn[]): number {
  const longest = Math.max(0, ...turns.map((turn) => totalOf(turn.stages)))
  return [0.5, 1, 1.5, 2, 3, 5, 10, 20, 30, 60].find((step) => longest <= step) ?? longest
}
