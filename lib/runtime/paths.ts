/**
 * Where things lie. What belongs to a user (the Python package, token, journal, logs) lies in the
 * runtime directory, which may be shared between machines. What belongs to one machine (sockets,
 * records, markers) lies in the machine directory, one instance folder per runtime directory.
 *
 * The Python package computes the same paths (`ray/_core`): a change here is a change there.
 */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { Trouble } from "./errors.ts";

/** Reads an environment variable; a parameter so that tests need not change their own. */
export type Env = (name: string) => string | undefined;

/** The process's environment. */
export const processEnv: Env = (name) => Deno.env.get(name);

/**
 * The longest machine directory, in bytes: an instance folder and `/s/<name>.sock` still fit under it
 * into the kernel's 108 bytes for a socket's path, with names of up to 32 characters.
 */
export const MACHINE_DIR_LIMIT = 56;

/** Group bits that a directory of ours may have besides none: see `group_access.ts`. */
const PASSED = 0o010;
const LOOKED_AT = 0o050;
const ADDED_TO = 0o070;

const OTHER_RUNTIME_DIR =
  "set BEAM_RUNTIME_DIR to a directory of your own, for example ~/beam-runtime.";

/** Files of a runtime directory. */
export interface RuntimePaths {
  readonly dir: string;
  /** Holds one folder per build's digest. */
  readonly shim: string;
  readonly bin: string;
  readonly token: string;
  /** The token of the head's HTTP server, for this user's own command line. */
  readonly dashboardToken: string;
  readonly journal: string;
  /** The private key of the cluster's authority, on the head's machine. */
  readonly authority: string;
  readonly logs: string;
}

/** Files of an instance folder. */
export interface InstancePaths {
  readonly dir: string;
  /** The daemon's control socket. */
  readonly socket: string;
  /** The daemon's record, written when it is ready. */
  readonly record: string;
  /** Held locked by the daemon as long as it lives. */
  readonly lock: string;
  /** One marker per registered worker process, named by its pid. */
  readonly workers: string;
  /** The workers' call sockets. */
  readonly sockets: string;
}

/** The runtime directory as an absolute path, links resolved where it exists. Creates nothing. */
export function runtimeDir(env: Env = processEnv): string {
  const given = env("BEAM_RUNTIME_DIR");
  return realPath(given ? resolve(given) : join(env("HOME") || homedir(), ".beam"));
}

/** The files of the runtime directory `dir`. */
export function runtimePaths(dir: string): RuntimePaths {
  return {
    dir,
    shim: join(dir, "shim"),
    bin: join(dir, "bin"),
    token: join(dir, "token"),
    dashboardToken: join(dir, "dashboard_token"),
    journal: join(dir, "head.db"),
    authority: join(dir, "authority.key"),
    logs: join(dir, "logs"),
  };
}

/** The log folder of a node in the runtime directory `dir`. */
export function nodeLogDir(dir: string, nodeId: string): string {
  return join(dir, "logs", nodeId.slice(0, 12));
}

/**
 * The machine directory: `$XDG_RUNTIME_DIR/beam` where that variable names a directory of ours that
 * is short enough, else `/tmp/beam-<uid>`. Creates nothing.
 */
export function machineDir(env: Env = processEnv): string {
  const given = env("XDG_RUNTIME_DIR");
  if (given && isAbsolute(given)) {
    const dir = join(given, "beam");
    const short = new TextEncoder().encode(dir).length <= MACHINE_DIR_LIMIT;
    if (short && isOwnDirectory(given)) return dir;
  }
  return `/tmp/beam-${Deno.uid()}`;
}

/** The instance folder of a runtime directory. Creates nothing. */
export function instancePaths(runtime: string, env: Env = processEnv): InstancePaths {
  const key = createHash("sha256").update(realPath(runtime)).digest("hex").slice(0, 8);
  return instancePathsIn(join(machineDir(env), key));
}

/** The files of the instance folder `dir`. */
export function instancePathsIn(dir: string): InstancePaths {
  return {
    dir,
    socket: join(dir, "daemon.sock"),
    record: join(dir, "daemon.json"),
    lock: join(dir, "lock"),
    workers: join(dir, "workers"),
    sockets: join(dir, "s"),
  };
}

/**
 * Creates the runtime directory, private to its owner.
 * @throws {Trouble} where it cannot be made or written.
 */
