/** `beam events`: what has happened in the cluster, and what happens. */
import type { ClusterEvent } from "../head/event_log.ts";
import { MOST_EVENTS } from "../head/event_log.ts";
import { Trouble } from "../runtime/errors.ts";
import { LinkClosed } from "../wire/errors.ts";
import { STATUS_TIMEOUT } from "./cluster_status.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { type EventFilter, eventLine, isWanted } from "./events_text.ts";
import { findActors, findNode } from "./finding.ts";
import { duration, wholeNumber } from "./numbers.ts";
import { endWithReader } from "./left_reader.ts";
import { print, printJson, say } from "./output.ts";
import { parse } from "./parse.ts";
import { addressOf, askCluster, clusterStatus } from "./status_source.ts";
import { inColour } from "./terminal.ts";

const HELP =
  `Shows what has happened in the cluster: nodes that joined and were lost, jobs, placement groups
and why they wait, actors and what they died of, starts of the head, tokens. The head remembers the
last 10000 events, and over its own restart the last 1000.

Usage:
  beam events [OPTIONS]

Options:
  -f, --follow               go on with what happens
  -n, --lines N              the last N (default 50; with --since all)
  --since WHEN               from then on: a span such as 10m, 2h or 1d, or 2026-11-21T16:00
  --node NODE                of one node: its address, host or id
  --actor ACTOR              of one actor: its name or id
  --job JOB                  of one job: its id
  --kind KIND                of one kind, such as actor or actor.died
  --address HOST[:PORT]      the cluster whose head is there
  --json                     for programs; with --follow one event a line`;

const FLAGS = {
  follow: { kind: "switch", short: "f" },
  lines: { kind: "text", short: "n" },
  since: { kind: "text" },
  node: { kind: "text", value: "node" },
  actor: { kind: "text", value: "actor" },
  job: { kind: "text", value: "job" },
  kind: { kind: "text" },
  address: { kind: "text" },
  json: { kind: "switch" },
} as const;

/** How long one question waits for the next event, in milliseconds. */
const WAIT_MS = 20_000;
/** How long to wait before asking a head again that did not answer, in milliseconds. */
const PAUSE_MS = 1000;
const DEFAULT_LINES = "50";

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "beam events", flags: FLAGS }, args);
  const address = addressOf(values.address);
  const since = values.since === undefined ? undefined : whenOf(values.since, Date.now());
  const lines = wholeNumber(
    "--lines",
    values.lines ?? (since === undefined ? DEFAULT_LINES : String(MOST_EVENTS)),
  );
  const filter: EventFilter = { since, kind: values.kind, job: values.job };
  if (values.node !== undefined || values.actor !== undefined) {
    const status = await clusterStatus(address);
    if (values.node !== undefined) filter.node = findNode(status, values.node).node_id;
    if (values.actor !== undefined) {
      const [actor] = findActors(status, values.actor);
      // One that is forgotten may still be told of.
      filter.actor = actor?.actor_id ?? values.actor;
    }
  }
  const { events, last } = await lastEvents(address);
  const shown = events.filter((event) => isWanted(event, filter)).slice(-lines || Infinity);
  const show = (event: ClusterEvent) =>
    print(values.json ? JSON.stringify(event) : eventLine(event, inColour()));
  if (values.json && !values.follow) printJson(shown);
  else if (lines > 0) shown.forEach(show);
  if (shown.length === 0 && !values.follow && !values.json) {
    say("No event that is remembered fits.");
  }
  if (!values.follow) return EXIT.done;
  endWithReader();
  for await (const event of newEvents(last, address)) if (isWanted(event, filter)) show(event);
  return EXIT.done;
}

/** Everything that the head remembers, and the number of the newest. */
export async function lastEvents(
  address?: string,
): Promise<{ events: ClusterEvent[]; last: number }> {
  const ask = { kind: "query.events", limit: MOST_EVENTS } as const;
  const { fields, body } = await askCluster(address, ask, { timeout: STATUS_TIMEOUT });
  return { events: JSON.parse(new TextDecoder().decode(body)), last: fields.last };
}

/**
 * Events after the one of that number, as they happen; a head that is away is waited for, which is said
 * once. Ends with an error only: where there is no node any more, and where the head refuses.
 */
export async function* newEvents(
  since: number,
  address?: string,
): AsyncGenerator<ClusterEvent, never, void> {
  for (let away = false;;) {
    try {
      const ask = { kind: "query.events", since, limit: MOST_EVENTS, wait_ms: WAIT_MS } as const;
      const patience = { timeout: WAIT_MS + STATUS_TIMEOUT, quiet: true };
      const { fields, body } = await askCluster(address, ask, patience);
      if (away) say("The head is back.");
      away = false;
      since = fields.last;
      yield* JSON.parse(new TextDecoder().decode(body)) as ClusterEvent[];
    } catch (error) {
      const passes = error instanceof LinkClosed ||
        (error instanceof Trouble && error.code === "timeout");
      if (!passes) throw error;
      if (!away) say(`${error.message}. Waiting for it.`);
      away = true;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

/** A span of time before now, or a moment, as milliseconds since the epoch. */
export function whenOf(text: string, now: number): number {
  if (/^\d+(\.\d+)?[smhd]?$/.test(text)) return now - duration("--since", text);
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw new UsageError(
    `Cannot use --since=${text}: it must be a span of time or a moment`,
    "Give one such as --since=10m, 2h, 1d or 2026-11-21T16:00.",
  );
}

export const events: Command = { name: "beam events", help: HELP, flags: FLAGS, run };
