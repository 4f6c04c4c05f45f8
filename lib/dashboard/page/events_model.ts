/** Events, the doctor's findings and what needs somebody's attention. Pure. */
import type { EventRow, FindingRow } from "../picture.ts";
import type { Column, Tone } from "./cell.ts";
import type { Searchable } from "./filter.ts";
import { countOf, durationText, momentText, timeText } from "./format.ts";
import { groupName } from "./groups_model.ts";
import { nodeHref, nodeName } from "./nodes_model.ts";
import type { Tables } from "./tables.ts";

/** How long a death counts as news, in milliseconds. */
const RECENT_MS = 15 * 60_000;

export const SEVERITY_TONES: Readonly<Record<EventRow["severity"], Tone>> = {
  error: "bad",
  warning: "warn",
  info: "muted",
};

/** An event, when looked at. */
export interface EventLine {
  event: EventRow;
  now: number;
}

/** Where an event's subject is shown. */
export function eventHref(event: EventRow): string | undefined {
  if (event.actor_id) return `#/actors/${event.actor_id}`;
  if (event.pg_id) return `#/groups/${event.pg_id}`;
  if (event.node_id) return nodeHref(event.node_id);
  return event.job_id ? `#/actors?q=job:${event.job_id}` : undefined;
}

/** The columns of the time line. */
export const EVENT_COLUMNS: readonly Column<EventLine>[] = [
  {
    id: "at",
    title: "When",
    cell: ({ event, now }) => ({
      text: timeText(event.at, now),
      title: momentText(event.at),
      mono: true,
    }),
    order: ({ event }) => event.seq,
  },
  {
    id: "severity",
    title: "How bad",
    rank: 2,
    cell: ({ event: { severity } }) => ({
      text: severity,
      tone: SEVERITY_TONES[severity],
      dot: true,
    }),
    order: ({ event: { severity } }) => ["error", "warning", "info"].indexOf(severity),
  },
  { id: "kind", title: "Kind", rank: 3, cell: ({ event }) => ({ text: event.kind, mono: true }) },
  {
    id: "text",
    title: "What happened",
    wide: true,
    cell: ({ event }) => {
      const href = eventHref(event);
      return { text: event.text, ...(href !== undefined && { href }) };
    },
  },
];

/** What an event is found by. */
export function eventSearch({ event }: EventLine): Searchable {
  return {
    kind: event.kind,
    severity: event.severity,
    text: event.text,
    node_id: event.node_id,
    actor: event.actor_id,
    group: event.pg_id,
    job: event.job_id,
  };
}

/** Something that somebody should look at. */
export interface Alarm {
  tone: "bad" | "warn";
  text: string;
  /** A second sentence: why, or what to do. */
  more?: string;
  href?: string;
}

/** What needs attention, the worst first; empty where all is well. */
export function alarmsOf(tables: Tables, now: number): Alarm[] {
  return [
    ...(tables.one("cluster")?.warnings ?? []).map((text): Alarm => ({ tone: "bad", text })),
    ...nodeAlarms(tables, now),
    ...waitingAlarms(tables, now),
    ...deathAlarms(tables, now),
    ...findingAlarms(tables.rows("findings")),
  ].sort((a, b) => Number(b.tone === "bad") - Number(a.tone === "bad"));
}

function nodeAlarms(tables: Tables, now: number): Alarm[] {
  const nodes = tables.rows("nodes");
  const living = nodes.filter(({ state }) => state !== "dead");
  return nodes.flatMap((node): Alarm[] => {
    const href = nodeHref(node.id);
    const name = nodeName(node);
    if (node.state === "suspect" || node.state === "away") {
      return [{
        tone: "warn",
        text: `Node ${name} is ${node.state}: it has not been heard of`,
        href,
      }];
    }
    if (node.state !== "dead" || now - (node.ended_at ?? 0) > RECENT_MS) return [];
    const text = `Node ${name} was lost ${durationText(now - (node.ended_at ?? now))} ago`;
    const back = living.some(({ name, ip }) => name === node.name && ip === node.ip);
    return [{
      tone: back ? "warn" : "bad",
      text: back ? `${text}, and is back` : text,
      href,
      ...(node.why && { more: node.why }),
    }];
  });
}

function waitingAlarms(tables: Tables, now: number): Alarm[] {
  const groups = tables.rows("groups").filter(({ state }) =>
    state === "PENDING" || state === "RESCHEDULING"
  ).map((group): Alarm => ({
    tone: group.feasible === false ? "bad" : "warn",
    text: `Placement group ${groupName(group)} has waited for ${
      durationText(now - group.requested_at)
    }`,
    href: `#/groups/${group.id}`,
    ...(group.why && { more: group.why }),
  }));
  const actors = tables.rows("waiting").map((row): Alarm => ({
    tone: row.feasible ? "warn" : "bad",
    text: `${countOf(row.count, "actor or task", "actors or tasks")} of job ${row.job_id} ${
      row.count === 1 ? "waits" : "wait"
    }`,
    more: row.why,
    href: `#/actors?q=state:pending job:${row.job_id}`,
  }));
  return [...groups, ...actors];
}

function deathAlarms(tables: Tables, now: number): Alarm[] {
  const recent = tables.rows("events").filter(({ kind, severity, at }) =>
    (kind === "actor.died" || kind === "actor.restarting") && severity !== "info" &&
    now - at < RECENT_MS
  );
  if (recent.length === 0) return [];
  const last = recent.at(-1)!;
  const href = eventHref(last);
  const others = recent.length - 1;
  return [{
    tone: "bad",
    text: recent.length === 1
      ? `An actor died ${durationText(now - last.at)} ago`
      : `${countOf(recent.length, "death")} of actors in the last 15 minutes`,
    more: others > 0 ? `The last: ${last.text}` : last.text,
    href: others > 0 ? "#/actors?q=state:dead" : href ?? "#/actors",
  }];
}

function findingAlarms(findings: readonly FindingRow[]): Alarm[] {
  const count = (wanted: FindingRow["severity"]) =>
    findings.filter(({ severity }) => severity === wanted).length;
  const [errors, warnings] = [count("error"), count("warning")];
  if (errors + warnings === 0) return [];
  const parts = [
    errors > 0 && countOf(errors, "error"),
    warnings > 0 && countOf(warnings, "warning"),
  ].filter(Boolean);
  return [{
    tone: errors > 0 ? "bad" : "warn",
    text: `The doctor found ${parts.join(" and ")}`,
    href: "#/doctor",
  }];
}
