/** `beam metrics`: what the head serves at `/metrics`, without HTTP and its token. */
import { addressText } from "../wire/address.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { hostAndPort } from "./numbers.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";
import { askCluster } from "./status_source.ts";

/** The head waits for its nodes' first readings, in milliseconds. */
const TIMEOUT = 10_000;

const HELP = `Prints the cluster's metrics, as the head serves them to Prometheus.

Usage:
  beam metrics [--openmetrics | --json] [--address HOST[:PORT]]

Options:
  --openmetrics           in OpenMetrics' text format
  --json                  for programs: a list of {name, type, help, samples}
  --address HOST[:PORT]   the cluster whose head is there`;

const FLAGS = {
  openmetrics: { kind: "switch" },
  json: { kind: "switch" },
  address: { kind: "text" },
} as const;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "beam metrics", flags: FLAGS }, args);
  if (values.openmetrics && values.json) {
    throw new UsageError("Cannot print metrics in two formats at once", "Leave one of them out.");
  }
  const format = values.json ? "json" : values.openmetrics ? "openmetrics" : "prometheus";
  const address = values.address === undefined
    ? undefined
    : addressText(hostAndPort("--address", values.address));
  const { body } = await askCluster(address, { kind: "query.metrics", format }, {
    timeout: TIMEOUT,
  });
  const text = new TextDecoder().decode(body);
  if (values.json) printJson(JSON.parse(text));
  else print(text.trimEnd());
  return EXIT.done;
}

export const metrics: Command = { name: "beam metrics", help: HELP, flags: FLAGS, run };
