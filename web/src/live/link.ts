/** A way by which picture and sound come and the microphone's sound goes. */
export interface Link {
  readonly kind: Transport
  /** Resolves when it is broken or closed. */
  readonly lost: Promise<undefined>
  /** null: no sound goes out. */
  setMicrophone(track: MediaStreamTrack | null): Promise<void>
  /** Leaves out what has come but was not shown yet: the avatar was interrupted. */
  skip(): void
  close(): void
}

export type Transport = 'webrtc' | 'ws'

export class LinkError extends Error {}

/** A promise and what settles it. */
export interface Deferred<T> {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (error: Error) => void
}

export function deferred<T = undefined>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
