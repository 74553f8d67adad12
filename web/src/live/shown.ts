import type { SessionState } from '../api/types'
import type { Phase } from './session'

/** The one state that the page shows, of the connection or of the conversation. */
export type Shown = SessionState | 'connecting' | 'reconnecting'

export function shownState(phase: Phase, state: SessionState): Shown {
  if (phase === 'connecting' || phase === 'reconnecting') return phase
  return phase === 'live' ? state : 'closed'
}
