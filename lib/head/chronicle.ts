/** Makes events for people out of what the brain does: compares each record with what was told of it last. */
import { type ActorRecord, actorText } from "../cluster/actors.ts";
import { causeText } from "../cluster/death.ts";
import type { Effect } from "../cluster/effects.ts";
import { isUnasked } from "../cluster/first_cause.ts";
import { type GroupRecord, groupText } from "../cluster/groups.ts";
import { jobText } from "../cluster/jobs.ts";
import { type NodeRecord, type NodeState, nodeText } from "../cluster/node.ts";
import { deathOf } from "./actor_view.ts";
import type { EventKind, EventSeverity, NewEvent } from "./event_log.ts";
import type { HeadState } from "./state.ts";

/** What was told of an actor last. */
interface ToldActor {
  incarnation: number;
  state: ActorRecord["state"];
}

/** What was told of a group last. */
interface ToldGroup {
  state: GroupRecord["state"];
  /** Node ids of its bundles. */
  nodes: string;
  /** Why it waits. */
  why?: string;
}

/** See the top of this file. */
export class Chronicle {
  #nodes = new Map<string, NodeState>();
  #jobs = new Map<string, string>();
  #actors = new Map<string, ToldActor>();
  #groups = new Map<string, ToldGroup>();
  /** The sentence by which an actor's waiting was told of last. */
  #waiting = new Map<string, string>();

  /** What the books hold already was told of by the head before this one. */
  constructor(readonly state: Pick<HeadState, "brain" | "events">) {
    const { nodes, jobs, actors, groups } = state.brain.books;
    for (const node of nodes.values()) this.#nodes.set(node.node_id, node.state);
    for (const job of jobs.values()) this.#jobs.set(job.job_id, job.state);
    for (const actor of actors.values()) this.#actors.set(actor.actor_id, toldActor(actor));
    for (const group of groups.values()) this.#groups.set(group.pg_id, toldGroup(group));
  }

  /** Tells what came of one effect, where something did. */
  follow(effect: Effect): void {
    const { books } = this.state.brain;
    switch (effect.kind) {
      case "node.changed": {
        const node = books.nodes.get(effect.node_id);
        return node && this.#node(node);
      }
      case "job.changed":
        return this.#job(effect.job_id);
      case "group.changed": {
        const group = books.groups.get(effect.pg_id);
        return group && this.#group(group);
      }
      case "actor.changed": {
        const actor = books.actors.get(effect.actor_id);
        return actor && this.#actor(actor);
      }
      case "warn":
        return this.#warn(effect.subject, effect.text);
    }
  }

  /** A record is gone from the books for good. */
  forgotten(table: string, id: string): void {
    if (table === "nodes") this.#nodes.delete(id);
    if (table === "jobs") this.#jobs.delete(id);
    if (table === "groups") this.#groups.delete(id);
    if (table !== "actors") return;
    this.#actors.delete(id);
    this.#waiting.delete(id);
  }

