/** Actors as rows of a table, and an actor's life as a line. Pure. */
import type { ActorDetails, ActorRow, DeathDetails } from "../picture.ts";
import type { Cell, Column, Tone } from "./cell.ts";
import type { Searchable } from "./filter.ts";
import { amountsText, durationText, momentText, shortId } from "./format.ts";
import { nodeHref, nodeName } from "./nodes_model.ts";
import type { Tables } from "./tables.ts";

/** An actor with its node's name. */
export interface ActorLine {
  actor: ActorRow;
  node: string;
  now: number;
}

/** Ray's words as people read them. */
const STATES: Readonly<Record<ActorRow["state"], [text: string, tone: Tone, order: number]>> = {
  DEAD: ["dead", "bad", 0],
  RESTARTING: ["restarting", "warn", 1],
  PENDING_CREATION: ["pending", "warn", 2],
  ALIVE: ["alive", "good", 3],
};

/** All actors that are known. */
export function actorLines(tables: Tables, now: number): ActorLine[] {
  const names = new Map(tables.rows("nodes").map((node) => [node.id, nodeName(node)]));
  return tables.rows("actors").map((actor) => ({
    actor,
    node: names.get(actor.node_id) ?? "",
    now,
  }));
}

/** Its name, else its class. */
export function actorName(actor: Pick<ActorRow, "name" | "class_name">): string {
  return actor.name || actor.class_name;
}

/** A state, and finer where it waits or starts. */
export function actorState(actor: ActorRow): Cell {
  const [text, tone] = STATES[actor.state];
  const { death, step } = actor;
  // Whoever was ended on purpose is no cause for alarm.
  if (actor.state === "DEAD" && death?.asked !== false) {
    return { text: "ended", tone: "muted", dot: true };
  }
  const finer = actor.state === "ALIVE" || actor.state === "DEAD"
    ? ""
    : step === "waiting"
    ? "waits for a place"
    : step === "starting"
    ? "its process starts"
    : "runs __init__";
  return { text, tone, dot: true, sub: finer };
}

/** The columns of the table of actors. */
export const ACTOR_COLUMNS: readonly Column<ActorLine>[] = [
  {
    id: "name",
    title: "Actor",
    wrap: true,
    cell: ({ actor }) => ({
      text: actorName(actor),
      sub: actor.name ? `${actor.class_name} · ${shortId(actor.id)}` : shortId(actor.id),
      href: `#/actors/${actor.id}`,
      title: actor.id,
    }),
  },
  {
    id: "state",
    title: "State",
    cell: ({ actor }) => actorState(actor),
    order: ({ actor }) => STATES[actor.state][2] + (actorState(actor).tone === "muted" ? 10 : 0),
  },
  { id: "node", title: "Node", rank: 2, cell: ({ node }) => ({ text: node || "–" }) },
  {
    id: "pid",
    title: "Process",
    number: true,
    rank: 3,
    cell: ({ actor }) => ({ text: actor.pid > 0 ? String(actor.pid) : "–", mono: true }),
    order: ({ actor }) => actor.pid,
  },
  {
    id: "gpu",
    title: "GPU",
    rank: 2,
    cell: ({ actor }) => ({ text: actor.devices.join(", ") || "–" }),
  },
  {
    id: "restarts",
    title: "Restarts",
    number: true,
    rank: 3,
    cell: ({ actor }) => ({
      text: String(actor.restarts),
      tone: actor.restarts > 0 ? "warn" : "muted",
      title: actor.max_restarts < 0
        ? "It may be restarted any number of times"
        : `It may be restarted ${actor.max_restarts} times`,
    }),
    order: ({ actor }) => actor.restarts,
  },
  { id: "job", title: "Job", rank: 3, cell: ({ actor }) => ({ text: actor.job_id, mono: true }) },
  {
    id: "since",
    title: "For",
    hint: "How long it has been in its state",
    number: true,
    cell: ({ actor, now }) => ({
      text: durationText(now - (actor.ended_at ?? actor.since)),
      title: `Since ${momentText(actor.ended_at ?? actor.since)}`,
    }),
    order: ({ actor, now }) => now - (actor.ended_at ?? actor.since),
  },
  {
    id: "cause",
    title: "Last death",
    wide: true,
    rank: 2,
    cell: ({ actor }) =>
      actor.death
        ? { text: actor.death.message, title: actor.death.message, tone: "muted" }
        : { text: "" },
  },
];

