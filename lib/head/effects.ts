/** Carries out what the brain asks for. */
import type { Effect, EffectOf } from "../cluster/effects.ts";
import type { Message } from "../wire/messages.ts";
import { callerState, deathOf, stateNews } from "./actor_view.ts";
import { Chronicle } from "./chronicle.ts";
import type { Carrier } from "./shell.ts";
import type { HeadState } from "./state.ts";

type Fields = Record<string, unknown>;

/** See the top of this file. */
export class Effects implements Carrier {
  /** What was last pushed about an actor: `state/incarnation`. */
  #pushed = new Map<string, string>();

  #chronicle: Chronicle;

  constructor(readonly state: HeadState) {
    this.#chronicle = new Chronicle(state);
  }

  carry(effect: Effect): void {
    this.#chronicle.follow(effect);
    switch (effect.kind) {
      case "worker.start":
        return this.#start(effect);
      case "worker.stop":
        return this.#stop(effect);
      case "actor.changed":
        return this.#actorChanged(effect.actor_id);
      case "node.changed":
        return this.#nodeChanged(effect.node_id);
      case "node.rejected":
        return this.state.nodes.reject(effect.node_id, effect.reason);
      case "lease.wanted":
        return this.#wanted(effect);
      case "warn":
        return this.warn(effect.job_id, effect.code, effect.text);
    }
  }

  forgotten(table: string, id: string): void {
    this.#chronicle.forgotten(table, id);
    if (table === "nodes") this.state.nodes.forget(id);
    if (table !== "actors") return;
    this.#pushed.delete(id);
    this.state.initErrors.drop(id);
    this.state.specs.drop(id);
    this.state.watched.end(id);
  }

  /** A sentence for the person at a driver. */
  warn(job_id: string, code: string, text: string): void {
    this.pushToDriver(job_id, { kind: "warn", code, text });
  }

  /** A message for the driver of a job, if it is still there. */
  pushToDriver(job_id: string, message: Message): void {
    const job = this.state.brain.job(job_id);
    // The last words of its workers arrive while the driver waits for the end of its job.
    if (!job || (job.state !== "running" && message.kind !== "log")) return;
    this.state.nodes.get(job.node_id)?.send({ kind: "client.push", client: job.client, message });
  }

  #start({ node_id, actor_id, incarnation, grant, device_ids, epoch }: EffectOf<"worker.start">) {
    const spec = this.state.specs.get(actor_id);
    if (!spec?.body) {
      const report = {
        kind: "head" as const,
        message: "It cannot be started (again): the head was restarted and no longer has its " +
          "class and arguments.",
      };
      this.state.shell.step({ kind: "actor.kill", actor_id, no_restart: true, report });
      return;
    }
    this.state.watched.add(actor_id, node_id);
    const record = this.state.brain.actor(actor_id);
    // Where the link is down just now, the node's next join asks for this once more.
    this.state.nodes.get(node_id)?.send({
      kind: "worker.start",
      actor_id,
      incarnation,
      actor: { ...spec.actor, bundle_index: record?.bundle_index ?? -1 },
      job: spec.job,
      grant: { ...grant, epoch, bundle_index: record?.bundle_index ?? -1 },
      devices: device_ids,
    }, spec.body);
  }

  #stop({ node_id, actor_id, incarnation, report }: EffectOf<"worker.stop">) {
    const fields = report as unknown as Fields;
    this.state.nodes.get(node_id)?.send({
      kind: "worker.stop",
      actor_id,
      incarnation,
      report: fields,
    });
  }

  /** Tells the nodes that watch it, whose daemons tell those of their processes that have located it. */
  #actorChanged(actor_id: string) {
    const actor = this.state.brain.actor(actor_id);
    if (!actor) return;
    this.state.specs.follow(actor);
    this.state.submissions.follow(actor);
    const state = callerState(actor);
    const news = `${state}/${actor.incarnation}`;
    if (state === "pending" || this.#pushed.get(actor_id) === news) return;
    this.#pushed.set(actor_id, news);
    if (state === "dead") {
      this.state.log.write(
        "info",
        `actor ${actor_id} (${actor.class_name}) died: ${deathOf(actor).message}`,
        { actor_id, job_id: actor.job_id, node_id: actor.node_id },
      );
    }
    const { watched, nodes, initErrors } = this.state;
    for (const node_id of watched.of(actor_id)) {
      nodes.get(node_id)?.send(stateNews(actor), initErrors.get(actor_id));
    }
    if (state === "dead") watched.end(actor_id);
  }

  #wanted({ node_id, actor_id }: EffectOf<"lease.wanted">) {
    const message = { kind: "lease.wanted", actor_id };
    this.state.nodes.get(node_id)?.send({ kind: "client.push", client: "", message });
  }

  #nodeChanged(node_id: string) {
    const node = this.state.brain.node(node_id);
    if (!node) return;
    if (node.state === "dead") {
      this.state.objects.nodeGone(node_id);
      this.state.readings.forget(node_id);
      this.state.watched.forget(node_id);
      this.state.workers.nodeGone(node_id, this.state.clock.now());
    }
    const why = node.death ? `: ${node.death.message}` : "";
    const text = `node ${node_id} (${node.ip}) is ${node.state}${why}`;
    this.state.log.write("info", text, { node_id });
  }
}
