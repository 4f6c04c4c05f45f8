/**
 * A cluster in miniature around one brain: daemons, links with delay, loss and partitions, drivers,
 * a journal, and a head that can be ended between any two of the things it does.
 */
import assert from "assert";
import type { Effect } from "../../../lib/cluster/effects.ts";
import type { BrainEvent } from "../../../lib/cluster/events.ts";
import type { JobSpec } from "../../../lib/cluster/jobs.ts";
import type { Brain } from "../../../lib/cluster/brain.ts";
import type { Happening, Weights } from "../history.ts";
import { Prng } from "../prng.ts";
import type { Counts, Say } from "../simulate.ts";
import { SimDaemon, type SimWorker } from "./daemon.ts";
import { type Last, SimHead } from "./head.ts";
import type { SimLink } from "./link.ts";
import { eventText } from "./story.ts";
import { drawActor, drawGroup, drawMachine } from "./wishes.ts";

/** A daemon that hears nothing for so long dials anew, in milliseconds. */
const SILENCE = 5000;

/** What happens, by name, and how likely it is beside the others. */
const HAPPENINGS: Record<string, [weight: number, what: (world: World) => void]> = {
  deliver: [30, (world) => world.deliver()],
  "a worker advances": [14, (world) => world.workerAdvances()],
  "time passes": [6, (world) => world.tick(700 + world.prng.int(600))],
  "an actor is created": [8, (world) => world.request(drawActor(...world.forWishes))],
  "a group is created": [6, (world) => world.request(drawGroup(world.prng, world.brain))],
  "a driver starts": [6, (world) => world.startDriver()],
  "a driver ends": [2, (world) => world.driverEnds()],
  "a worker fails": [3, (world) => world.workerFails()],
  "an actor is killed": [3, (world) => world.killActor()],
  "a group is removed": [3, (world) => world.removeGroup()],
  "a daemon dials": [4, (world) => world.dial()],
  "a link ends": [2, (world) => world.linkEnds()],
  "a machine is cut off": [1, (world) => world.partition()],
  "a machine can be reached again": [2, (world) => world.heal()],
  "a daemon dials a second link": [1, (world) => world.dialTwice()],
  "a machine dies": [1, (world) => world.machineDies()],
  "a node is drained": [1, (world) => world.drain()],
  "the head stalls": [1, (world) => world.headStalls()],
  "the head restarts": [1, (world) => world.headRestarts()],
  "the head dies within a step": [1, (world) => world.headDiesWithin()],
  "the head's machine loses power": [1, (world) => world.powerFails()],
  "the clock is set back": [0.5, (world) => world.clockIsSetBack()],
  "a worker waits": [4, (world) => world.block()],
  "a worker is given back": [2, (world) => world.giveBack()],
  "a request is sent again": [1, (world) => world.resend()],
};

export const WEIGHTS: Weights = Object.fromEntries(
  Object.entries(HAPPENINGS).map(([kind, [weight]]) => [kind, weight]),
);

export class World {
  readonly head: SimHead;
  now = 1_000_000;
  readonly daemons: SimDaemon[];
  /** Every link on which something may be under way. */
  links: SimLink[] = [];
  readonly requests: BrainEvent[] = [];
  /** How often what happened. */
  readonly seen: Counts = {};
  /** The choices of the present happening. */
  prng: Prng;
  #next_link = 1;

  constructor(seed: number, readonly say: Say) {
    this.prng = new Prng(seed);
    this.head = new SimHead({
      now: () => this.now,
      heard: (event) =>
        ["node.seen", "tick"].includes(event.kind) ||
        say(() => `    the head hears ${eventText(event)}`),
      effect: (effect) => this.#count(effect),
    });
    const count = 1 + this.prng.int(4);
    this.daemons = Array.from(
      { length: count },
      (_, index) => new SimDaemon(drawMachine(this.prng, index)),
    );
  }

  get brain(): Brain {
    return this.head.brain;
  }

  get forWishes(): Parameters<typeof drawActor> {
    return [this.prng, this.brain, this.daemons.map(({ spec }) => spec)];
  }

  /** Not all of it starts from nothing: most machines are there, and somebody wants something. */
  begin(): void {
    for (const daemon of this.daemons) if (this.prng.chance(0.8)) this.#dial(daemon);
    this.deliver(1000);
    this.startDriver();
  }

  happen({ kind, salt, number }: Happening): void {
    this.prng = new Prng(salt);
    this.say(() => `${number}. ${kind}`);
    HAPPENINGS[kind]![1](this);
  }

  tell(event: BrainEvent): void {
    this.head.tell(event);
  }