/** What an actor is found by. */
export function actorSearch({ actor, node }: ActorLine): Searchable {
  return {
    id: actor.id,
    name: actor.name,
    class: actor.class_name,
    state: actorState(actor).text,
    node,
    node_id: actor.node_id,
    pid: actor.pid,
    job: actor.job_id,
    group: actor.pg_id,
    gpu: actor.devices.join(" "),
    namespace: actor.namespace,
    cause: actor.death?.message,
  };
}

/** Facts of an actor as pairs; an address leads to another view. */
export function actorFacts(
  { actor, tables, now }: { actor: ActorRow; tables: Tables; now: number },
): [name: string, value: string, href?: string][] {
  const node = tables.get("nodes", actor.node_id);
  const group = actor.pg_id === undefined ? undefined : tables.get("groups", actor.pg_id);
  const facts: [string, string, string?][] = [
    ["Class", actor.class_name],
    ["Id", actor.id],
    ["Job", actor.job_id],
    ["Namespace", actor.namespace || "–"],
    node || actor.node_id
      ? ["Node", nodeName(node), nodeHref(actor.node_id)]
      : ["Node", "on none yet"],
    ["Process", actor.pid > 0 ? String(actor.pid) : "–"],
    ["Holds", amountsText(actor.resources) || "nothing while it runs"],
    ["GPUs", actor.devices.join(", ") || "none"],
    [
      "Restarts",
      actor.max_restarts < 0
        ? `${actor.restarts}, of any number`
        : `${actor.restarts} of at most ${actor.max_restarts}`,
    ],
    ["Asked for", `${momentText(actor.created_at)}, ${durationText(now - actor.created_at)} ago`],
  ];
  if (actor.pg_id !== undefined) {
    const name = group?.name || shortId(actor.pg_id);
    const bundle = actor.bundle !== undefined && actor.bundle >= 0
      ? `, bundle ${actor.bundle}`
      : "";
    facts.push(["Placement group", name + bundle, `#/groups/${actor.pg_id}`]);
  }
  if (actor.detached) facts.push(["Lives", "until it is killed: it is detached"]);
  return facts;
}

/** A stretch of an actor's life. */
export interface LifePart {
  state: "pending" | "alive" | "restarting" | "dead";
  from: number;
  /** Absent: it lasts. */
  to?: number;
  /** Which life it is, from 1. */
  life: number;
}

const BY_EVENT: Readonly<Record<string, LifePart["state"]>> = {
  "actor.created": "pending",
  "actor.waiting": "pending",
  "actor.alive": "alive",
  "actor.restarting": "restarting",
  "actor.died": "dead",
};

/** The states of an actor's life, from what has been told of it; the oldest first. */
export function lifeOf({ actor, events }: Pick<ActorDetails, "actor" | "events">): LifePart[] {
  const parts: LifePart[] = [];
  let life = 1;
  const enter = (state: LifePart["state"], from: number) => {
    const last = parts.at(-1);
    if (last?.state === state) return;
    if (last) last.to = Math.max(last.from, from);
    parts.push({ state, from, life });
  };
  enter("pending", actor.created_at);
  for (const { kind, at } of events) {
    const state = BY_EVENT[kind];
    if (state === undefined) continue;
    if (state === "restarting") life += 1;
    // To wait for a place again is part of being restarted.
    if (state === "pending" && parts.at(-1)!.state !== "pending") continue;
    enter(state, at);
  }
  // Events may be forgotten, or not have reached a journal: the actor's own state counts.
  const now = {
    PENDING_CREATION: "pending",
    ALIVE: "alive",
    RESTARTING: "restarting",
    DEAD: "dead",
  } as const;
  enter(now[actor.state], actor.ended_at ?? actor.since);
  return parts;
}

/** How the death of a life is told: what happened, then what came first. */
export function deathHeading({ report, life, restarted }: DeathDetails): string {
  const how = report.signal ??
    (report.exit_code === undefined ? report.kind : `exit ${report.exit_code}`);
  return `Life ${life}: ${how}${restarted ? ", started again" : ""}`;
}