  #node(node: NodeRecord): void {
    const before = this.#nodes.get(node.node_id);
    if (before === node.state) return;
    this.#nodes.set(node.node_id, node.state);
    const who = `node ${nodeText(node)}`;
    const tell = (kind: EventKind, severity: EventSeverity, text: string) =>
      this.#add({ kind, severity, text, node_id: node.node_id });
    switch (node.state) {
      case "suspect": {
        const why = node.link_lost_reason ?? "nothing is heard from it";
        return tell("node.suspect", "warning", `${who} gets nothing new: ${why}`);
      }
      case "draining":
        if (before === "suspect" || before === "away") {
          return tell("node.back", "info", `${who} is back, and goes on draining`);
        }
        return tell("node.draining", "info", `${who} drains: it takes no new work`);
      case "dead": {
        const why = node.death?.message ?? `${who} left the cluster`;
        const meant = node.death === undefined || !isUnasked(node.death);
        return tell("node.dead", meant ? "info" : "error", why);
      }
      case "alive":
        if (before === undefined) {
          const head = node.is_head ? ", the head's own" : "";
          return tell("node.joined", "info", `${who} joined${head}`);
        }
        if (before === "draining") {
          return tell("node.undrained", "info", `${who} takes work again`);
        }
        return tell("node.back", "info", `${who} is back`);
    }
  }

  #job(job_id: string): void {
    const { books } = this.state.brain;
    const job = books.jobs.get(job_id);
    if (!job || this.#jobs.get(job_id) === job.state) return;
    this.#jobs.set(job_id, job.state);
    const who = jobText(job, books.nodes.get(job.node_id)?.ip);
    const about = { job_id, node_id: job.node_id };
    if (job.state === "running") {
      const what = job.entrypoint === "" ? "" : `: ${job.entrypoint.slice(0, 200)}`;
      return this.#add({
        kind: "job.started",
        severity: "info",
        text: `${who} started${what}`,
        ...about,
      });
    }
    const why = job.reason ? `: ${job.reason}` : "";
    const severity = job.death && isUnasked(job.death) ? "error" : "info";
    this.#add({ kind: "job.ended", severity, text: `${who} ended${why}`, ...about });
  }

  #group(group: GroupRecord): void {
    const { pg_id, job_id, state } = group;
    const before = this.#groups.get(pg_id);
    const now = toldGroup(group);
    if (before?.state === state && before.nodes === now.nodes) return;
    this.#groups.set(pg_id, now);
    const who = groupText(group);
    const tell = (kind: EventKind, text: string, severity: EventSeverity = "info") =>
      this.#add({ kind, severity, text, pg_id, job_id });
    if (!before) {
      const count = group.bundles.length;
      const bundles = `${count} ${count === 1 ? "bundle" : "bundles"}, ${group.strategy}`;
      tell("group.created", `${who} was asked for: ${bundles}`);
    }
    if (state === "CREATED") {
      const nodes = new Set(group.nodes).size;
      // New places were free at once.
      if (before?.state === "CREATED") {
        tell("group.rescheduling", `${who} lost some of its places, and has others`, "warning");
      }
      return tell(
        "group.ready",
        `${who} has its places, on ${nodes} ${nodes === 1 ? "node" : "nodes"}`,
      );
    }
    if (state === "RESCHEDULING" && before?.state !== state) {
      const lost = group.nodes.filter((node) => node === "").length;
      return tell(
        "group.rescheduling",
        `${who} lost ${lost} of its ${group.nodes.length} places: they are looked for anew`,
        "warning",
      );
    }
    if (state === "REMOVED") tell("group.removed", `${who} was removed`);
  }

  #actor(actor: ActorRecord): void {
    const { actor_id, state, incarnation } = actor;
    const before = this.#actors.get(actor_id);
    const now = toldActor(actor);
    if (before?.state === state && before.incarnation === incarnation) return;
    this.#actors.set(actor_id, now);
    const who = actorText(actor);
    const task = actor.kind === "task";
    const tell = (kind: EventKind, severity: EventSeverity, text: string) =>
      this.#add({
        kind,
        severity,
        text,
        ...(task ? {} : { actor_id }),
        job_id: actor.job_id,
        ...(nodeOf(actor) !== "" && { node_id: nodeOf(actor) }),
      });
    if (state === "DEAD") {
      this.#waiting.delete(actor_id);
      const death = deathOf(actor);
      if (!isUnasked(death)) {
        // A worker for tasks that is given back is nothing to tell of.
        return task ? undefined : tell("actor.died", "info", `${who} ended: ${causeText(death)}`);
      }
      return tell(task ? "task.died" : "actor.died", "error", `${who} died: ${causeText(death)}`);
    }
    if (task) return;
    if (!before) tell("actor.created", "info", `${who} was asked for`);
    else if (incarnation > before.incarnation) {
      const life = `it is started again (life ${incarnation})`;
      tell(
        "actor.restarting",
        "warning",
        `${who} died: ${causeText(deathOf(actor)).replace(/\.$/, "")}; ${life}`,
      );
    }
    if (state !== "ALIVE") return;
    this.#waiting.delete(actor_id);
    const { books } = this.state.brain;
    const ip = books.nodes.get(actor.node_id)?.ip ?? "";
    tell("actor.alive", "info", `${who} runs on ${ip} (pid ${actor.pid})`);
  }

  /** The brain repeats itself; the same sentence is one event. */
  #warn(subject: string, text: string): void {
    const { books } = this.state.brain;
    const group = books.groups.get(subject);
    const told = group && this.#groups.get(subject);
    if (group && told) {
      if (told.why === text) return;
      told.why = text;
      const { pg_id, job_id } = group;
      return this.#add({ kind: "group.waiting", severity: "warning", text, pg_id, job_id });
    }
    const actor = books.actors.get(subject);
    if (!actor || this.#waiting.get(subject) === text) return;
    this.#waiting.set(subject, text);
    const { actor_id, job_id, kind } = actor;
    const about = kind === "task" ? { job_id } : { actor_id, job_id };
    this.#add({ kind: "actor.waiting", severity: "warning", text, ...about });
  }

  #add(event: NewEvent): void {
    this.state.events.add(event);
  }
}

function toldActor({ incarnation, state }: ActorRecord): ToldActor {
  return { incarnation, state };
}

function toldGroup({ state, nodes }: GroupRecord): ToldGroup {
  return { state, nodes: nodes.join() };
}

/** Where it is, or where it died. */
function nodeOf(actor: ActorRecord): string {
  return actor.node_id || (actor.death?.node_id ?? "");
}
