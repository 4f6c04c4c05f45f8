/**
 * A cluster in miniature around one brain: daemons, links with delay and loss, drivers, a journal,
 * and a head that can be killed between writing its journal and sending what it decided.
 */
import type { ActorSpec, SchedulingStrategy } from "../../lib/cluster/actors.ts";
import { toAmounts } from "../../lib/cluster/amounts.ts";
import { Brain } from "../../lib/cluster/brain.ts";
import type { Effect } from "../../lib/cluster/effects.ts";
import type { BrainEvent } from "../../lib/cluster/events.ts";
import type { GroupStrategy } from "../../lib/cluster/groups.ts";
import type { JobSpec } from "../../lib/cluster/jobs.ts";
import type { Row } from "../../lib/cluster/rows.ts";
import { SimDaemon } from "./daemon.ts";
import type { Prng } from "./prng.ts";

const BUNDLES: Record<string, number>[] = [
  { GPU: 1 },
  { GPU: 1, CPU: 1 },
  { GPU: 0.5 },
  { GPU: 0.3, CPU: 0.5 },
  { GPU: 2 },
  { CPU: 1 },
  { CPU: 2, mlx: 1 },
  { GPU: 1, "node:10.0.0.1": 0.001 },
  { CPU: 1, "node:192.168.0.2": 0.001 },
  { GPU: 9 },
];

const RUNS: Record<string, number>[] = [
  {},
  {},
  { GPU: 1 },
  { GPU: 0.5 },
  { GPU: 0.3 },
  { CPU: 1 },
  { GPU: 2 },
  { mlx: 1 },
];

/** What happens, and how likely beside the others. */
const HAPPENINGS: [weight: number, what: (world: World) => void][] = [
  [30, (world) => world.deliver()],
  [14, (world) => world.workerAdvances()],
  [6, (world) => world.tick()],
  [8, (world) => world.createActor()],
  [6, (world) => world.createGroup()],
  [4, (world) => world.startDriver()],
  [2, (world) => world.driverEnds()],
  [3, (world) => world.workerFails()],
  [3, (world) => world.killActor()],
  [3, (world) => world.removeGroup()],
  [2, (world) => world.daemonJoins()],
  [2, (world) => world.linkEnds()],
  [1, (world) => world.linkFallsSilent()],
  [1, (world) => world.machineDies()],
  [1, (world) => world.drain()],
  [1, (world) => world.headStalls()],
  [1, (world) => world.headRestarts()],
  [4, (world) => world.block()],
  [2, (world) => world.giveBack()],
  [1, (world) => world.resend()],
];

export class World {
  brain: Brain = new Brain();
  now = 1_000_000;
  readonly daemons: SimDaemon[];
  /** The journal, as text: what cannot be serialised does not survive. */
  readonly journal: Map<string, string> = new Map();
  /** The last happenings, for the message of a failure. */
  readonly story: [now: number, event: BrainEvent | string][] = [];
  readonly requests: BrainEvent[] = [];
  warnings = 0;
  /** How often an owner was asked for a leased worker. */
  wanted = 0;
  /** How many workers had lent their CPUs when the trouble ended. */
  lent = 0;

  constructor(readonly prng: Prng) {
    const count = 1 + prng.int(4);
    this.daemons = Array.from({ length: count }, (_, index) => this.#machine(index));
  }

  #machine(index: number): SimDaemon {
    const gpus = this.prng.int(5);
    const ip = `10.0.0.${index + 1}`;
    return new SimDaemon({
      node_id: this.prng.hex(56),
      ip,
      aliases: [`192.168.0.${index + 1}`],
      hostname: `host${index}`,
      is_head: index === 0,
      total: toAmounts({
        CPU: 1 + this.prng.int(4),
        GPU: gpus,
        memory: 2 ** 31,
        [`node:${ip}`]: 1,
        ...(this.prng.chance(0.3) && { mlx: 1 }),
      }),
      gpu_ids: Array.from({ length: gpus }, (_, gpu) => String(gpu)),
      labels: { zone: index % 2 === 0 ? "a" : "b" },
    });
  }

