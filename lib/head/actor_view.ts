/** What those who call an actor are told of it. */
import type { ActorRecord } from "../cluster/actors.ts";
import type { DeathReport } from "../cluster/death.ts";
import type { Message } from "../wire/messages.ts";
import type { HeadState } from "./state.ts";

/** In the words of `actor.report` and `actor.state`. */
export type CallerState = "pending" | "alive" | "restarting" | "dead";

/** True where callers can connect to its present incarnation. */
export function connectable(actor: ActorRecord): boolean {
  return (actor.step === "ready" || actor.step === "running") && actor.address !== undefined;
}

/** One word for callers: alive means connectable. */
export function callerState(actor: ActorRecord): CallerState {
  if (actor.step === "ended") return "dead";
  if (connectable(actor)) return "alive";
  return actor.incarnation > 1 ? "restarting" : "pending";
}

/** The answer to `actor.locate` of an actor that is connectable or dead. */
export function locationOf(state: HeadState, actor: ActorRecord): Record<string, unknown> {
  const { class_name, name, namespace, incarnation } = actor;
  const facts = {
    state: callerState(actor),
    incarnation,
    class_name,
    name,
    namespace,
    cluster: state.cluster,
  };
  if (actor.step === "ended") return { ...facts, report: deathOf(actor) };
  const node = state.brain.node(actor.node_id);
  const address = actor.address as { socket?: unknown } | undefined;
  return {
    ...facts,
    node_id: actor.node_id,
    node_ip: node?.ip ?? "",
    pid: actor.pid,
    ...(typeof address?.socket === "string" && { socket: address.socket }),
  };
}

/** Its last death's report. */
export function deathOf(actor: ActorRecord): DeathReport {
  return actor.death ?? { kind: "head", message: "It ended, and the head does not know why." };
}

/** What a node tells those of its processes that have located the actor. */
export function stateNews(actor: ActorRecord): Message<"client.push"> {
  const { actor_id, incarnation } = actor;
  const state = callerState(actor);
  const lost = state === "dead" || state === "restarting";
  const message = { kind: "actor.state", actor_id, state, incarnation };
  return {
    kind: "client.push",
    client: "",
    message: { ...message, ...(lost && { report: deathOf(actor) }) },
  };
}

/** For an actor that is in no book. */
export function unknownDeath(actor_id: string, lost = ""): DeathReport {
  return {
    kind: "head",
    message: lost === ""
      ? `The head does not know actor ${actor_id}: it ended long ago, or its creator ended ` +
        "before it was registered."
      : `The head does not know actor ${actor_id}. ${lost}`,
  };
}

/** For an actor that nobody can call any more. */
export function releasedDeath(): DeathReport {
  return { kind: "owner", message: "It ended because nobody had a handle of it any more." };
}

/** The order to a worker that nobody can call any more: to end when it has run what was submitted. */
export function drainOrder({ actor_id, incarnation }: ActorRecord): Message<"worker.stop"> {
  const report = { ...releasedDeath() };
  return { kind: "worker.stop", actor_id, incarnation, report, drain: true };
}
