/** What processes ask about actors. */
import { actorText } from "../cluster/actors.ts";
import type { DeathReport } from "../cluster/death.ts";
import { jobText } from "../cluster/jobs.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Message } from "../wire/messages.ts";
import { actorSpecOf } from "./actor_spec.ts";
import {
  callerState,
  connectable,
  deathOf,
  drainOrder,
  locationOf,
  releasedDeath,
  unknownDeath,
} from "./actor_view.ts";
import { jobFacts } from "./job_requests.ts";
import { type Answer, type Asker, type HeadState, takesNewWork, UNHEARD_MS } from "./state.ts";

/** How long `actor.report` waits for the news of a death, in milliseconds. */
const REPORT_MS = 150;

/** `actor.create`: answered when it is registered. Sent again, it is the same actor. */
export function createActor(
  state: HeadState,
  asker: Asker,
  message: Message<"actor.create">,
  body: Uint8Array,
  answer: Answer,
): void {
  const { brain, specs } = state;
  if (brain.actor(message.actor_id)) return answer.give({});
  const job = asker.job_id === undefined ? undefined : brain.job(asker.job_id);
  const spec = actorSpecOf(asker, message, job);
  const holder = spec.name === "" ? undefined : brain.findActor(spec.namespace, spec.name);
  if (message.get_if_exists && holder) {
    const meta = specs.get(holder.actor_id)?.actor["meta"];
    return answer.give({ existing: holder.actor_id, meta, class_name: holder.class_name });
  }
  takesNewWork(state);
  const { kind: _, ...fields } = message;
  const actor = { ...fields, namespace: spec.namespace, owner: spec.owner, job_id: spec.job_id };
  specs.put(spec.actor_id, { actor, job: job ? jobFacts(job) : { job_id: spec.job_id } }, body);
  const rejected = state.shell.step({ kind: "actor.create", actor: spec })
    .find((effect) => effect.kind === "actor.rejected");
  if (!rejected) return answer.give({});
  specs.drop(spec.actor_id);
  answer.refuse(new RequestFailed(rejected.code, rejected.message));
}

/** `actor.locate`: answered when it is connectable or dead. */
export function locateActor(
  state: HeadState,
  asker: Asker,
  message: Message<"actor.locate">,
  answer: Answer,
): void {
  const { actor_id } = message;
  const incarnation = message.incarnation ?? 1;
  if (state.brain.actor(actor_id)?.step !== "ended") state.watched.add(actor_id, asker.node_id);
  const check = () => {
    const actor = state.brain.actor(actor_id);
    if (!actor) return false;
    const there = connectable(actor) && actor.incarnation >= incarnation;
    if (!there && actor.step !== "ended") return false;
    answer.give(locationOf(state, actor), there ? undefined : state.initErrors.get(actor_id));
    return true;
  };
  const question = { subject: `actor/${actor_id}`, owner: asker.link, check };
  if (state.brain.actor(actor_id)) return state.shell.waiting.ask(question);
  // A handle may travel faster than the news of its actor's creation.
  const ask = () => state.shell.waiting.ask(question);
  const late = () => {
    if (state.brain.actor(actor_id)) return ask();
    state.watched.end(actor_id);
    answer.give({
      state: "dead",
      incarnation: 0,
      report: unknownDeath(actor_id, state.brain.books.lost),
    });
  };
  state.shell.waiting.ask({ ...question, late: { ms: UNHEARD_MS, answer: late } });
}

/** `actor.report`: is that incarnation dead? */
export function reportActor(
  state: HeadState,
  asker: Asker,
  { actor_id, incarnation }: Message<"actor.report">,
  answer: Answer,
): void {
  const known = state.brain.actor(actor_id);
  if (known && known.step !== "ended") state.watched.add(actor_id, asker.node_id);
  const tell = () => {
    const actor = state.brain.actor(actor_id);
    if (!actor) {
      const report = unknownDeath(actor_id, state.brain.books.lost);
      return answer.give({ state: "dead", incarnation, report });
    }
    const ended = actor.step === "ended";
    answer.give({
      state: callerState(actor),
      incarnation: actor.incarnation,
      ...(actor.death && { report: deathOf(actor) }),
    }, ended ? state.initErrors.get(actor_id) : undefined);
  };
  const news = () => {
    const actor = state.brain.actor(actor_id);
    return !actor || actor.step === "ended" || actor.incarnation > incarnation;
  };
  state.shell.waiting.ask({
    subject: `actor/${actor_id}`,
    owner: asker.link,
    check: () => news() && (tell(), true),
    late: { ms: REPORT_MS, answer: tell },
  });
}

/** `actor.kill`: decided when answered. Who is dead already stays so; sent again, it is the same kill. */
export function killActor(
  state: HeadState,
  asker: Asker,
  { actor_id, no_restart }: Message<"actor.kill">,
  answer: Answer,
): void {
  const report: DeathReport = {
    kind: "killed",
    message: `It was killed by ray.kill(), called by ${whoText(state, asker)}.`,
  };
  const { ask } = asker;
  state.shell.step({ kind: "actor.kill", actor_id, no_restart, report, ...(ask && { ask }) });
  answer.give({});
}

function whoText({ brain }: HeadState, asker: Asker): string {
  const actor = asker.actor_id ? brain.actor(asker.actor_id) : undefined;
  if (actor) return actorText(actor);
  const job = asker.job_id ? brain.job(asker.job_id) : undefined;
  return job ? jobText(job, brain.node(job.node_id)?.ip) : "another process";
}

/**
 * `actor.release`: nobody can call it any more. A running worker finishes what it has; who has no
 * worker has nothing to finish.
 */
export function releaseActor(
  state: HeadState,
  { actor_id }: Message<"actor.release">,
  answer: Answer,
): void {
  const actor = state.brain.actor(actor_id);
  answer.give({});
  if (!actor || actor.step === "ended" || actor.detached) return;
  state.shell.step({ kind: "actor.release", actor_id });
  if (connectable(actor)) {
    state.nodes.get(actor.node_id)?.send(drainOrder(actor));
    return;
  }
  const report = releasedDeath();
  state.shell.step({ kind: "actor.kill", actor_id, no_restart: true, report });
}

/** `actor.by_name`. */
export function findActor(
  state: HeadState,
  { name, namespace }: Message<"actor.by_name">,
  answer: Answer,
): void {
  const actor = state.brain.findActor(namespace, name);
  const meta = actor && state.specs.get(actor.actor_id)?.actor["meta"];
  if (actor && meta) {
    return answer.give({ actor_id: actor.actor_id, class_name: actor.class_name, meta });
  }
  answer.refuse(
    new RequestFailed(
      "not_found",
      `Cannot find actor ${name} in namespace ${namespace}: no living actor has that name`,
      "Check the name and the namespace; `ray.util.list_named_actors(all_namespaces=True)` lists them.",
    ),
  );
}

/** `actor.names`. */
export function listNames(
  state: HeadState,
  { namespace }: Message<"actor.names">,
  answer: Answer,
): void {
  const named = [...state.brain.books.actors.values()].filter((actor) =>
    actor.name !== "" && actor.step !== "ended" &&
    (namespace === undefined || namespace === null || actor.namespace === namespace)
  );
  answer.give({
    actors: named.map(({ name, namespace, actor_id }) => ({ name, namespace, actor_id })),
  });
}
