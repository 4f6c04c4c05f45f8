/** `beam status`: the cluster in one picture. */
import { askStatus } from "./cluster_status.ts";
import { type Command, EXIT } from "./command.ts";
import { withDaemon } from "./daemon_choice.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";
import { statusText } from "./status_text.ts";

const HELP =
  `Shows the cluster: its nodes and who holds their GPUs, placement groups, actors, and what
waits and why. Asks the head through this machine's node.

Usage:
  beam status [--json]

Options:
  --json     everything, for programs`;

async function run(args: string[]): Promise<number> {
  const { values } = parse(
    { program: "beam status", flags: { json: { kind: "switch" } } as const },
    args,
  );
  const status = await withDaemon({ anyNode: true }, (link) => askStatus(link));
  if (values.json) printJson(status);
  else print(statusText(status));
  return EXIT.done;
}

export const status: Command = { name: "beam status", help: HELP, run };
