/** `beam top`: how busy the machines and their GPUs are, and who holds them. */
import type { NodeReadingsView } from "../head/node_questions.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { interval } from "./numbers.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";
import type { Patience } from "./patience.ts";
import { askJson, clusterStatus } from "./status_source.ts";
import { onTerminal, painted, terminalWidth } from "./terminal.ts";
import { type Sort, sorted, SORTS, type TopNode, topNodes, topText } from "./top_text.ts";
import { watchOnScreen } from "./watching.ts";

const HELP =
  `Shows how busy the cluster's machines and GPUs are, and who holds the GPUs: on a terminal again and
again until q or Ctrl-C, else once. What a driver does not tell stays empty.

Usage:
  beam top [--once] [--sort WHAT] [--interval SECONDS] [--json]

Options:
  --once                 once, on a terminal too
  --sort WHAT            name (default), cpu, memory or gpu
  --interval SECONDS     how often it is looked at (default 2; machines are read every 5)
  --json                 once, for programs

Keys: n, c, m, g sort by name, CPU, memory, GPU; arrows and the space bar scroll; q ends.`;

const FLAGS = {
  once: { kind: "switch" },
  sort: { kind: "text", value: Object.keys(SORTS) },
  interval: { kind: "text" },
  json: { kind: "switch" },
} as const;

const KEYS: Readonly<Record<string, Sort>> = { n: "name", c: "cpu", m: "memory", g: "gpu" };
/** How long the machines' answers may take, in milliseconds. */
const TIMEOUT = 10_000;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "beam top", flags: FLAGS }, args);
  let sort = sortOf(values.sort ?? "name");
  const every = interval("--interval", values.interval ?? "2");
  if (values.json || values.once || !onTerminal()) {
    const nodes = sorted(await look({}), sort);
    if (values.json) printJson(nodes);
    else print(topText(nodes));
    return EXIT.done;
  }
  await watchOnScreen<TopNode[]>({
    title: "beam top",
    interval: every,
    look: () => look({ quiet: true }),
    picture: (nodes) => ({
      head: [painted(`sorted by ${SORTS[sort]}; n c m g sort by name, CPU, memory, GPU`, "dim")],
      body: topText(sorted(nodes, sort), { width: terminalWidth() }).split("\n"),
    }),
    text: (nodes) => ({ text: topText(nodes), same: "" }),
    key: (key) => {
      const wanted = KEYS[key];
      if (wanted) sort = wanted;
      return wanted !== undefined;
    },
  });
  return EXIT.done;
}

function sortOf(text: string): Sort {
  if (Object.hasOwn(SORTS, text)) return text as Sort;
  throw new UsageError(
    `Cannot use --sort=${text}: it must be one of ${Object.keys(SORTS).join(", ")}`,
    "Use --sort=gpu to have the busiest GPUs first.",
  );
}

async function look({ quiet }: Pick<Patience, "quiet">): Promise<TopNode[]> {
  const [status, readings] = await Promise.all([
    clusterStatus(undefined, { quiet }),
    askJson<NodeReadingsView[]>({ kind: "query.readings" }, { timeout: TIMEOUT, quiet: true }),
  ]);
  return topNodes(status, readings);
}

export const top: Command = { name: "beam top", help: HELP, flags: FLAGS, run };
