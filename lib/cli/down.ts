/** `beam down`: ends this node, or all of this user's on this machine. */
import { processEnv, runtimeDir } from "../runtime/paths.ts";
import { allRecords, isRunning, recordOf } from "../runtime/records.ts";
import { type Command, EXIT } from "./command.ts";
import { type EndedNode, endingOrder, endNode } from "./ending.ts";
import { print, printJson, say } from "./output.ts";
import { parse } from "./parse.ts";

const HELP = `Ends the node of this runtime directory: its workers first, then its daemon.
On the head's machine this ends the cluster's head too; other nodes then wait for it.

Usage:
  beam down [--all] [--force]

Options:
  --all          every node of this user on this machine
  -f, --force    kill what does not end by itself
  --json         print what was ended, for programs`;

const FLAGS = {
  all: { kind: "switch" },
  force: { kind: "switch", short: "f" },
  json: { kind: "switch" },
} as const;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "beam down", flags: FLAGS }, args);
  // Also one whose socket somebody removed: nothing else could end it.
  const own = values.all
    ? await allRecords(processEnv, isRunning)
    : [await recordOf(runtimeDir(), processEnv, isRunning)];
  const records = endingOrder(own.filter((record) => record !== undefined));
  const ended: EndedNode[] = [];
  let failure: unknown;
  for (const record of records) {
    try {
      ended.push(await endNode(record, { force: values.force }));
      if (!values.json) print(endedText(ended.at(-1)!));
    } catch (error) {
      failure ??= error; // the others are ended all the same
    }
  }
  if (failure) throw failure;
  if (values.json) {
    printJson({
      ended: ended.map(({ record, workers, killed }) => ({
        node_id: record.node_id,
        node_ip: record.node_ip,
        pid: record.pid,
        workers: workers ?? null,
        killed,
      })),
    });
  } else if (records.length === 0) {
    print(values.all ? "No node runs on this machine." : "No node runs in this runtime directory.");
    await tellOfOthers(values.all);
  }
  return EXIT.done;
}

async function tellOfOthers(all: boolean): Promise<void> {
  if (all) return;
  const others = await allRecords();
  if (others.length === 0) return;
  const list = others.map((record) => record.runtime_dir).join(", ");
  const set = processEnv("BEAM_RUNTIME_DIR") ? "another" : "a";
  say(`beam: Others run here: ${list}.`);
  say(`beam: Set ${set} BEAM_RUNTIME_DIR to end one of them, or use --all.`);
}

/** `Ended the node 10.0.0.1 (2 workers).` */
export function endedText({ record, workers, killed }: EndedNode): string {
  const what = record.is_head ? "head" : "node";
  const how = killed
    ? "killed"
    : workers === undefined
    ? "no answer from it"
    : workers === 1
    ? "1 worker"
    : `${workers} workers`;
  return `Ended the ${what} ${record.node_ip} (${how}).`;
}

export const down: Command = { name: "beam down", help: HELP, flags: FLAGS, run };
