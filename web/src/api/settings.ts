import { call, json } from './call'
import type { NewToken, Service, Setting, SettingValue, TestResult, Token, TokenRequest } from './types'

export const listSettings = (signal?: AbortSignal): Promise<Setting[]> => json('GET', '/settings', { signal })
/** null: back to the default. */
export const changeSettings = (values: Record<string, SettingValue>): Promise<Setting[]> => json('PATCH', '/settings', { body: values })
/** Tries a service with the settings, and with `values` over them. */
export const testService = (service: Service, values: Record<string, SettingValue>, signal?: AbortSignal): Promise<TestResult> => json('POST', '/settings/test', { body: { service, values }, signal })

export const listTokens = (signal?: AbortSignal): Promise<Token[]> => json('GET', '/tokens', { signal })
export const createToken = (request: TokenRequest): Promise<NewToken> => json('POST', '/tokens', { body: request })
export const revokeToken = async (id: string): Promise<void> => void (await call('DELETE', `/tokens/${encodeURIComponent(id)}`))
