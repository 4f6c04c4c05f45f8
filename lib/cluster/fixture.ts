/** A small cluster around a brain, for the tests of this room. */
import type { ActorSpec } from "./actors.ts";
import { toAmounts } from "./amounts.ts";
import { Brain } from "./brain.ts";
import type { BrainConfig } from "./config.ts";
import type { DeathReport } from "./death.ts";
import type { Effect, EffectOf } from "./effects.ts";
import type { BrainEvent, NodeReport } from "./events.ts";
import type { GroupSpec, GroupStrategy } from "./groups.ts";
import { jobIdOf } from "./jobs.ts";
import type { NodeSpec } from "./node.ts";

/** Amounts as a user writes them. */
type Floats = Record<string, number>;

/** The n-th node: 10.0.0.n with the alias 192.168.0.n. */
export function nodeSpec(n: number, floats: Floats = { CPU: 4 }): NodeSpec {
  const ip = `10.0.0.${n}`;
  return {
    node_id: `${n}`.padStart(56, "0"),
    ip,
    aliases: [`192.168.0.${n}`],
    hostname: `host${n}`,
    is_head: n === 1,
    total: toAmounts({ ...floats, [`node:${ip}`]: 1 }),
    gpu_ids: Array.from({ length: floats.GPU ?? 0 }, (_, index) => `gpu${index}`),
    labels: { zone: n % 2 === 1 ? "a" : "b" },
  };
}

/** What a worker's death is reported as in tests. */
export const CRASH: DeathReport = { kind: "signal", signal: "SIGKILL", message: "It was killed." };

export class TestCluster {
  brain: Brain;
  now = 1_000_000;
  /** The effects of the last step. */
  effects: Effect[] = [];
  readonly rows: Map<string, Extract<Effect, { kind: "persist" }>> = new Map();
  #next = 1;

  constructor(readonly config: Partial<BrainConfig> = {}) {
    this.brain = new Brain(config);
  }

  tell(event: BrainEvent): Effect[] {
    this.effects = this.brain.step(event, this.now);
    this.#journal(this.effects);
    return this.effects;
  }

  #journal(effects: Effect[]): void {
    for (const effect of effects) {
      if (effect.kind !== "persist") continue;
      this.rows.set(`${effect.table}/${effect.id}`, structuredClone(effect));
    }
  }

  /** The effects of one kind in the last step. */
  got<K extends Effect["kind"]>(kind: K): EffectOf<K>[] {
    return this.effects.filter((effect): effect is EffectOf<K> => effect.kind === kind);
  }

  join(n: number, floats?: Floats, report?: NodeReport): string {
    const node = nodeSpec(n, floats);
    this.tell({ kind: "node.join", node, ...(report && { report }) });
    return node.node_id;
  }

  driver(n = 1, parent_actor?: string): string {
    const job_id = this.brain.nextJobId();
    this.tell({
      kind: "job.start",
      job: {
        job_id,
        node_id: nodeSpec(n).node_id,
        pid: 7,
        client: "c",
        ...(parent_actor !== undefined && { parent_actor }),
        namespace: "ns",
        entrypoint: "run.py",
      },
    });
    return job_id;
  }

  group(bundles: Floats[], strategy: GroupStrategy = "PACK", rest: Partial<GroupSpec> = {}) {
    const job_id = rest.job_id ?? jobIdOf(1);
    const pg_id = `${this.#next++}`.padStart(28, "a") + job_id;
    this.tell({
      kind: "group.create",
      group: {
        pg_id,
        job_id,
        owner: { job_id },
        name: "",
        strategy,
        bundles: bundles.map(toAmounts),
        detached: false,
        ...rest,
      },
    });
    return pg_id;
  }

  actor(run: Floats = {}, rest: Partial<ActorSpec> = {}): string {
    const job_id = rest.job_id ?? jobIdOf(1);
    const actor_id = `${this.#next++}`.padStart(32, "b");
    this.tell({
      kind: "actor.create",
      actor: {
        actor_id,
        job_id,
        owner: { job_id },
        class_name: "Worker",
        name: "",
        namespace: "ns",
        place: toAmounts(run),
        run: toAmounts(run),
        strategy: { kind: "default" },
        max_restarts: 0,
        detached: false,
        ...rest,
      },
    });
    return actor_id;
  }

  /** Its worker comes up and runs `__init__`. */
  up(actor_id: string): void {
    const { node_id, incarnation } = this.brain.actor(actor_id)!;
    const name = { node_id, actor_id, incarnation };
    this.tell({ kind: "actor.initialized", ...name, pid: 100, address: "sock" });
  }

  /** Its worker's end is reported. */
  died(actor_id: string, report: DeathReport = CRASH, incarnation?: number): void {
    const actor = this.brain.actor(actor_id)!;
    const leaving = actor.leaving[0];
    this.tell({
      kind: "actor.died",
      node_id: leaving?.node_id ?? actor.node_id,
      actor_id,
      incarnation: incarnation ?? leaving?.incarnation ?? actor.incarnation,
      report,
    });
  }

  kill(actor_id: string, no_restart = true): void {
    const report: DeathReport = { kind: "killed", message: "It was killed by ray.kill." };
    this.tell({ kind: "actor.kill", actor_id, no_restart, report });
  }

  /** Time passes, in ticks, in which the given nodes are heard. */
  pass(seconds: number, heard: number[] = [1, 2, 3, 4]): Effect[] {
    const all: Effect[] = [];
    for (let tick = 0; tick < seconds * 1000 / this.brain.books.config.tick_ms; tick++) {
      this.now += this.brain.books.config.tick_ms;
      for (const n of heard) this.tell({ kind: "node.seen", node_id: nodeSpec(n).node_id });
      all.push(...this.tell({ kind: "tick" }));
    }
    this.effects = all;
    return all;
  }

  /** The head's process is killed and comes back with what it had written. */
  restartHead(): void {
    const { brain, effects } = Brain.load(this.rows.values(), this.now, this.config);
    this.brain = brain;
    this.#journal(effects);
  }

  freeGpu(n: number): number {
    return this.brain.books.node_ledgers.get(nodeSpec(n).node_id)?.free.GPU ?? 0;
  }

  nodesOf(pg_id: string): number[] {
    return this.brain.group(pg_id)!.nodes.map(Number);
  }
}
