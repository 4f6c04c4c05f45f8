/** What goes into the bundle of `beam debug`, part by part. What cannot be had says why in its place. */
import { join } from "node:path";
import type { ClusterStacks } from "../head/node_questions.ts";
import { nodeLogDir, runtimeDir, runtimePaths } from "../runtime/paths.ts";
import { readText } from "../runtime/read_text.ts";
import { buildName } from "../runtime/version.ts";
import { type ClusterStatus, STATUS_TIMEOUT } from "./cluster_status.ts";
import type { SubCommands } from "./command.ts";
import { commandTable, settingsTables } from "./command_table.ts";
import { shownSettings } from "./config.ts";
import { processConfig } from "./config_file.ts";
import { chooseDaemon, withDaemon } from "./daemon_choice.ts";
import { lastEvents } from "./events.ts";
import { lastLines } from "./log_tail.ts";
import { findLogs, type FoundLog, LogReader } from "./log_source.ts";
import { processEnv } from "../runtime/paths.ts";
import { withoutColour } from "./screen_text.ts";
import { stacksOf, stacksText } from "./stack.ts";
import { askJson, clusterStatus } from "./status_source.ts";
import { statusText } from "./status_text.ts";

/** A file of the bundle, before secrets are taken out. */
export interface DebugPart {
  /** Its path in the bundle. */
  name: string;
  /** A text, or a value that becomes JSON. */
  content: string | { json: unknown };
}

/** What bounds the bundle. */
export interface DebugLimits {
  /** Last lines of each log. */
  lines: number;
  /** Logs of one node: the newest. */
  logs: number;
  /** Characters of all logs of the cluster together; those of daemons and heads come first. */
  characters: number;
}

/** How long an examination of the cluster may take, in milliseconds. */
const DOCTOR_TIMEOUT = 60_000;
const FILES = [
  "/proc/version",
  "/etc/os-release",
  "/proc/meminfo",
  "/proc/loadavg",
  "/proc/mounts",
  "/proc/net/dev",
  "/proc/self/limits",
  "/proc/self/cgroup",
  "/proc/driver/nvidia/version",
  "/sys/module/amdgpu/version",
] as const;
/** Commands of vendors, where they are there. */
const COMMANDS = [["nvidia-smi", "-q"], ["rocm-smi", "--showall"], ["ip", "address"], [
  "df",
  "-h",
]] as const;
const COMMAND_TIMEOUT = 10_000;

/** All parts; `told` hears of each as it is begun. */
export async function debugParts(
  all: SubCommands,
  limits: DebugLimits,
  told: (what: string) => void,
): Promise<{ parts: DebugPart[]; status: ClusterStatus | undefined }> {
  const parts: DebugPart[] = [];
  const add = async (name: string, make: () => Promise<DebugPart["content"]>) => {
    told(name);
    try {
      parts.push({ name, content: await make() });
    } catch (error) {
      parts.push({ name: `${name}.missing.txt`, content: (error as Error).message });
    }
  };
  await add("about.json", () => Promise.resolve({ json: about() }));
  await add("settings.json", async () => ({ json: await settings(all) }));
  for (const path of FILES) {
    const text = readText(path);
    if (text !== undefined) {
      parts.push({ name: `machine${path.replaceAll("/", "_")}`, content: text });
    }
  }
  for (const command of COMMANDS) {
    const text = await outputOf(command);
    if (text !== undefined) parts.push({ name: `machine_${command[0]}.txt`, content: text });
  }
  await add("daemon.json", async () => ({
    json: await withDaemon({}, async (link) =>
      (await link.request({ kind: "daemon.info" }, {
        signal: AbortSignal.timeout(STATUS_TIMEOUT),
      })).fields),
  }));
  let status: ClusterStatus | undefined;
  await add("status.json", async () => ({ json: status = await clusterStatus() }));
  if (status) {
    const known = status;
    await add("status.txt", () => Promise.resolve(withoutColour(statusText(known))));
    await add("events.json", async () => ({ json: (await lastEvents()).events }));
    await add("deaths.json", async () => ({ json: await askJson({ kind: "query.deaths" }) }));
    await add("tasks.json", async () => ({ json: await askJson({ kind: "query.tasks" }) }));
    await add("readings.json", async () => ({
      json: await askJson({ kind: "query.readings" }, { timeout: STATUS_TIMEOUT * 2 }),
    }));
    let stacks: ClusterStacks | undefined;
    await add("stacks.json", async () => ({ json: stacks = await stacksOf({}) }));
    if (stacks) parts.push({ name: "stacks.txt", content: stacksText(stacks) });
    await add("doctor.json", async () => ({
      json: await askJson({ kind: "query.doctor" }, { timeout: DOCTOR_TIMEOUT }),
    }));
    told("logs");
    parts.push(...await clusterLogs(known, limits));
  }
  // The daemon's and the head's above all when no head answers.
  parts.push(...await localLogs(limits, parts));
  return { parts, status };
}