  #count(effect: Effect): void {
    const { kind } = effect;
    if (kind === "persist") return;
    if (kind === "worker.start" || kind === "worker.stop") {
      this.say(() =>
        `    -> ${kind} ${effect.actor_id.slice(0, 6)}/${effect.incarnation} on ` +
        effect.node_id.slice(0, 6)
      );
    }
    this.seen[kind] = (this.seen[kind] ?? 0) + 1;
  }

  #note(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }

  #daemonOf({ node_id }: { node_id: string }): SimDaemon | undefined {
    return this.daemons.find((daemon) => daemon.spec.node_id === node_id);
  }

  /** Whether anything can get through on a link just now. */
  #passes(link: SimLink): { up: boolean; down: boolean } {
    const daemon = this.#daemonOf(link);
    return { up: daemon?.blocked.up !== true, down: daemon?.blocked.down !== true };
  }

  // ── links ─────────────────────────────────────────────────────────────────────────────────────

  /** A few messages arrive, each link in its own order. */
  deliver(most = 1 + this.prng.int(6)): void {
    for (let count = 0; count < most; count++) {
      this.links = this.links.filter((link) => link.open || link.to_daemon.length > 0);
      const ways = this.links.flatMap((link) => {
        const { up, down } = this.#passes(link);
        return [
          ...(up && link.to_head.length > 0 ? [() => this.#toHead(link)] : []),
          ...(down && link.to_daemon.length > 0 ? [() => this.#toDaemon(link)] : []),
        ];
      });
      const way = this.prng.pick(ways);
      if (way === undefined) return;
      way();
    }
  }

  #toHead(link: SimLink, last?: Last): void {
    const item = link.to_head.shift();
    if (item === undefined) return;
    const daemon = this.#daemonOf(link);
    const meant = daemon?.deaths.filter(({ intended }) => intended) ?? [];
    const current = meant.filter(({ actor_id, incarnation }) =>
      this.brain.actor(actor_id)?.incarnation === incarnation &&
      this.brain.actor(actor_id)?.grant !== undefined
    );
    this.head.hear(link, item, last);
    if (item.kind !== "node.join" && item.kind !== "actor.died") return;
    for (const { actor_id, incarnation } of current) {
      const told = item.kind === "actor.died"
        ? item.actor_id === actor_id && item.incarnation === incarnation
        : item.report?.deaths.some((one) =>
          one.actor_id === actor_id && one.incarnation === incarnation
        );
      if (!told || !link.open) continue;
      assert.equal(this.brain.actor(actor_id)?.step, "ended", "who ended itself is started again");
      this.#note("ended on purpose");
    }
  }

  #toDaemon(link: SimLink): void {
    const item = link.to_daemon.shift();
    const daemon = this.#daemonOf(link);
    if (item === undefined || daemon?.link !== link) return;
    daemon.heard_at = this.now;
    if (item.kind === "end") link.closeAtDaemon(0);
    if (daemon.hear(item)) this.#renew(daemon);
  }

  /** It was declared dead: it ends its workers and takes another id. */
  #renew(daemon: SimDaemon): void {
    this.say(() => `    ${daemon.spec.ip} takes another id`);
    this.#note("declared dead");
    daemon.reset(this.prng.hex(56));
  }

  #dial(daemon: SimDaemon): void {
    if (!daemon.reachable) return;
    this.say(() => `    ${daemon.spec.ip} dials`);
    this.links.push(daemon.dial(this.#next_link++, this.now));
  }

  #pick(fits: (daemon: SimDaemon) => boolean): SimDaemon | undefined {
    const daemon = this.prng.pick(this.daemons.filter(fits));
    if (daemon !== undefined) this.say(() => `    ${daemon.spec.ip}`);
    return daemon;
  }

  dial(): void {
    const daemon = this.#pick(({ link }) => link === undefined);
    if (daemon !== undefined) this.#dial(daemon);
  }

  /** It gives its link up and is back before the head has heard of that. */
  dialTwice(): void {
    const daemon = this.#pick(({ link, reachable }) => link !== undefined && reachable);
    if (daemon === undefined) return;
    daemon.cut(this.prng.int(6));
    this.#dial(daemon);
    this.#note("second link");
  }

  linkEnds(): void {
    const daemon = this.#pick(({ link }) => link !== undefined);
    daemon?.cut(this.prng.int(6));
  }

  partition(): void {
    const daemon = this.#pick(({ reachable }) => reachable);
    if (daemon === undefined) return;
    const way = this.prng.int(3);
    daemon.blocked = { up: way !== 0, down: way !== 1 };
    this.say(() => `    up ${daemon.blocked.up}, down ${daemon.blocked.down}`);
  }

  heal(): void {
    const daemon = this.#pick(({ reachable }) => !reachable);
    if (daemon !== undefined) daemon.blocked = { up: false, down: false };
  }

  // ── time ──────────────────────────────────────────────────────────────────────────────────────

  /** Signs of life go both ways, and both sides judge by them. */
  tick(ms: number): void {
    this.now += ms;
    for (const [node_id, link] of [...this.head.joined]) {
      if (this.#passes(link).up && this.#daemonOf(link)?.link === link) {
        this.tell({ kind: "node.seen", node_id });
      }
    }
    this.tell({ kind: "tick" });
    this.#daemonsJudge();
  }

  #daemonsJudge(): void {
    for (const daemon of this.daemons) {
      if (daemon.link === undefined) continue;
      if (daemon.link.open && !daemon.blocked.down) daemon.heard_at = this.now;
      else if (Math.abs(this.now - daemon.heard_at) > SILENCE) {
        this.say(() => `    ${daemon.spec.ip} hears nothing any more`);
        daemon.cut(this.prng.int(6));
      }
    }
  }

  /** Meanwhile daemons may give it up and dial anew: both links wait for it to wake. */
  headStalls(): void {
    this.now += 3000 + this.prng.int(20_000);
    for (const daemon of this.daemons) {
      if (daemon.link === undefined || !this.prng.chance(0.3)) continue;
      daemon.cut(Infinity);
      this.#dial(daemon);
    }
    // A head that has heard nobody, because it stood still, has nobody to take for dead.
    const lives = (node_id: string) => this.brain.node(node_id)?.state !== "dead";
    const there = [...this.head.joined.keys()].filter(lives);
    this.tell({ kind: "tick" });
    assert.ok(there.every(lives), "a node is dead that only the head did not hear");
  }

  clockIsSetBack(): void {
    this.now -= 10_000 + this.prng.int(100_000);
    this.tell({ kind: "tick" });
  }

  // ── the head ──────────────────────────────────────────────────────────────────────────────────

  headRestarts(lost = 0): void {
    for (const daemon of this.daemons) daemon.cut();
    this.links = [];
    this.head.restart(lost);
    this.#note("epochs");
  }

  /** It dies within a step: before or after its rows are written, some of its effects sent. */
  headDiesWithin(): void {
    const written = this.prng.chance(0.7);
    const last = { written, sent: written ? this.prng.int(8) : 0 };
    const link = this.prng.pick(this.links.filter(({ to_head }) => to_head.length > 0));
    if (link !== undefined && this.prng.chance(0.5)) this.#toHead(link, last);
    else {
      const event = drawActor(...this.forWishes);
      if (event !== undefined) this.head.tell(event, last);
    }
    // What it has sent may still arrive.
    for (const one of this.links) while (this.prng.chance(0.5)) this.#toDaemon(one);
    this.headRestarts();
  }

  /** Its journal's last transactions are lost, though their effects were seen. */
  powerFails(): void {
    if (this.prng.chance(0.7)) {
      this.request(drawActor(...this.forWishes));
      this.deliver(10);
    }
    this.daemons[0]!.reset(this.prng.hex(56));
    this.headRestarts(1 + this.prng.int(3));
    this.#note("transactions lost");
  }

  // ── machines, drivers, workers ────────────────────────────────────────────────────────────────

  machineDies(): void {
    const daemon = this.#pick(() => true)!;
    const { link, spec: { node_id } } = daemon;
    const says = link !== undefined && this.prng.chance(0.3) && daemon.reachable;
    if (says) link.to_head.push({ kind: "node.leave", node_id, reason: "beam down" });
    if (link !== undefined) link.closeAtDaemon(says ? Infinity : this.prng.int(6));
    daemon.link = undefined;
    daemon.reset(this.prng.hex(56));
  }

  drain(): void {
    const node_id = this.prng.pick([...this.head.joined.keys()]);
    if (node_id !== undefined) {
      const undo = this.prng.chance(0.7);
      this.tell({ kind: "node.drain", node_id, undo, evict: !undo && this.prng.chance(0.5) });
    }
  }

  startDriver(): void {
    const node_id = this.prng.pick([...this.head.joined.keys()]) ?? "";
    const daemon = this.#daemonOf({ node_id });
    if (daemon === undefined || daemon.link !== this.head.joined.get(node_id)) return;
    if (!daemon.reachable) return;
    const inside = this.prng.chance(0.3) ? this.prng.pick([...daemon.workers.values()]) : undefined;
    const job: JobSpec = {
      job_id: this.brain.nextJobId(),
      node_id,
      pid: 10 + this.prng.int(90),
      client: this.prng.hex(8),
      ...(inside && { parent_actor: inside.actor_id }),
      namespace: "default",
      entrypoint: "python3 run.py",
    };
    this.tell({ kind: "job.start", job });
    // What it runs inside may have ended: then it is refused.
    if (this.brain.job(job.job_id)?.state === "running") daemon.drivers.set(job.job_id, job);
  }

  driverEnds(): void {
    const daemon = this.#pick(({ drivers }) => drivers.size > 0);
    const job_id = this.prng.pick([...(daemon?.drivers.keys() ?? [])]);
    if (job_id !== undefined) daemon!.endDriver(job_id);
  }

  request(event: BrainEvent | undefined): void {
    if (event === undefined) return;
    this.requests.push(structuredClone(event));
    this.tell(event);
  }

  /** A driver that was cut off asks again for what it has already asked for. */
  resend(): void {
    const event = this.prng.pick(this.requests);
    if (event !== undefined) this.tell(structuredClone(event));
  }

  killActor(): void {
    const actor_id = this.prng.pick([...this.brain.books.actors.keys()]);
    if (actor_id !== undefined) this.#kill(actor_id, this.prng.chance(0.5));
  }

  #kill(actor_id: string, no_restart: boolean): void {
    const report = { kind: "killed", message: "It was killed by ray.kill." } as const;
    this.tell({ kind: "actor.kill", actor_id, no_restart, report });
  }

  removeGroup(): void {
    const groups = [...this.brain.books.groups.values()];
    const used = groups.filter((group) => group.state === "CREATED");
    const group = this.prng.pick(this.prng.chance(0.8) ? used : groups);
    if (group !== undefined) this.tell({ kind: "group.remove", pg_id: group.pg_id });
  }

  #pickWorker(
    fits: (worker: SimWorker) => boolean = () => true,
  ): [SimDaemon, SimWorker] | undefined {
    const all = this.daemons.flatMap((daemon) =>
      [...daemon.workers.values()].filter(fits).map((worker): [SimDaemon, SimWorker] => [
        daemon,
        worker,
      ])
    );
    const found = this.prng.pick(all);
    if (found !== undefined) {
      const { actor_id, incarnation } = found[1];
      this.say(() => `    ${found[0].spec.ip}: ${actor_id.slice(0, 6)}/${incarnation}`);
    }
    return found;
  }

  workerAdvances(): void {
    for (let count = this.prng.int(4); count >= 0; count--) {
      const [daemon, worker] = this.#pickWorker() ?? [];
      if (worker !== undefined && !(worker.ending && this.prng.chance(0.7))) {
        daemon!.advance(worker);
      }
    }
  }

  workerFails(): void {
    const [daemon, worker] = this.#pickWorker() ?? [];
    if (worker !== undefined) daemon!.fail(worker, this.prng.chance(0.3));
  }

  block(): void {
    const [daemon, worker] = this.#pickWorker() ?? [];
    if (worker !== undefined) daemon!.toggleBlocked(worker);
  }

  /** A leased worker has run its last task. */
  giveBack(): void {
    const isLeased = ({ actor_id }: SimWorker) => this.brain.actor(actor_id)?.kind === "task";
    const [daemon, worker] = this.#pickWorker(isLeased) ?? [];
    if (worker !== undefined) daemon!.giveBack(worker);
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────

  /** The trouble ends: every machine can be reached, and everything under way arrives. */
  calmDown(): void {
    this.say(() => "the trouble ends");
    this.now = Math.max(this.now, this.brain.books.now);
    for (const daemon of this.daemons) daemon.blocked = { up: false, down: false };
    for (const daemon of this.daemons) if (daemon.link?.open === false) daemon.cut();
    this.#settle();
  }

  /** All drivers end, and everything detached is killed. */
  endEverything(): void {
    this.say(() => "everything is ended");
    for (const daemon of this.daemons) {
      for (const job_id of [...daemon.drivers.keys()]) daemon.endDriver(job_id);
    }
    this.#settle();
    for (const actor of [...this.brain.books.actors.values()]) this.#kill(actor.actor_id, true);
    for (const pg_id of [...this.brain.books.groups.keys()]) {
      if (this.brain.group(pg_id)?.detached) this.tell({ kind: "group.remove", pg_id });
    }
    this.#settle();
  }

  #settle(): void {
    for (let round = 0; round < 16; round++) {
      for (const daemon of this.daemons) if (daemon.link === undefined) this.#dial(daemon);
      this.deliver(1000);
      for (const daemon of this.daemons) daemon.reap();
      this.tick(1000);
    }
  }
}
