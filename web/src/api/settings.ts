import { api, got } from './call'
import type { NewToken, Service, Setting, SettingValue, TestResult, Token, TokenRequest } from './types'

export const listSettings = (signal?: AbortSignal): Promise<Setting[]> => got(api.GET('/api/v1/settings', { signal }))
/** null: back to the default. */
export const changeSettings = (body: Record<string, SettingValue>): Promise<Setting[]> => got(api.PATCH('/api/v1/settings', { body }))
/** Tries a service with the settings, and with `values` over them. */
export const testService = (service: Service, values: Record<string, SettingValue>, signal?: AbortSignal): Promise<TestResult> => got(api.POST('/api/v1/settings/test', { body: { service, values }, signal }))

export const listTokens = (signal?: AbortSignal): Promise<Token[]> => got(api.GET('/api/v1/tokens', { signal }))
export const createToken = (body: TokenRequest): Promise<NewToken> => got(api.POST('/api/v1/tokens', { body }))
export const revokeToken = (token_id: string): Promise<void> => got(api.DELETE('/api/v1/tokens/{token_id}', { params: { path: { token_id } } }))
