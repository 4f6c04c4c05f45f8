/** `ray list`: nodes, actors, tasks and more in Ray's columns. */
import { type Command, EXIT, UsageError } from "./command.ts";
import { seconds, wholeNumber } from "./numbers.ts";
import { print, printJson, say } from "./output.ts";
import { parse } from "./parse.ts";
import { isNoCluster, NO_CLUSTER, rayAddress } from "./ray_address.ts";
import { fetchRows, kindNamed, KINDS } from "./ray_kinds.ts";
import { type Filter, meets, parseFilter, type Row } from "./ray_rows.ts";
import { listText, yamlText } from "./ray_table.ts";

const HELP = `Lists what the cluster has, in Ray's columns.

Usage:
  ray list ${KINDS.join("|")} [OPTIONS]

Options:
  --format FORMAT        default, table, json or yaml
  -f, --filter COND      only rows with KEY=VALUE or KEY!=VALUE; may be given several times
  --limit N              at most so many rows (default 100)
  --detail               all columns
  --timeout SECONDS      how long the head may take (default 30)
  --address HOST:PORT    the cluster whose head is there (RAY_ADDRESS)`;

const FORMATS = ["default", "table", "json", "yaml"] as const;
const FLAGS = {
  format: { kind: "text", value: FORMATS },
  filter: { kind: "text", short: "f", many: true },
  limit: { kind: "text" },
  detail: { kind: "switch" },
  timeout: { kind: "text" },
  address: { kind: "text" },
} as const;

/** Ray's words for an empty list; as JSON it is one. */
const NOTHING = "No resource in the cluster";

async function run(args: string[]): Promise<number> {
  const parsed = parse({ program: "ray list", flags: FLAGS, positionals: 1 }, args);
  const { values } = parsed;
  const kind = kindNamed("list", parsed.positionals[0], KINDS);
  const format = values.format ?? "default";
  if (!FORMATS.some((one) => one === format)) {
    throw new UsageError(
      `Cannot use --format=${format}: it must be one of ${FORMATS.join(", ")}`,
      "Use --format=json for programs.",
    );
  }
  const filters = values.filter.map(filterOf);
  const limit = wholeNumber("--limit", values.limit ?? "100");
  const timeout = seconds("--timeout", values.timeout ?? "30");
  const address = rayAddress(values.address);
  try {
    const all = await fetchRows(kind, { address, timeout, detail: values.detail });
    checkKeys(filters, all[0], kind);
    const rows = all.filter((row) => filters.every((filter) => meets(row, filter)));
    show(rows.slice(0, limit), rows.length, format, values.detail);
    return EXIT.done;
  } catch (error) {
    if (!isNoCluster(error)) throw error;
    say(NO_CLUSTER);
    return EXIT.failed;
  }
}

function filterOf(text: string): Filter {
  const filter = parseFilter(text);
  if (filter) return filter;
  throw new UsageError(
    `Cannot use --filter=${text}: it must be KEY=VALUE or KEY!=VALUE`,
    "Give a condition such as --filter=state=ALIVE.",
  );
}

/** A column that is not there fits nothing, which would read as if there were nothing. */
function checkKeys(filters: readonly Filter[], row: Row | undefined, kind: string): void {
  const strange = row && filters.find(({ key }) => !Object.hasOwn(row, key));
  if (!strange) return;
  throw new UsageError(
    `Cannot use --filter=${strange.key}…: ${kind} have no column ${strange.key} here`,
    `They have ${Object.keys(row).join(", ")}; with --detail there may be more.`,
  );
}

function show(rows: Row[], total: number, format: string, detail: boolean): void {
  if (format === "json") printJson(rows);
  else if (rows.length === 0) print(NOTHING);
  else if (format === "yaml" || (format === "default" && detail)) print(yamlText(rows));
  else print(listText(rows, total, new Date()));
}

export const rayList: Command = { name: "ray list", help: HELP, flags: FLAGS, takes: [KINDS], run };
