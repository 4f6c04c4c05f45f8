/** `ray summary`: how many tasks of each name, or actors of each class, are in each state. */
import { type Command, EXIT, UsageError } from "./command.ts";
import { nearest } from "./nearest.ts";
import { seconds } from "./numbers.ts";
import { print, say } from "./output.ts";
import { parse } from "./parse.ts";
import { isNoCluster, NO_CLUSTER, rayAddress } from "./ray_address.ts";
import { fetchRows } from "./ray_kinds.ts";
import { summaryText } from "./ray_summary_text.ts";

const SUMMARIZED = ["tasks", "actors"] as const;

const HELP = `Counts what the cluster has, as Ray does.

Usage:
  ray summary tasks|actors [OPTIONS]

Options:
  --timeout SECONDS      how long the head may take (default 30)
  --address HOST:PORT    the cluster whose head is there (RAY_ADDRESS)`;

const FLAGS = { timeout: { kind: "text" }, address: { kind: "text" } } as const;

async function run(args: string[]): Promise<number> {
  const program = "ray summary";
  const { values, positionals } = parse({ program, flags: FLAGS, positionals: 1 }, args);
  const kind = SUMMARIZED.find((one) => one === positionals[0]);
  if (kind === undefined) throw notSummarized(positionals[0]);
  const timeout = seconds("--timeout", values.timeout ?? "30");
  const address = rayAddress(values.address);
  try {
    print(
      summaryText(kind, await fetchRows(kind, { address, timeout, detail: false }), new Date()),
    );
    return EXIT.done;
  } catch (error) {
    if (!isNoCluster(error)) throw error;
    say(NO_CLUSTER);
    return EXIT.failed;
  }
}

function notSummarized(text: string | undefined): UsageError {
  const mend = `Use \`ray summary ${SUMMARIZED.join("|")}\`.`;
  if (text === undefined) return new UsageError("Cannot summarize nothing: say what", mend);
  const near = nearest(text, SUMMARIZED);
  return new UsageError(
    `Cannot summarize ${text}: there is no such summary`,
    text === "objects"
      ? "Each process knows its own: call ray.util.state.summarize_objects() in it."
      : near
      ? `Did you mean \`ray summary ${near}\`?`
      : mend,
  );
}

export const raySummary: Command = {
  name: "ray summary",
  help: HELP,
  flags: FLAGS,
  takes: [SUMMARIZED],
  run,
};
