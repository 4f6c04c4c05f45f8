/** `beam status`: the cluster in one picture. */
import type { ClusterStatus } from "./cluster_status.ts";
import { type Command, EXIT } from "./command.ts";
import { interval } from "./numbers.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";
import { addressOf, clusterStatus } from "./status_source.ts";
import { statusText } from "./status_text.ts";
import { onTerminal } from "./terminal.ts";
import { watchInText, watchOnScreen } from "./watching.ts";

const HELP =
  `Shows the cluster: its nodes and who holds their GPUs, placement groups, actors, what waits and
why, and what is not well. Asks the head through this machine's node; with --address, from any machine
that has the cluster's token (BEAM_TOKEN, BEAM_TOKEN_FILE).

Usage:
  beam status [--address HOST[:PORT]] [--watch] [--json]

Options:
  --address HOST[:PORT]   the cluster whose head is there
  -w, --watch             go on: on a terminal until q or Ctrl-C, else printed when it changes
  --interval SECONDS      with --watch, how often it is looked at (default 2)
  --json                  everything, for programs; with --watch one line each`;

const FLAGS = {
  address: { kind: "text" },
  watch: { kind: "switch", short: "w" },
  interval: { kind: "text" },
  json: { kind: "switch" },
} as const;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "beam status", flags: FLAGS }, args);
  const address = addressOf(values.address);
  if (!values.watch) {
    const status = await clusterStatus(address);
    if (values.json) printJson(status);
    else print(statusText(status));
    return EXIT.done;
  }
  const watched = {
    title: "beam status",
    interval: interval("--interval", values.interval ?? "2"),
    look: () => clusterStatus(address, { quiet: true }),
    picture: (status: ClusterStatus) => ({ head: [], body: statusText(status).split("\n") }),
    text: (status: ClusterStatus) => {
      const same = JSON.stringify(status, withoutTimes);
      const text = `--- ${new Date().toISOString()}\n${statusText(status)}`;
      return { same, text: values.json ? JSON.stringify(status) : text };
    },
  };
  if (onTerminal() && !values.json) await watchOnScreen(watched);
  else await watchInText(watched);
  return EXIT.done;
}

/** What changes although nothing has happened. */
function withoutTimes(key: string, value: unknown): unknown {
  return key === "last_seen" || key === "object_store" ? undefined : value;
}

export const status: Command = { name: "beam status", help: HELP, flags: FLAGS, run };
