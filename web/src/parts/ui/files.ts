/** Whether a file is what an `accept` of HTML names: types (image/*) and suffixes (.mien). */
export function accepted(file: { name: string; type: string }, accept: string): boolean {
  if (!accept) return true
  return accept.split(',').some((part) => {
    const wanted = part.trim().toLowerCase()
    if (wanted.startsWith('.')) return file.name.toLowerCase().endsWith(wanted)
    if (wanted.endsWith('/*')) return file.type.startsWith(wanted.slice(0, -1))
    return file.type === wanted
  })
}
