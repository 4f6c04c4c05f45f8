/**
 * Nagle's algorithm off for the connections of a TLS listener, which the runtime does not offer: with it
 * on, an answer that is written in two parts waits 40 ms for the other side's acknowledgment. What is set
 * on a listening socket its connections inherit. The socket is found by its port, since the runtime hides
 * its number.
 */

const SYMBOLS = {
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
} as const;
const SOL_SOCKET = 1;
const SO_KEEPALIVE = 9;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
/** In `/proc/self/net/tcp`. */
const LISTENING = "0A";

/**
 * Has connections to this listening port of this process send at once, and look for peers that are gone.
 * @returns on how many sockets that was set; 0 where there is no libc: then answers may be slow
 */
export function sendAtOnce(port: number): number {
  let count = 0;
  try {
    const libc = Deno.dlopen("libc.so.6", SYMBOLS);
    try {
      const on = new Uint8Array(new Int32Array([1]).buffer);
      for (const fd of listeningSockets(port)) {
        const done = libc.symbols.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, on, on.length);
        libc.symbols.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, on, on.length);
        if (done === 0) count++;
      }
    } finally {
      libc.close();
    }
  } catch { /* no libc, or no /proc */ }
  return count;
}

function listeningSockets(port: number): number[] {
  const links = new Set<string>();
  for (const table of ["tcp", "tcp6"]) {
    for (const line of linesOf(`/proc/self/net/${table}`)) {
      const fields = line.trim().split(/\s+/);
      const [, local = "", , state] = fields;
      if (state !== LISTENING || parseInt(local.split(":")[1] ?? "", 16) !== port) continue;
      links.add(`socket:[${fields[9]}]`);
    }
  }
  const found: number[] = [];
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      if (links.has(Deno.readLinkSync(`/proc/self/fd/${name}`))) found.push(Number(name));
    } catch { /* closed meanwhile */ }
  }
  return found;
}

function linesOf(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n").slice(1);
  } catch {
    return []; // a kernel without IPv6
  }
}
