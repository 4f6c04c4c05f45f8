/**
 * A daemon for several users: what belongs to one group, and is closed to everybody else. Whose it is,
 * directories say by their group bits, so that whoever makes a file in one needs nothing but its path.
 *
 * The Python package has the same rules (`ray/_core/group_access.py`): a change here is a change there.
 */
import { dirname } from "node:path";
import { Trouble } from "./errors.ts";
import { reasonOf } from "./paths.ts";

/** What members may do with a directory of the daemon's, as a mode. */
export const DIRECTORY = {
  /** Go through it, to what they were told. */
  pass: 0o710,
  /** Look. */
  look: 0o750,
  /** Put things of their own beside those of others, which they cannot remove. */
  add: 0o1770,
} as const;

/** What members may do with a file or socket of a directory that is the group's. */
export const FILE = {
  private: 0o600,
  read: 0o640,
  /** Of a socket: connect. */
  write: 0o660,
} as const;

/**
 * Makes the group's what this user has in `path`.
 * @throws {Trouble} where this user is no member, or what is there is not theirs.
 */
export function giveToGroup(path: string, gid: number, mode: number): void {
  try {
    Deno.chownSync(path, null, gid);
    Deno.chmodSync(path, mode);
  } catch (error) {
    throw new Trouble(
      `Cannot give ${path} to group ${gid}: ${reasonOf(error)}`,
      `The user that runs the daemon must be a member of the group: \`usermod -aG ${gid} USER\`, and start ` +
        "anew.",
      { code: "socket_group", cause: error },
    );
  }
}

/**
 * That members can get to `dir` at all.
 * @param mend what to set to another place
 * @throws {Trouble} naming the directory above it that they cannot enter.
 */
export function checkReachable(dir: string, gid: number, mend: string): void {
  for (let at = dirname(dir); at !== dirname(at); at = dirname(at)) {
    const { mode, gid: group } = Deno.statSync(at);
    if (((mode ?? 0) & 0o001) !== 0 || (group === gid && ((mode ?? 0) & 0o010) !== 0)) continue;
    throw new Trouble(
      `Cannot share ${dir} with group ${gid}: its members cannot enter ${at}`,
      mend,
      { code: "socket_group" },
    );
  }
}

/** Gives what lies at `path` the rights of its directory: `mode` where that is a group's, else none. */
export function likeDirectory(path: string, mode: number): void {
  const { mode: above, gid } = Deno.statSync(dirname(path));
  const isShared = ((above ?? 0) & 0o070) !== 0 && ((above ?? 0) & 0o007) === 0;
  if (isShared && gid !== null) giveToGroup(path, gid, mode);
  else Deno.chmodSync(path, FILE.private);
}

/** Groups of this process. */
export function ownGroups(): Set<number> {
  const groups = new Set<number>([Deno.gid() ?? -1]);
  try {
    const status = Deno.readTextFileSync("/proc/self/status");
    const listed = /^Groups:(.*)$/m.exec(status)?.[1] ?? "";
    for (const gid of listed.trim().split(/\s+/)) if (gid !== "") groups.add(Number(gid));
  } catch { /* no /proc: the first one alone */ }
  return groups;
}

/**
 * Whose `dir` is, where its owner shares it with a group of ours and with nobody else; undefined for any
 * other. Only its owner can put something there that is the owner's own.
 */
export function sharedBy(
  dir: string,
  groups: ReadonlySet<number> = ownGroups(),
): number | undefined {
  try {
    const { isDirectory, mode, uid, gid } = Deno.lstatSync(dir);
    const bits = (mode ?? 0o777) & 0o077;
    const isShared = isDirectory && bits === (DIRECTORY.look & 0o077);
    return isShared && uid !== null && gid !== null && groups.has(gid) ? uid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The number of a group that is named, or given by its number.
 * @throws {Trouble} where there is none.
 */
export function groupNumber(group: string): number {
  if (/^\d+$/.test(group)) return Number(group);
  const found = entryOf(group);
  if (found !== undefined) return found;
  throw new Trouble(
    `Cannot use the group ${group}: this machine has none of that name`,
    `\`groupadd ${group}\`, or name one of \`getent group\`.`,
    { code: "socket_group" },
  );
}

/** As the machine's directory of groups has it, which may be more than a file. */
function entryOf(group: string): number | undefined {
  const lines = [() => Deno.readTextFileSync("/etc/group"), () => getent(group)];
  for (const read of lines) {
    try {
      const entry = read().split("\n").map((line) => line.split(":")).find(([name]) =>
        name === group
      );
      if (entry?.[2] !== undefined) return Number(entry[2]);
    } catch { /* not here: ask the next */ }
  }
  return undefined;
}

function getent(group: string): string {
  const { stdout } = new Deno.Command("getent", { args: ["group", group], stderr: "null" })
    .outputSync();
  return new TextDecoder().decode(stdout);
}
