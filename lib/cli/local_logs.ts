/**
 * Log files of this machine's node, read where they lie: for when there is no node, or no head answers.
 */
import { join } from "node:path";
import { Trouble } from "../runtime/errors.ts";
import { nodeLogDir, runtimeDir, runtimePaths } from "../runtime/paths.ts";
import { shortId } from "./cluster_status.ts";
import type { LogFileView } from "../node/node_logs.ts";
import { chooseDaemon, withDaemon } from "./daemon_choice.ts";
import type { FoundLog } from "./log_source.ts";
import { lastLines, whatIsNew } from "./log_tail.ts";
import { print, printJson } from "./output.ts";
import { patiently } from "./patience.ts";
import { isNoCluster } from "./ray_address.ts";
import { table } from "./table.ts";

/** How often a followed file is looked at, in milliseconds. */
const LOOK_INTERVAL = 200;
/** How long the daemon may take to tell of its files, in milliseconds. */
const TOLD_TIMEOUT = 2000;

/** A log file. */
interface LogFile {
  name: string;
  path: string;
  bytes: number;
  modified: number;
}

/** What is wanted of them. */
export interface LocalWanted {
  what: string | undefined;
  lines: number;
  follow: boolean;
  json: boolean;
}

/**
 * Shows them, and lists them where nothing is named.
 * @throws {Trouble} where there is none
 */
export async function showLocalLogs({ what, lines, follow, json }: LocalWanted): Promise<void> {
  const told = await toldByDaemon();
  const views = new Map(told?.map((view) => [view.name, view]));
  const dirs = await logDirs();
  const files = dirs.flatMap(filesIn).filter(({ name }) =>
    what === undefined || name.includes(inNames(what)) || isCalled(views.get(name), what)
  );
  if (files.length === 0) {
    throw new Trouble(
      `Cannot show logs: no file in ${dirs.join(" or ")}${what ? ` has ${what} in its name` : ""}`,
      what === undefined
        ? "Start a node with `beam up --head` or `beam up --join HOST`, or look where the process ran."
        : "See `beam logs` for the files, and look on the machine where the process ran.",
    );
  }
  if (json) printJson(told ? files.flatMap(({ name }) => views.get(name) ?? []) : files);
  else if (what === undefined) print(filesTable(files));
  else await show(files, lines, follow);
}

/** What this machine's daemon knows of its files, as the head would tell it; undefined: none answers. */
async function toldByDaemon(): Promise<FoundLog[] | undefined> {
  try {
    return await withDaemon({}, async (link, { record }) => {
      if (!record) return undefined;
      const { node_id, node_ip } = record;
      const { body } = await patiently(
        (signal) => link.request({ kind: "daemon.logs" }, { signal }),
        { timeout: TOLD_TIMEOUT, quiet: true },
      );
      const views = JSON.parse(new TextDecoder().decode(body)) as LogFileView[];
      return views.map((view) => ({ ...view, node_id, node_ip }));
    });
  } catch {
    return undefined; // an older one, one that stands still, or several: the files say what they are
  }
}

/** True for a log of the actor, worker or job that is called so. */
function isCalled(view: FoundLog | undefined, what: string): boolean {
  if (!view) return false;
  const { class_name, actor_name, actor, pid, job_id } = view;
  return [class_name, actor_name, job_id, String(pid)].includes(what) ||
    (/^[0-9a-f]{4,12}$/.test(what) && actor?.startsWith(what) === true);
}

/** The names of files hold only the first letters of an id. */
function inNames(what: string): string {
  return /^[0-9a-f]{16,}$/.test(what) ? shortId(what) : what;
}

/** The node's own folder, and the one above with what was written before there was a node. */
async function logDirs(): Promise<string[]> {
  try {
    const { record } = await chooseDaemon();
    if (record) {
      return [
        nodeLogDir(record.runtime_dir, record.node_id),
        runtimePaths(record.runtime_dir).logs,
      ];
    }
  } catch (error) {
    if (!isNoCluster(error)) throw error;
  }
  const { logs } = runtimePaths(runtimeDir());
  return [...foldersIn(logs), logs];
}

function foldersIn(dir: string): string[] {
  try {
    return [...Deno.readDirSync(dir)].filter((entry) => entry.isDirectory).map((entry) =>
      join(dir, entry.name)
    );
  } catch {
    return [];
  }
}

function filesIn(dir: string): LogFile[] {
  try {
    return [...Deno.readDirSync(dir)].filter((entry) => entry.isFile).map(({ name }) => {
      const path = join(dir, name);
      const { size, mtime } = Deno.statSync(path);
      return { name, path, bytes: size, modified: mtime?.getTime() ?? 0 };
    }).sort((a, b) => a.modified - b.modified);
  } catch {
    return [];
  }
}

function filesTable(files: readonly LogFile[]): string {
  return table(
    ["FILE", "BYTES", "WRITTEN"],
    files.map(({ path, bytes, modified }) => [
      path,
      String(bytes),
      new Date(modified).toISOString().replace(/\..*/, "Z"),
    ]),
  );
}

async function show(files: readonly LogFile[], lines: number, follow: boolean): Promise<void> {
  const several = files.length > 1;
  const positions = files.map(({ path, name }) => {
    const { text, end } = lastLines(path, lines);
    if (several && (text !== "" || follow)) print(`==> ${name} <==`);
    if (text !== "") print(text);
    return end;
  });
  let last = files.at(-1);
  while (follow) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL));
    for (const [at, file] of files.entries()) {
      const { text, end } = whatIsNew(file.path, positions[at]!);
      positions[at] = end;
      if (text === "") continue;
      if (several && last !== file) print(`==> ${file.name} <==`);
      last = file;
      print(text.replace(/\n$/, ""));
    }
  }
}
