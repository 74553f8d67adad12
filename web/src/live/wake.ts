/** Lets a sound context run as soon as the browser allows it: some wait for the first click or key after a page was loaded. */
export function wake(context: AudioContext): void {
  if (context.state === 'running') return
  const stop = new AbortController()
  const resume = (): void => {
    if (context.state === 'suspended') void context.resume()
    else stop.abort()
  }
  for (const kind of ['pointerdown', 'keydown']) document.addEventListener(kind, resume, { signal: stop.signal })
  void context.resume()
}
