/**
 * Ends a connection whose other end does not help to end it, which the runtime does not offer for TLS. The
 * socket is found by its two addresses, since the runtime hides its number.
 */

const SYMBOLS = {
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
} as const;
type Libc = Deno.DynamicLibrary<typeof SYMBOLS>;
const SHUT_RDWR = 2;
const AF_INET = 2;
const AF_INET6 = 10;
/** Bytes of the longest address. */
const ADDRESS_SIZE = 128;

/** Its addresses, as the runtime tells them. */
export interface Ends {
  localAddr: Deno.Addr;
  remoteAddr: Deno.Addr;
}

/** Ends this process's connection between these addresses, in both directions and at once. @returns whether there was one */
export function cutOff({ localAddr, remoteAddr }: Ends): boolean {
  const [local, remote] = [keyOf(localAddr as Deno.NetAddr), keyOf(remoteAddr as Deno.NetAddr)];
  try {
    const libc: Libc = Deno.dlopen("libc.so.6", SYMBOLS);
    try {
      for (const { name } of Deno.readDirSync("/proc/self/fd")) {
        const fd = Number(name);
        if (addressOf(libc.symbols.getpeername, fd) !== remote) continue;
        if (addressOf(libc.symbols.getsockname, fd) !== local) continue;
        return libc.symbols.shutdown(fd, SHUT_RDWR) === 0;
      }
    } finally {
      libc.close();
    }
  } catch { /* no libc, or no /proc */ }
  return false;
}

/** The address that a call of the system tells of a socket; undefined for what is none of TCP. */
function addressOf(
  tell: Libc["symbols"]["getpeername"],
  fd: number,
): string | undefined {
  const bytes = new Uint8Array(ADDRESS_SIZE);
  const length = new Uint8Array(new Uint32Array([ADDRESS_SIZE]).buffer);
  if (tell(fd, bytes, length) !== 0) return undefined;
  const view = new DataView(bytes.buffer);
  const port = view.getUint16(2);
  switch (new Uint16Array(bytes.buffer, 0, 1)[0]) {
    case AF_INET:
      return keyOf({ hostname: bytes.subarray(4, 8).join("."), port });
    case AF_INET6: {
      const groups = Array.from({ length: 8 }, (_, at) => view.getUint16(8 + 2 * at).toString(16));
      return keyOf({ hostname: groups.join(":"), port });
    }
  }
  return undefined;
}

/** One text for one address, however it is written. */
function keyOf({ hostname, port }: { hostname: string; port: number }): string {
  const host = hostname.replace(/%.*$/, "");
  return `${host.includes(":") ? new URL(`http://[${host}]`).hostname : host} ${port}`;
}
