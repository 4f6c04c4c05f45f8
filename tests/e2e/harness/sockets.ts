/** Sockets on which processes listen, as /proc shows them. */

/** Addresses (`1.2.3.4:5`, `[…]:6`, `udp …`) of these processes' listening TCP and bound UDP sockets. */
export function listeningSockets(pids: readonly number[]): string[] {
  const inodes = socketsOf(pids);
  return ["tcp", "tcp6", "udp", "udp6"].flatMap((table) =>
    rows(`/proc/net/${table}`)
      .filter(([, , , state, , , , , , inode]) =>
        inodes.has(inode!) && (table.startsWith("udp") || state === "0A")
      )
      .map(([, local]) => `${table === "tcp" ? "" : `${table} `}${addressOf(local!)}`)
  );
}

/** Paths of the Unix sockets on which these processes listen; one without a path is told by its inode. */
export function unixListeners(pids: readonly number[]): string[] {
  const inodes = socketsOf(pids);
  const ACCEPTS = "00010000";
  return rows("/proc/net/unix")
    .filter(([, , , flags, , , inode]) => flags === ACCEPTS && inodes.has(inode!))
    .map(([, , , , , , inode, path]) => path ?? `unnamed ${inode}`);
}

/** Inodes of the sockets that these processes have open. */
function socketsOf(pids: readonly number[]): Set<string> {
  const found = new Set<string>();
  for (const pid of pids) {
    const folder = `/proc/${pid}/fd`;
    try {
      for (const { name } of Deno.readDirSync(folder)) {
        const inode = socketBehind(`${folder}/${name}`);
        if (inode !== undefined) found.add(inode);
      }
    } catch { /* it has ended */ }
  }
  return found;
}

function socketBehind(path: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(Deno.readLinkSync(path))?.[1];
  } catch {
    return undefined;
  }
}

function rows(path: string): string[][] {
  const [, ...lines] = Deno.readTextFileSync(path).trimEnd().split("\n");
  return lines.map((line) => line.trim().split(/\s+/));
}

/** `0100007F:1A2B` is 127.0.0.1 and a port; IPv6 addresses are shown as they stand. */
function addressOf(text: string): string {
  const [host, port] = text.split(":") as [string, string];
  const number = parseInt(port, 16);
  if (host.length !== 8) return `[${host}]:${number}`;
  const bytes = host.match(/../g)!.map((byte) => parseInt(byte, 16)).reverse();
  return `${bytes.join(".")}:${number}`;
}
