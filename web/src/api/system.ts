import { api, got } from './call'
import type { Engine, Job, Licence, Me, System, Weights } from './types'

export const serverInfo = (signal?: AbortSignal): Promise<System> => got(api.GET('/api/v1/system', { signal }))
export const listEngines = (signal?: AbortSignal): Promise<Engine[]> => got(api.GET('/api/v1/engines', { signal }))
export const listLicences = (signal?: AbortSignal): Promise<Licence[]> => got(api.GET('/api/v1/licences', { signal }))
export const listWeights = (signal?: AbortSignal): Promise<Weights[]> => got(api.GET('/api/v1/weights', { signal }))
export const pullWeights = (name: string): Promise<Job> => got(api.POST('/api/v1/weights/pull', { body: { name } }))
export const whoAmI = (signal?: AbortSignal): Promise<Me> => got(api.GET('/api/v1/me', { signal }))
export const signOut = (): Promise<void> => got(api.POST('/api/v1/logout'))
