/**
 * Who listens at a port of this machine. A port is anybody's who is there first: while its server is started
 * again, or at another loopback address of the same number, that may be another user.
 */
import { readText } from "./read_text.ts";

/** As `/proc/net/tcp` has it. */
const LISTENING = "0A";

/** A user other than this one and root who listens at `port`, at whatever address; undefined for none. */
export function strangerAt(
  port: number,
  read: (path: string) => string | undefined = readText,
  uid: number | null = Deno.uid(),
): number | undefined {
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of (read(table) ?? "").split("\n").slice(1)) {
      const [, local = "", , state, , , , owner] = line.trim().split(/\s+/);
      if (state !== LISTENING || parseInt(local.split(":")[1] ?? "", 16) !== port) continue;
      if (Number(owner) !== uid && Number(owner) !== 0) return Number(owner);
    }
  }
  return undefined;
}
