/** `ray get`: one node, actor, placement group, worker or task, with all of Ray's columns. */
import { type Command, EXIT, UsageError } from "./command.ts";
import { seconds } from "./numbers.ts";
import { print, say } from "./output.ts";
import { parse } from "./parse.ts";
import { isNoCluster, NO_CLUSTER, rayAddress } from "./ray_address.ts";
import { fetchRows, ID_COLUMNS, kindNamed, KINDS } from "./ray_kinds.ts";
import { yamlText } from "./ray_table.ts";

const GOT = KINDS.filter((kind) => ID_COLUMNS[kind] !== undefined);

const HELP = `Shows one thing of the cluster, in Ray's columns.

Usage:
  ray get ${GOT.join("|")} ID [OPTIONS]

Options:
  --timeout SECONDS      how long the head may take (default 30)
  --address HOST:PORT    the cluster whose head is there (RAY_ADDRESS)`;

const FLAGS = { timeout: { kind: "text" }, address: { kind: "text" } } as const;

async function run(args: string[]): Promise<number> {
  const { values, positionals } = parse({ program: "ray get", flags: FLAGS, positionals: 2 }, args);
  const kind = kindNamed("get", positionals[0], GOT);
  const id = positionals[1];
  if (id === undefined) {
    throw new UsageError(
      `Cannot get one of ${kind}: say which`,
      `Do you mean \`ray list ${kind}\`?`,
    );
  }
  const timeout = seconds("--timeout", values.timeout ?? "30");
  const address = rayAddress(values.address);
  try {
    const rows = await fetchRows(kind, { address, timeout, detail: true });
    const found = rows.filter((row) => String(row[ID_COLUMNS[kind]!]) === id.toLowerCase());
    print(found.length > 0 ? yamlText(found) : `Resource with id=${id} not found in the cluster.`);
    return EXIT.done;
  } catch (error) {
    if (!isNoCluster(error)) throw error;
    say(NO_CLUSTER);
    return EXIT.failed;
  }
}

export const rayGet: Command = { name: "ray get", help: HELP, flags: FLAGS, takes: [GOT], run };
