/** Closes what may be closed already: by its peer, by the runtime where it broke, or by another hand. */
export function closeQuietly(one: { close(): void }): void {
  try {
    one.close();
  } catch { /* it is closed */ }
}
