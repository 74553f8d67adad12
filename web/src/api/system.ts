import { call, json } from './call'
import type { Engine, Job, Licence, Me, System, Weights } from './types'

export const serverInfo = (signal?: AbortSignal): Promise<System> => json('GET', '/system', { signal })
export const listEngines = (signal?: AbortSignal): Promise<Engine[]> => json('GET', '/engines', { signal })
export const listLicences = (signal?: AbortSignal): Promise<Licence[]> => json('GET', '/licences', { signal })
export const listWeights = (signal?: AbortSignal): Promise<Weights[]> => json('GET', '/weights', { signal })
export const pullWeights = (name: string): Promise<Job> => json('POST', '/weights/pull', { body: { name } })
export const whoAmI = (signal?: AbortSignal): Promise<Me> => json('GET', '/me', { signal })
export const signOut = async (): Promise<void> => void (await call('POST', '/logout'))
