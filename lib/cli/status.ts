/** `beam status`: the cluster in one picture. */
import { addressText } from "../wire/address.ts";
import { type Command, EXIT } from "./command.ts";
import { hostAndPort } from "./numbers.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";
import { clusterStatus } from "./status_source.ts";
import { statusText } from "./status_text.ts";

const HELP =
  `Shows the cluster: its nodes and who holds their GPUs, placement groups, actors, and what
waits and why. Asks the head through this machine's node; with --address, from any machine that has
the cluster's token (BEAM_TOKEN, BEAM_TOKEN_FILE).

Usage:
  beam status [--address HOST[:PORT]] [--json]

Options:
  --address HOST[:PORT]   the cluster whose head is there
  --json                  everything, for programs`;

const FLAGS = { address: { kind: "text" }, json: { kind: "switch" } } as const;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "beam status", flags: FLAGS }, args);
  const address = values.address === undefined
    ? undefined
    : addressText(hostAndPort("--address", values.address));
  const status = await clusterStatus(address);
  if (values.json) printJson(status);
  else print(statusText(status));
  return EXIT.done;
}

export const status: Command = { name: "beam status", help: HELP, flags: FLAGS, run };