export function ensureRuntimeDir(dir: string): RuntimePaths {
  try {
    Deno.mkdirSync(dir, { recursive: true, mode: 0o700 });
    const mend = `\`chmod 700 ${dir}\`, or ${OTHER_RUNTIME_DIR}`;
    checkPrivate(realPath(dir), "runtime_dir", mend, PASSED);
    const probe = Deno.makeTempFileSync({ dir, prefix: ".writable-" });
    Deno.removeSync(probe);
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw new Trouble(
      `Cannot write to the runtime directory ${dir}: ${reasonOf(error)}`,
      `${OTHER_RUNTIME_DIR[0]!.toUpperCase()}${OTHER_RUNTIME_DIR.slice(1)}`,
      { code: "runtime_dir", cause: error },
    );
  }
  return runtimePaths(realPath(dir));
}

/**
 * Creates the instance folder of a runtime directory, and checks that nobody else can reach into it, but
 * members of a group where a daemon gave it to one.
 * @throws {Trouble} where the machine directory is a link, of another owner, or open to others.
 */
export function ensureInstanceDir(runtime: string, env: Env = processEnv): InstancePaths {
  const paths = instancePaths(runtime, env);
  checkShared(dirname(dirname(paths.dir)));
  for (const dir of [dirname(paths.dir), paths.dir, paths.workers]) {
    ensurePrivateDir(dir, LOOKED_AT);
  }
  ensurePrivateDir(paths.sockets, ADDED_TO);
  return paths;
}

/**
 * Creates `dir` with mode 0700, or checks that it is so already; `group`: bits that it may have besides.
 * @throws {Trouble} where it is a link or no directory, of another owner, or open to others.
 */
export function ensurePrivateDir(dir: string, group = 0): void {
  try {
    Deno.mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) {
      throw new Trouble(
        `Cannot make the directory ${dir}: ${reasonOf(error)}`,
        "Make its parent writable, or set XDG_RUNTIME_DIR to a directory of your own.",
        { code: "machine_dir", cause: error },
      );
    }
  }
  const mend = "Remove it, or set XDG_RUNTIME_DIR to a directory of your own.";
  checkPrivate(dir, "machine_dir", mend, group);
}

/**
 * That nobody else can reach into `dir`, which must be there; `group`: bits that it may have besides.
 * @throws {Trouble} where it is a link or no directory, of another owner, or open to others.
 */
export function checkPrivate(dir: string, code: string, mend: string, group = 0): void {
  const info = Deno.lstatSync(dir);
  const fault = info.isSymlink
    ? "it must be a directory, and is a link"
    : !info.isDirectory
    ? "it must be a directory, and is a file"
    : info.uid !== Deno.uid()
    ? `it must belong to user ${Deno.uid()}, and belongs to user ${info.uid}`
    : ![0, group].includes((info.mode ?? 0) & 0o077)
    ? `its mode must be 700, and is ${((info.mode ?? 0) & 0o777).toString(8)}`
    : undefined;
  if (fault === undefined) return;
  throw new Trouble(
    `Cannot use the directory ${dir}: ${fault}`,
    mend,
    { code },
  );
}

/**
 * That nobody can put another directory in the place of one of ours in `dir`: where all may write, the
 * sticky bit says that only owners may rename and remove.
 * @throws {Trouble} where that is not so.
 */
export function checkShared(dir: string): void {
  const { mode, uid } = Deno.statSync(dir);
  if (uid === Deno.uid() || ((mode ?? 0) & 0o002) === 0 || ((mode ?? 0) & 0o1000) !== 0) return;
  throw new Trouble(
    `Cannot use the directory ${dir} for sockets: everybody may rename what is in it (its mode is ${
      ((mode ?? 0) & 0o7777).toString(8)
    }, without the sticky bit)`,
    `\`chmod +t ${dir}\`, or set XDG_RUNTIME_DIR to a directory of your own.`,
    { code: "machine_dir" },
  );
}

/** `path` with its links resolved as far as it exists, as Python's `os.path.realpath` does. */
export function realPath(path: string): string {
  const missing: string[] = [];
  for (let at = resolve(path);; at = dirname(at)) {
    try {
      return join(Deno.realPathSync(at), ...missing);
    } catch {
      if (at === dirname(at)) return resolve(path);
      missing.unshift(basename(at));
    }
  }
}

function isOwnDirectory(path: string): boolean {
  try {
    const info = Deno.statSync(path);
    return info.isDirectory && info.uid === Deno.uid();
  } catch {
    return false;
  }
}

/** The system's own words for an error, without the runtime's additions. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error \d+\).*$/s, "").replace(/^.*?: (?=[A-Z][a-z])/, "");
}
