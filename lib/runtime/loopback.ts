/** Addresses that reach only this machine. */

/** The one that is used where any will do. */
export const LOOPBACK = "127.0.0.1";

/** Whether an address, also in brackets or with a zone, reaches only this machine. */
export function isLoopback(address: string): boolean {
  const text = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "").toLowerCase();
  // To its end: `127.example.org` is a name, and anybody's.
  return text === "::1" || text === "localhost" || /^(::ffff:)?127(\.\d{1,3}){1,3}$/.test(text);
}
