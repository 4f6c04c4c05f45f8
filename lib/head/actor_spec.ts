/** What a creator asks for, read into the brain's types. */
import type { ActorSpec, Owner, SchedulingStrategy } from "../cluster/actors.ts";
import type { Amounts } from "../cluster/amounts.ts";
import type { GroupSpec, GroupStrategy } from "../cluster/groups.ts";
import type { JobRecord } from "../cluster/jobs.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Message } from "../wire/messages.ts";
import { type Asker, jobOf } from "./state.ts";

function ownerOf(asker: Asker): Owner {
  const owner: Owner = { job_id: jobOf(asker) };
  if (asker.actor_id) owner.actor_id = asker.actor_id;
  return owner;
}

/** Reads `actor.create`. @throws RequestFailed `bad_request` for a strategy that is none */
export function actorSpecOf(
  asker: Asker,
  message: Message<"actor.create">,
  job: JobRecord | undefined,
): ActorSpec {
  checkTexts("the actor", message, ["class_name", "name", "namespace"]);
  const spec: ActorSpec = {
    actor_id: message.actor_id,
    job_id: jobOf(asker),
    owner: ownerOf(asker),
    kind: message.is_task ? "task" : "actor",
    class_name: message.class_name,
    name: message.name ?? "",
    namespace: message.namespace || (job?.namespace ?? ""),
    place: message.place as Amounts,
    run: message.run as Amounts,
    strategy: strategyOf(message.strategy),
    max_restarts: message.max_restarts,
    detached: message.detached,
  };
  if (message.near) spec.near = message.near;
  if (message.pg_id) {
    spec.pg = { pg_id: message.pg_id, bundle_index: message.bundle_index ?? -1 };
  }
  return spec;
}

/** Longest name: names are kept, written to the journal and shown. */
const MOST_TEXT = 16 * 1024;

function checkTexts<T>(what: string, message: T, names: readonly (keyof T & string)[]): void {
  for (const name of names) {
    const { length } = String(message[name] ?? "");
    if (length <= MOST_TEXT) continue;
    throw new RequestFailed(
      "bad_request",
      `Cannot create ${what}: its ${name} must have at most ${MOST_TEXT} characters, got ${length}`,
    );
  }
}

function strategyOf(strategy: Record<string, unknown> | undefined | null): SchedulingStrategy {
  switch (strategy?.["kind"] ?? "default") {
    case "default":
      return { kind: "default" };
    case "spread":
      return { kind: "spread" };
    case "node": {
      const node_id = strategy?.["node_id"];
      if (typeof node_id !== "string") break;
      const [soft, spill] = [strategy?.["soft"] === true, strategy?.["spill"] === true];
      return { kind: "node", node_id, soft, ...(spill && { spill }) };
    }
    case "labels": {
      const fallback = strategy?.["fallback"];
      return {
        kind: "labels",
        hard: textsOf(strategy?.["hard"]),
        soft: textsOf(strategy?.["soft"]),
        ...(Array.isArray(fallback) && { fallback: fallback.map(textsOf) }),
      };
    }
  }
  throw new RequestFailed(
    "bad_request",
    "Cannot create the actor: its scheduling strategy must be default, spread, node or labels, " +
      `got ${JSON.stringify(strategy)?.slice(0, 200)}`,
  );
}

function textsOf(map: unknown): Record<string, string> {
  const entries = Object.entries(typeof map === "object" && map !== null ? map : {});
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

/** Reads `group.create`. @throws RequestFailed `bad_request` for a bundle that is no map */
export function groupSpecOf(asker: Asker, message: Message<"group.create">): GroupSpec {
  for (const [index, bundle] of message.bundles.entries()) {
    if (typeof bundle === "object" && bundle !== null && !Array.isArray(bundle)) continue;
    throw new RequestFailed(
      "bad_request",
      `Cannot create the placement group: bundle ${index} must be a map, got ${bundle}`,
    );
  }
  const { selectors } = message;
  checkTexts("the placement group", message, ["name"]);
  return {
    pg_id: message.pg_id,
    job_id: jobOf(asker),
    owner: ownerOf(asker),
    name: message.name ?? "",
    strategy: message.strategy as GroupStrategy,
    bundles: message.bundles as Amounts[],
    detached: message.detached,
    ...(selectors && { selectors: selectors.map(textsOf) }),
  };
}