  /** One random thing happens. */
  happen(): void {
    const all = HAPPENINGS.reduce((sum, [weight]) => sum + weight, 0);
    let at = this.prng.int(all);
    for (const [weight, what] of HAPPENINGS) {
      at -= weight;
      if (at < 0) return what(this);
    }
  }

  tell(event: BrainEvent): void {
    this.story.push([this.now, event]);
    this.#serve(this.brain.step(event, this.now));
  }

  #serve(effects: Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === "persist") {
        const key = `${effect.table}\0${effect.id}`;
        if (effect.row === null) this.journal.delete(key);
        else this.journal.set(key, JSON.stringify(effect.row));
      }
    }
    for (const effect of effects) {
      if (effect.kind === "worker.start" || effect.kind === "worker.stop") {
        const daemon = this.#daemon(effect.node_id);
        if (daemon?.connected) daemon.to_daemon.push(effect);
      } else if (effect.kind === "node.rejected") {
        this.#daemon(effect.node_id)?.reset(this.prng.hex(56));
      } else if (effect.kind === "warn") this.warnings += 1;
      else if (effect.kind === "lease.wanted") this.wanted += 1;
    }
  }

  #daemon(node_id: string): SimDaemon | undefined {
    return this.daemons.find((daemon) => daemon.spec.node_id === node_id);
  }

  get #linked(): SimDaemon[] {
    return this.daemons.filter((daemon) => daemon.connected && !daemon.muted);
  }

  /** A few messages arrive, each link in its own order. */
  deliver(most = 1 + this.prng.int(4)): void {
    for (let count = 0; count < most; count++) {
      const daemon = this.prng.pick(
        this.#linked.filter((one) => one.to_head.length + one.to_daemon.length > 0),
      );
      if (daemon === undefined) return;
      const order = this.prng.chance(0.5) ? daemon.to_daemon.shift() : undefined;
      if (order !== undefined) daemon.obey(order);
      else this.#hear(daemon);
    }
  }

  #hear(daemon: SimDaemon): void {
    const event = daemon.to_head.shift();
    if (event === undefined) return;
    this.tell({ kind: "node.seen", node_id: daemon.spec.node_id });
    this.tell(event);
  }

  tick(): void {
    this.now += 700 + this.prng.int(600);
    for (const daemon of this.#linked) {
      this.tell({ kind: "node.seen", node_id: daemon.spec.node_id });
    }
    this.tell({ kind: "tick" });
  }

  headStalls(): void {
    this.now += 3000 + this.prng.int(20_000);
    this.tell({ kind: "tick" });
  }

  daemonJoins(): void {
    const daemon = this.prng.pick(this.daemons.filter((one) => !one.connected));
    if (daemon !== undefined) this.tell(daemon.join());
  }

  linkEnds(): void {
    const daemon = this.prng.pick(this.daemons.filter((one) => one.connected));
    if (daemon === undefined) return;
    daemon.cut();
    this.tell({ kind: "node.lost", node_id: daemon.spec.node_id, reason: "connection reset" });
  }

  linkFallsSilent(): void {
    const daemon = this.prng.pick(this.#linked);
    if (daemon !== undefined) daemon.muted = true;
  }

  machineDies(): void {
    const daemon = this.prng.pick(this.daemons);
    if (daemon === undefined) return;
    const { node_id } = daemon.spec;
    const connected = daemon.connected;
    daemon.reset(this.prng.hex(56));
    if (!connected) return;
    this.tell(
      this.prng.chance(0.3)
        ? { kind: "node.leave", node_id, reason: "beam down" }
        : { kind: "node.lost", node_id, reason: "end of file" },
    );
  }

  drain(): void {
    const daemon = this.prng.pick(this.#linked);
    if (daemon === undefined) return;
    const { node_id } = daemon.spec;
    this.tell({ kind: "node.drain", node_id, undo: this.prng.chance(0.7) });
  }

  headRestarts(): void {
    const unsent = this.prng.chance(0.5);
    if (unsent) {
      // What the dying head decides last is in the journal, and no daemon hears of it.
      for (const daemon of this.daemons) daemon.cut();
      this.createActor();
    }
    for (const daemon of this.daemons) daemon.cut();
    const rows = [...this.journal].map(([key, row]): Row => {
      const [table, id] = key.split("\0");
      return { table: table as Row["table"], id: id!, row: JSON.parse(row) };
    });
    this.story.push([this.now, "the head restarts"]);
    const { brain, effects } = Brain.load(rows, this.now);
    this.brain = brain;
    this.#serve(effects);
  }

  startDriver(): void {
    const daemon = this.prng.pick(this.#linked);
    if (daemon === undefined) return;
    const inside = this.prng.chance(0.3) ? this.prng.pick([...daemon.workers.values()]) : undefined;
    const job: JobSpec = {
      job_id: this.brain.nextJobId(),
      node_id: daemon.spec.node_id,
      pid: 10 + this.prng.int(90),
      client: this.prng.hex(8),
      ...(inside && { parent_actor: inside.actor_id }),
      namespace: "default",
      entrypoint: "python3 run.py",
    };
    daemon.drivers.set(job.job_id, job);
    this.tell({ kind: "job.start", job });
  }

  driverEnds(): void {
    const daemon = this.prng.pick(this.daemons);
    const job_id = this.prng.pick([...(daemon?.drivers.keys() ?? [])]);
    if (job_id !== undefined) daemon!.endDriver(job_id);
  }

  createActor(): void {
    const job_id = this.prng.pick([...this.brain.books.jobs.keys()]);
    if (job_id === undefined) return;
    const owner = this.prng.chance(0.3)
      ? this.prng.pick([...this.brain.books.actors.keys()])
      : undefined;
    const groups = [...this.brain.books.groups.values()];
    const placed = groups.filter((group) => group.state === "CREATED");
    const pg_id = this.prng.chance(0.6)
      ? this.prng.pick(this.prng.chance(0.8) ? placed : groups)?.pg_id
      : undefined;
    const bundles = this.brain.group(pg_id ?? "")?.bundles ?? [];
    const bundle_index = this.prng.int(bundles.length + 1) - 1;
    const bundle = this.prng.chance(0.7) ? bundles[bundle_index] : undefined;
    const run = bundle ?? toAmounts(this.prng.pick(RUNS)!);
    const task = this.prng.chance(0.4);
    const actor: ActorSpec = {
      actor_id: this.prng.hex(32),
      job_id,
      owner: { job_id, ...(owner !== undefined && { actor_id: owner }) },
      class_name: "Worker",
      ...(task && { kind: "task" }),
      name: !task && this.prng.chance(0.2) ? `name${this.prng.int(3)}` : "",
      namespace: "default",
      place: this.prng.chance(0.3) ? { ...toAmounts({ CPU: 1 }), ...run } : run,
      run,
      ...(pg_id !== undefined && { pg: { pg_id, bundle_index } }),
      strategy: this.#strategy(),
      max_restarts: task ? 0 : this.prng.pick([0, 0, 1, -1])!,
      detached: !task && this.prng.chance(0.1),
    };
    this.#request({ kind: "actor.create", actor });
  }

  #strategy(): SchedulingStrategy {
    const soft = this.prng.chance(0.5);
    const node_id = this.prng.pick(this.daemons)!.spec.node_id;
    return this.prng.pick<SchedulingStrategy>([
      { kind: "default" },
      { kind: "default" },
      { kind: "spread" },
      { kind: "node", node_id, soft },
      { kind: "labels", hard: { zone: "!b" }, soft: {} },
      { kind: "labels", hard: { zone: "z" }, soft: {}, fallback: [{ zone: "in(b,c)" }] },
    ])!;
  }

  createGroup(): void {
    const job_id = this.prng.pick([...this.brain.books.jobs.keys()]);
    if (job_id === undefined) return;
    const owner = this.prng.chance(0.2)
      ? this.prng.pick([...this.brain.books.actors.keys()])
      : undefined;
    const alike = this.prng.chance(0.4) ? this.prng.pick(BUNDLES)! : undefined;
    const count = 1 + this.prng.int(4);
    const strategies: GroupStrategy[] = ["PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"];
    this.#request({
      kind: "group.create",
      group: {
        pg_id: this.prng.hex(28) + job_id,
        job_id,
        owner: { job_id, ...(owner !== undefined && { actor_id: owner }) },
        name: this.prng.chance(0.5) ? "dp_rank_0" : "",
        strategy: this.prng.pick(strategies)!,
        bundles: Array.from(
          { length: count },
          () => toAmounts(alike ?? this.prng.pick(BUNDLES)!),
        ),
        detached: this.prng.chance(0.1),
      },
    });
  }

  #request(event: BrainEvent): void {
    this.requests.push(event);
    this.tell(event);
  }

  /** A driver that was cut off asks again for what it has already asked for. */
  resend(): void {
    const event = this.prng.pick(this.requests);
    if (event !== undefined) this.tell(event);
  }

  killActor(): void {
    const actor_id = this.prng.pick([...this.brain.books.actors.keys()]);
    if (actor_id === undefined) return;
    const report = { kind: "killed", message: "It was killed by ray.kill." } as const;
    this.tell({ kind: "actor.kill", actor_id, no_restart: this.prng.chance(0.5), report });
  }

  removeGroup(): void {
    const groups = [...this.brain.books.groups.values()];
    const used = groups.filter((group) => group.state === "CREATED");
    const group = this.prng.pick(this.prng.chance(0.8) ? used : groups);
    if (group !== undefined) this.tell({ kind: "group.remove", pg_id: group.pg_id });
  }

  workerAdvances(): void {
    for (let count = this.prng.int(4); count >= 0; count--) {
      const daemon = this.prng.pick(this.daemons)!;
      const worker = this.prng.pick([...daemon.workers.values()]);
      if (worker !== undefined && !(worker.ending && this.prng.chance(0.7))) daemon.advance(worker);
    }
  }

  workerFails(): void {
    const daemon = this.prng.pick(this.daemons)!;
    const worker = this.prng.pick([...daemon.workers.values()]);
    if (worker !== undefined) daemon.fail(worker, this.prng.chance(0.3));
  }

  block(): void {
    const daemon = this.prng.pick(this.daemons)!;
    const worker = this.prng.pick([...daemon.workers.values()]);
    if (worker !== undefined) daemon.toggleBlocked(worker);
  }

  /** A leased worker has run its last task. */
  giveBack(): void {
    const daemon = this.prng.pick(this.daemons)!;
    const leases = [...daemon.workers.values()].filter((worker) =>
      this.brain.actor(worker.actor_id)?.kind === "task"
    );
    const worker = this.prng.pick(leases);
    if (worker !== undefined) daemon.giveBack(worker);
  }

  /** The trouble ends: all links are there, and everything under way arrives. */
  calmDown(): void {
    for (const daemon of this.daemons.filter((one) => one.muted)) {
      daemon.cut();
      this.tell({ kind: "node.lost", node_id: daemon.spec.node_id, reason: "silent" });
    }
    this.#settle();
  }

  /** All drivers end, and everything detached is killed. */
  endEverything(): void {
    for (const daemon of this.daemons) {
      for (const job_id of [...daemon.drivers.keys()]) daemon.endDriver(job_id);
    }
    this.#settle();
    for (const actor of [...this.brain.books.actors.values()]) {
      const report = { kind: "killed", message: "It was killed by ray.kill." } as const;
      this.tell({ kind: "actor.kill", actor_id: actor.actor_id, no_restart: true, report });
    }
    for (const pg_id of [...this.brain.books.groups.keys()]) {
      if (this.brain.group(pg_id)?.detached) this.tell({ kind: "group.remove", pg_id });
    }
    this.#settle();
  }

  #settle(): void {
    for (let round = 0; round < 16; round++) {
      for (const daemon of this.daemons) if (!daemon.connected) this.tell(daemon.join());
      this.deliver(1000);
      for (const daemon of this.daemons) daemon.reap();
      this.tick();
    }
  }
}
