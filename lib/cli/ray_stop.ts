/** `ray stop`: ends every node of this user on this machine. */
import { processEnv } from "../runtime/paths.ts";
import { allRecords, isRunning } from "../runtime/records.ts";
import { type Command, EXIT } from "./command.ts";
import { endingOrder, endNode } from "./ending.ts";
import { seconds } from "./numbers.ts";
import { print } from "./output.ts";
import { parse } from "./parse.ts";

const HELP = `Ends every node of this user on this machine, with all their workers.

Usage:
  ray stop [-f] [-g SECONDS]

Options:
  -f, --force                   kill what does not end by itself
  -g, --grace-period SECONDS    how long a node may take before it is killed (default 16)`;

const FLAGS = {
  force: { kind: "switch", short: "f" },
  "grace-period": { kind: "text", short: "g" },
  verbose: { kind: "switch", short: "v", hidden: true },
  "log-style": { kind: "text", hidden: true },
  "log-color": { kind: "text", hidden: true },
} as const;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "ray stop", flags: FLAGS }, args);
  const grace = seconds("--grace-period", values["grace-period"] ?? "16");
  const records = endingOrder(await allRecords(processEnv, isRunning));
  if (records.length === 0) {
    print("Did not find any active Ray processes.");
    return EXIT.done;
  }
  let failure: unknown;
  let processes = 0;
  for (const record of records) {
    try {
      // Both forms kill in the end, as Ray's do; --force only waits less.
      const timeout = values.force ? Math.min(grace, 3000) : grace;
      const { workers } = await endNode(record, { force: true, timeout });
      processes += 1 + (workers ?? 0) + Number(record.is_head);
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure) throw failure;
  print(`Stopped all ${processes} Ray processes.`);
  return EXIT.done;
}

export const rayStop: Command = { name: "ray stop", help: HELP, flags: FLAGS, run };
