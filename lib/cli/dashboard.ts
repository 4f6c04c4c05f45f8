/** `beam dashboard`: where the cluster's page is, and the token that opens it. */
import { isLoopback } from "../runtime/loopback.ts";
import { Trouble } from "../runtime/errors.ts";
import { runtimePaths } from "../runtime/paths.ts";
import type { DaemonRecord } from "../runtime/records.ts";
import { keptToken } from "../runtime/token.ts";
import { type Command, EXIT } from "./command.ts";
import { chooseDaemon } from "./daemon_choice.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";
import { isNoCluster } from "./ray_address.ts";

const HELP = `Prints the address of the cluster's page for browsers and the token to log in with.

Usage:
  beam dashboard [--json]

Options:
  --json     for programs

On the head's machine. The token is the page's own: it opens the page and the job API, and lets no
machine join. The page is served on this machine alone unless \`--dashboard-host\` said otherwise at
\`beam up --head\`; the line with \`ssh\` brings it to yours.`;

const FLAGS = { json: { kind: "switch" } } as const;

/** Where it is and how to get in. */
export interface DashboardAccess {
  url: string;
  token: string;
  /** Only programs of this machine reach it. */
  loopback: boolean;
}

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "beam dashboard", flags: FLAGS }, args);
  const record = await ownRecord();
  const access = accessOf(record, (dir) => keptToken(runtimePaths(dir).dashboardToken)?.token);
  if (values.json) printJson(access);
  else print(accessText(access, Deno.hostname()));
  return EXIT.done;
}

/** Of the node that other commands talk to; undefined where none runs here. */
async function ownRecord(): Promise<DaemonRecord | undefined> {
  try {
    return (await chooseDaemon()).record;
  } catch (error) {
    if (isNoCluster(error)) return undefined;
    throw error;
  }
}

/** @throws {Trouble} where the page is not on this machine, or there is none */
export function accessOf(
  record: DaemonRecord | undefined,
  tokenIn: (runtime_dir: string) => string | undefined,
): DashboardAccess {
  if (!record) {
    throw new Trouble(
      "Cannot tell where the dashboard is: no node of beam runs here",
      "Run it on the head's machine, after `beam up --head`.",
    );
  }
  const { is_head, head_address, dashboard, dashboard_fault, runtime_dir } = record;
  if (!is_head) {
    const host = head_address.slice(0, head_address.lastIndexOf(":"));
    throw new Trouble(
      `Cannot tell where the dashboard is: it is on the head's machine, ${host}`,
      "Run `beam dashboard` there.",
    );
  }
  const token = tokenIn(runtime_dir);
  if (dashboard === undefined || token === undefined) {
    throw new Trouble(
      dashboard_fault ?? "Cannot tell where the dashboard is: this head was started without one",
      "Start the head without `--include-dashboard false`, or with another `--dashboard-port`.",
    );
  }
  const host = dashboard.slice(0, dashboard.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  return { url: `http://${dashboard}`, token, loopback: isLoopback(host) };
}

/** For people. */
export function accessText({ url, token, loopback }: DashboardAccess, machine: string): string {
  const port = url.slice(url.lastIndexOf(":") + 1);
  const lines = [url, `log in with  ${token}`];
  if (loopback) {
    lines.push(
      "",
      "From another machine:",
      `  ssh -N -L ${port}:127.0.0.1:${port} ${machine}`,
      `and open http://127.0.0.1:${port} there.`,
    );
  }
  return lines.join("\n");
}

export const dashboard: Command = { name: "beam dashboard", help: HELP, flags: FLAGS, run };
