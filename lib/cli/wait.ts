/** `beam wait`: waits until the cluster has what a program is going to need. */
import { Trouble } from "../runtime/errors.ts";
import { RequestFailed, WireError } from "../wire/errors.ts";
import type { Link } from "../wire/link.ts";
import {
  askStatus,
  type ClusterStatus,
  isPresent,
  STATUS_TIMEOUT,
  sumOf,
} from "./cluster_status.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { withDaemon } from "./daemon_choice.ts";
import { seconds, wholeNumber } from "./numbers.ts";
import { print, printJson, say } from "./output.ts";
import { parse } from "./parse.ts";

const HELP = `Waits until the cluster has so many nodes and GPUs.

Usage:
  beam wait [--nodes N] [--gpus N] [--timeout SECONDS]

Options:
  --nodes N            nodes that are alive (default 1)
  --gpus N             GPUs on them, in use or not
  --timeout SECONDS    default 300
  --json               print what is there, for programs

Says on standard error what is missing while it waits. Exit code 1 where the time is over before that.`;

const FLAGS = {
  nodes: { kind: "text" },
  gpus: { kind: "text" },
  timeout: { kind: "text", setting: true, value: "seconds" },
  json: { kind: "switch" },
} as const;

/** How often the head is asked, in milliseconds. */
const ASK_INTERVAL = 250;
/** Who waits no longer than this is told nothing meanwhile, in milliseconds. */
const QUIET_MS = 2000;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "beam wait", flags: FLAGS }, args);
  const nodes = wholeNumber("--nodes", values.nodes ?? "1");
  const gpus = wholeNumber("--gpus", values.gpus ?? "0");
  const timeout = seconds("--timeout", values.timeout ?? "300");
  if (nodes + gpus === 0) {
    throw new UsageError("Cannot wait for nothing: --nodes and --gpus are 0", "Raise one of them.");
  }
  const deadline = Date.now() + timeout;
  const progress = new Progress();
  for (let last = "no node runs on this machine";; last = await pause(last)) {
    try {
      const patience = {
        timeout: Math.max(ASK_INTERVAL, Math.min(STATUS_TIMEOUT, deadline - Date.now())),
        quiet: true,
      };
      const ask = (link: Link) => askStatus(link, patience);
      const present = presentIn(await withDaemon({ anyNode: true }, ask));
      if (present.nodes >= nodes && present.gpus >= gpus) {
        if (values.json) printJson(present);
        else print(presentText(present));
        return EXIT.done;
      }
      last = `it has ${presentText(present)}: ${missingText(present, { nodes, gpus })}`;
    } catch (error) {
      last = passingCause(error);
    }
    progress.tell(last, Date.now());
    if (Date.now() + ASK_INTERVAL > deadline) {
      throw new Trouble(
        `Cannot go on: after ${timeout / 1000} s the cluster must have ${
          wantedText({ nodes, gpus })
        }, and ${last}`,
        "Start the missing nodes with `beam up --join`, or wait longer with --timeout.",
        { code: "timeout" },
      );
    }
  }
}

/** Says on standard error what is waited for, once it has not come at once, and when that changes. */
class Progress {
  #begun: number | undefined;
  #told = "";

  tell(last: string, now: number): void {
    this.#begun ??= now;
    if (last === this.#told || now - this.#begun < QUIET_MS) return;
    this.#told = last;
    say(`Waiting: ${last}.`);
  }
}

/** What is there to run programs on. */
export interface Present {
  nodes: number;
  gpus: number;
}

/** Counts the nodes that are alive, and their GPUs. */
export function presentIn(status: ClusterStatus): Present {
  const alive = status.nodes.filter(isPresent);
  return { nodes: alive.length, gpus: sumOf(alive.map((node) => node.total))["GPU"] ?? 0 };
}

/** `1 node and 2 GPUs are missing`. */
export function missingText(present: Present, wanted: Present): string {
  const nodes = Math.max(0, wanted.nodes - present.nodes);
  const gpus = Math.max(0, wanted.gpus - present.gpus);
  return `${wantedText({ nodes, gpus })} ${nodes + gpus === 1 ? "is" : "are"} missing`;
}

/** `2 nodes`: without what nobody asked for. */
export function wantedText({ nodes, gpus }: Present): string {
  return [
    ...(nodes > 0 ? [`${nodes} ${nodes === 1 ? "node" : "nodes"}`] : []),
    ...(gpus > 0 ? [`${gpus} ${gpus === 1 ? "GPU" : "GPUs"}`] : []),
  ].join(" and ");
}

function presentText({ nodes, gpus }: Present): string {
  return `${nodes} ${nodes === 1 ? "node" : "nodes"} and ${gpus} ${gpus === 1 ? "GPU" : "GPUs"}`;
}

/** Why there is no picture now, where that may pass. Anything else is thrown. */
function passingCause(error: unknown): string {
  if (error instanceof Trouble && ["none", "timeout"].includes(error.code)) {
    return error.code === "none" ? "no node runs on this machine" : "its head does not answer";
  }
  if (error instanceof WireError && !(error instanceof RequestFailed)) return error.message;
  throw error;
}

async function pause(last: string): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, ASK_INTERVAL));
  return last;
}

export const wait: Command = { name: "beam wait", help: HELP, flags: FLAGS, run };
