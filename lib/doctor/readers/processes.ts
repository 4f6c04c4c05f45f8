/**
 * Processes that matter to a cluster: Ray's, beam's, vLLM's, keepers of the clock; and who listens on
 * the ports that beam and Ray use by default. One look through /proc.
 */
import type { ListenerFacts, ProcessFacts } from "../facts.ts";
import type { System } from "../system.ts";

/** Ports of beam and Ray: head, node, client server, HTTP, agent. */
export const PORTS: readonly number[] = [6379, 6380, 8265, 10001, 52365];

/** How many characters of a command are told. */
const SHOWN = 100;
const LISTEN = "0A";

/** A process of /proc. */
interface Seen {
  pid: number;
  ppid: number;
  name: string;
  words: string[];
}

export interface ReadProcesses {
  processes: ProcessFacts[];
  listeners: ListenerFacts[];
  /** The command of a process, cut short; null: it is not visible from here. */
  commandOf(pid: number): string | null;
  isOurs(pid: number): boolean;
}

/** @param ours processes of this node; their descendants count too */
export function readProcesses(system: System, ours: readonly number[]): ReadProcesses {
  const all = new Map<number, Seen>();
  for (const name of system.list("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const seen = look(system, Number(name));
    if (seen !== null) all.set(seen.pid, seen);
  }
  const roots = new Set(ours);
  const isOurs = (pid: number) => {
    for (let at = pid, depth = 0; at > 1 && depth < 64; depth++) {
      if (roots.has(at)) return true;
      at = all.get(at)?.ppid ?? 0;
    }
    return false;
  };
  const commandOf = (pid: number) => {
    const seen = all.get(pid);
    return seen === undefined ? null : shown(seen);
  };
  const processes: ProcessFacts[] = [];
  for (const seen of all.values()) {
    const kind = kindOf(seen);
    if (kind === undefined || seen.pid === system.pid()) continue;
    processes.push({
      pid: seen.pid,
      ppid: seen.ppid,
      uid: uidOf(system, seen.pid),
      kind,
      command: shown(seen),
      ours: isOurs(seen.pid),
      orphan: isInit(seen.ppid, all.get(seen.ppid)),
    });
  }
  return {
    processes,
    listeners: readListeners(system, [...all.keys()], { commandOf, isOurs }),
    commandOf,
    isOurs,
  };
}

/** In a container process 1 may be the very program whose children these are. */
function isInit(pid: number, seen: Seen | undefined): boolean {
  if (seen !== undefined && kindOf(seen) !== undefined) return false;
  return pid === 1 || /^(systemd|init)$/.test(seen?.name ?? "");
}

function look(system: System, pid: number): Seen | null {
  const stat = system.read(`/proc/${pid}/stat`).text;
  if (stat === null) return null;
  const end = stat.lastIndexOf(")");
  const [state, ppid] = stat.slice(end + 2).split(" ");
  if (state === "Z" || state === "X") return null;
  const words = (system.read(`/proc/${pid}/cmdline`).text ?? "").split("\0").filter(Boolean);
  return { pid, ppid: Number(ppid), name: stat.slice(stat.indexOf("(") + 1, end), words };
}

const CLOCK_KEEPERS = /^(chronyd|ntpd|systemd-timesyn|systemd-timesyncd|ptp4l|phc2sys)$/;

/** What a process is by its name and the words of its command. */
export function kindOf(
  { name, words }: Pick<Seen, "name" | "words">,
): ProcessFacts["kind"] | undefined {
  const program = words[0]?.slice(words[0].lastIndexOf("/") + 1) ?? name;
  const text = words.join(" ");
  if (/^(raylet|gcs_server)$/.test(program) || /^ray::/.test(text)) return "ray";
  if (
    /\bray\/(dashboard\/dashboard|_private\/[\w/]+|util\/client\/server\/\w*)\.?\w*\.py\b/.test(
      text,
    )
  ) return "ray";
  if (/^redis-server/.test(program)) return "redis";
  if (program === "nv-fabricmanager") return "fabric-manager";
  if (CLOCK_KEEPERS.test(program) || words.length === 0 && CLOCK_KEEPERS.test(name)) return "clock";
  if (/(^| )-m ray\._worker( |$)|ray\/_worker\/start\.py/.test(text)) return "beam-worker";
  if (/^VLLM::/.test(text) || /(^|\/)vllm( |$)|-m vllm\./.test(text)) return "vllm";
  const role = words.findLast((word) => !word.startsWith("-"));
  if (/^(beam(-[\w.-]+)?|deno)$/.test(program) && /beam|main\.ts/.test(text)) {
    if (role === "daemon") return "beam-daemon";
    if (role === "head") return "beam-head";
  }
  return undefined;
}

function shown({ words, name }: Seen): string {
  // Arguments may hold secrets; what a program is called, and its first words, do not.
  const text = words.length === 0 ? `[${name}]` : words.slice(0, 3).join(" ");
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function uidOf(system: System, pid: number): number | null {
  return system.info(`/proc/${pid}`)?.uid ?? null;
}

type Known = Pick<ReadProcesses, "commandOf" | "isOurs">;

function readListeners(system: System, pids: readonly number[], known: Known): ListenerFacts[] {
  const sockets = new Map<string, { port: number; address: string }>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of (system.read(table).text ?? "").split("\n").slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state !== LISTEN || local === undefined || inode === undefined) continue;
      const port = parseInt(local.slice(local.indexOf(":") + 1), 16);
      if (PORTS.includes(port)) sockets.set(inode, { port, address: addressOf(local) });
    }
  }
  const holders = sockets.size === 0 ? new Map() : holdersOf(system, pids, sockets);
  return [...sockets].map(([inode, listener]) => {
    const pid = holders.get(inode) ?? null;
    return {
      ...listener,
      pid,
      command: pid === null ? null : known.commandOf(pid),
      ours: pid !== null && known.isOurs(pid),
    };
  });
}

function holdersOf(
  system: System,
  pids: readonly number[],
  wanted: ReadonlyMap<string, unknown>,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const pid of pids) {
    for (const fd of system.list(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(system.link(`/proc/${pid}/fd/${fd}`) ?? "")?.[1];
      if (inode !== undefined && wanted.has(inode) && !found.has(inode)) found.set(inode, pid);
    }
    if (found.size === wanted.size) break;
  }
  return found;
}

/** `0100007F:18EB`: the machine's words, little-endian where beam runs. IPv6 only as all or one. */
function addressOf(local: string): string {
  const hex = local.slice(0, local.indexOf(":"));
  if (hex.length === 8) {
    return (hex.match(/../g) ?? []).reverse().map((byte) => parseInt(byte, 16)).join(".");
  }
  if (/^0+$/.test(hex)) return "::";
  return /^0{24}01000000$/.test(hex) ? "::1" : "IPv6";
}
