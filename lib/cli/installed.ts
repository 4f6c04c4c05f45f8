/** What an installation of beam consists of, on this machine. */
import { basename, dirname, join } from "node:path";
import { readText } from "../runtime/read_text.ts";

/** A file or folder of beam's. */
export interface Installed {
  path: string;
  /** What it is, for a list. */
  what: string;
  bytes: number;
}

/** Files that `install.sh` puts beside a folder called `bin`, with what stands in them when they are ours. */
const EXTRAS: readonly [path: string, what: string, mark: string][] = [
  ["bash-completion/completions/beam", "completions for bash", "completions --words"],
  ["zsh/site-functions/_beam", "completions for zsh", "completions --words"],
  ["fish/vendor_completions.d/beam.fish", "completions for fish", "completions --words"],
  ["man/man1/beam.1", "the manual page", ".TH BEAM 1"],
];

/** What was installed with `executable`; that itself is the last. */
export function installedFiles(executable: string): Installed[] {
  const bin = dirname(executable);
  const share = join(dirname(bin), "share");
  const extras = basename(bin) !== "bin" ? [] : EXTRAS.flatMap(([path, what, mark]) => {
    const file = join(share, path);
    return readText(file)?.includes(mark) ? [{ path: file, what, bytes: sizeOf(file) }] : [];
  });
  return [...extras, { path: executable, what: "the executable", bytes: sizeOf(executable) }];
}

/** What beam itself makes in a runtime directory; whatever else is there belongs to somebody. */
const RUNTIME: readonly [name: RegExp, what: string][] = [
  [/^shim$/, "the Python package"],
  [/^bin$/, "launchers"],
  [/^token$/, "the cluster's token"],
  [/^dashboard_token$/, "the token of the head's HTTP server"],
  [/^authority\.key$/, "the key of the cluster's authority"],
  [/^head\.db(\..*|-.*)?$/, "the head's journal"],
  [/^logs$/, "logs"],
  [/^environments$/, "packages and environments of programs"],
  [/^spill$/, "large values"],
  [/^prom_metrics_service_discovery\.json$/, "where Prometheus finds the head"],
  [/^local$/, "clusters of single programs"],
];

/** What of beam's is in the runtime directory `dir`. */
export function runtimeFiles(dir: string): Installed[] {
  let names: string[];
  try {
    names = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const what = RUNTIME.find(([pattern]) => pattern.test(name))?.[1];
    const path = join(dir, name);
    return what === undefined ? [] : [{ path, what, bytes: sizeOf(path) }];
  });
}

/** True where a process was started from the executable at `path`, also where that was replaced since. */
export function runs(pid: number, path: string): boolean {
  try {
    return Deno.readLinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, "") === path;
  } catch {
    return false; // it has ended
  }
}

/** The package of the system that `path` came with, and how that is removed. */
export function owningPackage(path: string): { name: string; removal: string } | undefined {
  // Only there; and asked anywhere, rpm makes a database of its own where it has none.
  if (!/^\/(usr\/)?s?bin\//.test(path)) return undefined;
  const debian = said("dpkg-query", ["-S", path])?.match(/^([^:,]+)/)?.[1];
  if (debian) return { name: debian, removal: `apt-get remove ${debian}` };
  const rpm = said("rpm", ["-qf", "--qf", "%{NAME}", path]);
  return rpm ? { name: rpm, removal: `dnf remove ${rpm}` } : undefined;
}

/** What a program writes where it succeeds. */
function said(program: string, args: string[]): string | undefined {
  try {
    const { success, stdout } = new Deno.Command(program, { args, stderr: "null" }).outputSync();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined; // there is no such program
  }
}

function sizeOf(path: string): number {
  try {
    const info = Deno.lstatSync(path);
    if (!info.isDirectory) return info.size;
    return [...Deno.readDirSync(path)].reduce((sum, { name }) => sum + sizeOf(join(path, name)), 0);
  } catch {
    return 0;
  }
}