function about(): Record<string, unknown> {
  return {
    made_at: new Date().toISOString(),
    beam: buildName(),
    deno: Deno.version,
    target: Deno.build.target,
    kernel: Deno.osRelease(),
    host: Deno.hostname(),
    uptime_s: Deno.osUptime(),
    memory: Deno.systemMemoryInfo(),
    cpus: navigator.hardwareConcurrency,
    uid: Deno.uid(),
    runtime_dir: runtimeDir(),
    env: Deno.env.toObject(),
  };
}

async function settings(all: SubCommands) {
  const file = processConfig();
  const tables = settingsTables(await commandTable(all));
  return {
    file: file?.path ?? null,
    settings: tables.flatMap((one) => shownSettings(one, [], { env: processEnv, file })),
  };
}

/** The ends of the newest logs of every node. */
async function clusterLogs(status: ClusterStatus, limits: DebugLimits): Promise<DebugPart[]> {
  const { logs, faults } = await findLogs(status, {});
  const left: string[] = [];
  const parts: DebugPart[] = faults.length === 0
    ? []
    : [{ name: "logs/missing.txt", content: faults.join("\n") }];
  const byNode = Map.groupBy(logs, ({ node_id }) => node_id);
  let room = limits.characters;
  const read = async (log: FoundLog) => {
    const name = `logs/${log.node_ip}-${log.node_id.slice(0, 8)}/${log.name}`;
    if (room <= 0) return void left.push(name);
    try {
      const { text } = await new LogReader(log).last(limits.lines);
      room -= text.length;
      parts.push({ name, content: text });
    } catch (error) {
      parts.push({ name: `${name}.missing.txt`, content: (error as Error).message });
    }
  };
  await Promise.all(
    [...byNode.values()].map(async (own) => {
      const newest = own.filter(({ bytes }) => bytes > 0).slice(-limits.logs).reverse();
      const ofBeam = ({ of }: FoundLog) => of === "daemon" || of === "head";
      for (const log of newest.filter(ofBeam)) await read(log);
      for (const log of newest.filter((log) => !ofBeam(log))) await read(log);
    }),
  );
  if (left.length > 0) {
    const why = `For these there was no room, read them with \`beam logs\`:\n${left.join("\n")}\n`;
    parts.push({ name: "logs/left_out.txt", content: why });
  }
  return parts.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Of this machine's node, what the head has not told. */
async function localLogs(limits: DebugLimits, have: readonly DebugPart[]): Promise<DebugPart[]> {
  const { logs } = runtimePaths(runtimeDir());
  const dirs = [logs];
  try {
    const { record } = await chooseDaemon();
    if (record) dirs.push(nodeLogDir(record.runtime_dir, record.node_id));
  } catch {
    /* there is none: its last logs lie in folders of their own */
    dirs.push(
      ...entriesOf(logs).filter((one) => one.isDirectory).map(({ name }) => join(logs, name)),
    );
  }
  const known = new Set(have.map(({ name }) => name.split("/").at(-1)));
  return dirs.flatMap((dir) =>
    entriesOf(dir).filter(({ isFile, name }) => isFile && !known.has(name)).slice(-limits.logs)
      .flatMap(({ name }) => {
        try {
          const { text } = lastLines(join(dir, name), limits.lines);
          return text === "" ? [] : [{ name: `logs/here/${name}`, content: text }];
        } catch {
          return []; // removed meanwhile
        }
      })
  );
}

function entriesOf(dir: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(dir)];
  } catch {
    return [];
  }
}

async function outputOf([program, ...args]: readonly [string, ...string[]]) {
  try {
    const { stdout, stderr } = await new Deno.Command(program, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(COMMAND_TIMEOUT),
    }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } catch {
    return undefined; // it is not there
  }
}
