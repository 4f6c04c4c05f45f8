/**
 * A cluster of real links: a real head, its journal in a file, and the daemons' real ends of their
 * links, over connections whose bytes arrive when the world lets them.
 */
import assert from "assert";
import { join } from "node:path";
import type { DeathReport } from "../../../lib/cluster/death.ts";
import { toAmounts } from "../../../lib/cluster/amounts.ts";
import type { Brain } from "../../../lib/cluster/brain.ts";
import { actorCreate, driverStart, groupCreate } from "../../../lib/head/_fakes.ts";
import type { Client } from "../../../lib/node/client.ts";
import { LinkClosed } from "../../../lib/wire/errors.ts";
import { FrameDecoder } from "../../../lib/wire/frames.ts";
import type { Opened } from "../../../lib/wire/handshake.ts";
import type { Message, Reply } from "../../../lib/wire/messages.ts";
import type { Happening, Weights } from "../history.ts";
import { Prng } from "../prng.ts";
import type { Counts, Say } from "../simulate.ts";
import { SimHead } from "./head.ts";
import { type NodeWorld, SimNode } from "./node.ts";
import { Wire, type WireEnd } from "./wire.ts";
import type { SimWorker } from "./workers.ts";

/** How long an attempt to connect lasts, in milliseconds. */
const CONNECT_TIMEOUT = 4000;
/** Time passes in pieces of this many milliseconds. */
const SLICE = 100;
/** More turns than any chain of promises between two bytes is long. */
const TURNS = 40;

/** What happens, by name, and how likely it is beside the others. */
const HAPPENINGS: Record<
  string,
  [weight: number, what: (world: LinkWorld) => void | Promise<void>]
> = {
  "bytes arrive": [24, (world) => world.deliver()],
  "time passes": [14, (world) => world.pass(100 + world.prng.int(1500))],
  "a worker advances": [12, (world) => world.workerAdvances()],
  "a worker ends": [3, (world) => world.workerEnds()],
  "a driver starts": [5, (world) => world.startDriver()],
  "a driver is killed": [2, (world) => world.killDriver()],
  "an actor is created": [8, (world) => world.createActor()],
  "an actor is located": [4, (world) => world.locateActor()],
  "an actor is killed": [3, (world) => world.killActor()],
  "a group is created": [3, (world) => world.createGroup()],
  "a group is removed": [1, (world) => world.removeGroup()],
  "a connection breaks": [2, (world) => world.breakWire()],
  "an answer is lost": [4, (world) => world.loseAnswer()],
  "a machine is cut off": [2, (world) => world.partition()],
  "a machine can be reached again": [3, (world) => world.heal()],
  "a machine dies": [2, (world) => world.machineDies()],
  "the head stands still": [1, (world) => world.freezeHead()],
  "a daemon stands still": [1, (world) => world.freezeNode()],
  "the head is killed": [2, (world) => world.killHead()],
  "the clock is set back": [1, (world) => world.setClockBack()],
};

export const WEIGHTS: Weights = Object.fromEntries(
  Object.entries(HAPPENINGS).map(([kind, [weight]]) => [kind, weight]),
);

/** A machine, and what is wrong with its network. */
interface Machine {
  node: SimNode;
  blocked: { up: boolean; down: boolean };
  /** Milliseconds for which its daemon does not run. */
  frozen: number;
}

/** A request of a process, and what came of it. */
interface Asked {
  kind: string;
  subject: string;
  client: Client;
  settled: boolean;
}

/** A connection that is being opened. */
interface Dialing {
  machine: number;
  resolve(opened: { opened: Opened; local: string }): void;
}

export class LinkWorld implements NodeWorld {
  now = 1_700_000_000_000;
  machines: Machine[] = [];
  head: SimHead | undefined;
  wires: Wire[] = [];
  dialing: Dialing[] = [];
  readonly asked: Asked[] = [];
  readonly seen: Counts = {};
  prng: Prng;
  /** What was found wrong where nobody could be told. */
  fault: unknown;
  /** How often `ray.kill` with a restart was asked for an actor, and which incarnations it ended. */
  readonly kills = new Map<string, { asked: number; ended: Set<number> }>();
  /** Nodes that were declared dead, as far as the journal knows. */
  readonly dead = new Set<string>();
  /** How far the head machine's clock is behind. */
  #behind = 0;
  #heads = 0;
  #epoch = 0;
  #next_client = 1;

  constructor(seed: number, readonly folder: string, readonly say: Say) {
    this.prng = new Prng(seed);
  }

  get brain(): Brain | undefined {
    return this.head?.head.state.brain;
  }

  async begin(): Promise<void> {
    await this.#startHead();
    const count = 1 + this.prng.int(3);
    for (let index = 0; index < count; index++) this.machines.push(this.#machine(index));
    await this.settle(1000);
    await this.startDriver();
  }

  async happen({ kind, salt, number }: Happening): Promise<void> {
    this.prng = new Prng(salt);
    this.say(() => `${number}. ${kind}`);
    await HAPPENINGS[kind]![1](this);
    await this.turns();
  }

  /** Ends everything, so that nothing of it runs on. */
  async end(): Promise<void> {
    for (const { node } of this.machines) node.end();
    for (const { node_end, head_end } of this.wires) {
      node_end.kill(0);
      head_end.kill(0);
    }
    await this.head?.kill();
    await this.turns();
  }

  // ── what nodes need ───────────────────────────────────────────────────────────────────────────

  newId(): string {
    return this.prng.hex(56);
  }

  guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.fault ??= error;
    }
  }

  joined(node: SimNode, { epoch }: Reply<"node.join">): void {
    this.say(() => `    ${node.spec.ip} has joined as ${node.node_id.slice(0, 6)}, epoch ${epoch}`);
    this.#count("joined");
    this.guard(() => assert.ok(epoch >= node.epoch, `an epoch after ${node.epoch} was ${epoch}`));
  }

  stopped(actor_id: string, incarnation: number, report: DeathReport): void {
    if (!report.message.includes("ray.kill()")) return;
    this.kills.get(actor_id)?.ended.add(incarnation);
  }

  open(
    host: SimNode["link"]["host"],
    peer: string,
  ): Promise<{ opened: Opened; local: string }> {
    const machine = this.machines.findIndex(({ node }) => node.link.host === host);
    if (this.head === undefined) return Promise.reject(new LinkClosed(`${peer} refuses`));
    const { clock } = this.machines[machine]!.node;
    return new Promise((resolve, reject) => {
      const dialing = {
        machine,
        resolve: (opened: { opened: Opened; local: string }) => {
          stop();
          resolve(opened);
        },
      };
      this.dialing.push(dialing);
      const stop = clock.after(CONNECT_TIMEOUT, () => {
        this.dialing = this.dialing.filter((one) => one !== dialing);
        reject(new LinkClosed(`no answer within ${CONNECT_TIMEOUT} ms`));
      });
    });
  }

  // ── bytes and time ────────────────────────────────────────────────────────────────────────────

  /** What is ready to run runs. */
  async turns(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await null;
    if (this.fault !== undefined) throw this.fault;
  }

  /** Some of what is under way arrives, in pieces. */
  async deliver(most = 1 + this.prng.int(8)): Promise<void> {
    for (let count = 0; count < most; count++) {
      const ways = this.#ways();
      const way = this.prng.pick(ways);
      if (way === undefined) return;
      way();
      await this.turns();
    }
  }

  #ways(): (() => void)[] {
    this.wires = this.wires.filter((wire) =>
      !wire.over || wire.head_end.coming.length + wire.node_end.coming.length > 0
    );
    const standing = this.head?.frozen !== 0;
    const arrives = (end: WireEnd) => () => end.deliver(this.#piece());
    const ways = this.wires.flatMap(({ machine, head_end, node_end }) => {
      const { blocked, frozen } = this.machines[machine]!;
      return [
        ...(head_end.coming.length > 0 && !blocked.up && !standing ? [arrives(head_end)] : []),
        ...(node_end.coming.length > 0 && !blocked.down && frozen === 0 ? [arrives(node_end)] : []),
      ];
    });
    for (const dialing of this.dialing) {
      const { blocked, frozen } = this.machines[dialing.machine]!;
      if (blocked.up || blocked.down || frozen > 0 || standing) continue;
      ways.push(() => this.#connect(dialing));
    }
    return ways;
  }

  #piece(): number {
    return this.prng.chance(0.2) ? 1 + this.prng.int(40) : Infinity;
  }

  #connect(dialing: Dialing): void {
    this.dialing = this.dialing.filter((one) => one !== dialing);
    const wire = new Wire(dialing.machine);
    const { ip } = this.machines[dialing.machine]!.node.spec;
    this.wires.push(wire);
    this.head!.admit(wire, ip);
    dialing.resolve({
      opened: {
        stream: wire.node_end,
        decoder: new FrameDecoder(),
        early: [],
        role: "node",
        cluster: this.head!.head.cluster,
        secret: new Uint8Array(32),
      },
      local: ip,
    });
  }

  /** Time passes for whoever runs, and most of what is under way arrives. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= SLICE) {
      const piece = Math.min(left, SLICE);
      this.now += piece;
      for (const machine of this.machines) {
        if (machine.frozen > 0) this.#thaw(machine, piece);
        else machine.node.clock.pass(piece);
      }
      if (this.head !== undefined && this.head.frozen > 0) this.#thawHead(this.head, piece);
      else this.head?.clock.pass(piece);
      await this.turns();
      if (this.prng.chance(0.8)) await this.deliver(200);
    }
  }

  #thaw(machine: Machine, piece: number): void {
    machine.frozen -= piece;
    if (machine.frozen > 0) return;
    machine.frozen = 0;
    this.say(() => `    the daemon of ${machine.node.spec.ip} goes on`);
    machine.node.clock.pass(this.now - machine.node.clock.now());
  }

  #thawHead(head: SimHead, piece: number): void {
    head.frozen -= piece;
    head.stood += piece;
    if (head.frozen > 0) return;
    this.say(() => "    the head goes on");
    head.clock.pass(head.stood);
    head.frozen = 0;
    head.stood = 0;
  }

  // ── trouble ───────────────────────────────────────────────────────────────────────────────────

  #pickMachine(fits: (machine: Machine) => boolean = () => true): Machine | undefined {
    const machine = this.prng.pick(this.machines.filter(fits));
    if (machine !== undefined) this.say(() => `    ${machine.node.spec.ip}`);
    return machine;
  }

  /** On both sides, or first on one. */
  breakWire(): void {
    const wire = this.prng.pick(this.wires);
    if (wire === undefined) return;
    const which = this.prng.int(3);
    this.say(() => `    of ${this.machines[wire.machine]!.node.spec.ip}, side ${which}`);
    if (which !== 0) wire.head_end.break();
    if (which !== 1) wire.node_end.break();
    this.#count("broken");
  }

  /** What was asked arrives, and the connection breaks on the way back. */
  async loseAnswer(): Promise<void> {
    const fits = ({ machine, head_end }: Wire) =>
      head_end.coming.length > 0 && !this.machines[machine]!.blocked.up;
    const wire = this.prng.pick(this.wires.filter(fits));
    if (wire === undefined || this.head?.frozen !== 0) return;
    this.say(() => `    of ${this.machines[wire.machine]!.node.spec.ip}`);
    while (wire.head_end.coming.length > 0) {
      wire.head_end.deliver();
      await this.turns();
    }
    wire.node_end.break();
    this.#count("lost answer");
  }

  partition(): void {
    const machine = this.#pickMachine(({ blocked }) => !blocked.up && !blocked.down);
    if (machine === undefined) return;
    const way = this.prng.int(3);
    machine.blocked = { up: way !== 0, down: way !== 1 };
    this.say(() => `    up ${machine.blocked.up}, down ${machine.blocked.down}`);
    this.#count("partition");
  }

  heal(): void {
    const machine = this.#pickMachine(({ blocked }) => blocked.up || blocked.down);
    if (machine === undefined) return;
    machine.blocked = { up: false, down: false };
    // After a while a system gives up telling the other side that a connection has ended.
    const at = this.machines.indexOf(machine);
    for (const { machine: owner, head_end, node_end } of this.wires) {
      const untold = owner === at && head_end.closed && !node_end.closed;
      if (untold && this.prng.chance(0.5)) this.#forget(node_end);
    }
  }

  #forget(end: WireEnd): void {
    end.coming = [];
    this.say(() => "    a connection is half open");
    this.#count("half open");
  }

  machineDies(): void {
    const at = this.prng.int(this.machines.length);
    const { node } = this.machines[at]!;
    this.say(() => `    ${node.spec.ip}`);
    node.end();
    for (const wire of this.wires) if (wire.machine === at) wire.node_end.kill(this.prng.int(4));
    this.dialing = this.dialing.filter(({ machine }) => machine !== at);
    this.machines[at] = this.#machine(at);
  }

  freezeHead(): void {
    if (this.head === undefined) return;
    this.head.frozen = 1000 + this.prng.int(20_000);
    this.#count("frozen head");
  }

  freezeNode(): void {
    const machine = this.#pickMachine(({ frozen }) => frozen === 0);
    if (machine !== undefined) machine.frozen = 500 + this.prng.int(12_000);
  }

  /** At any point: what it has sent may arrive, and its last rows may be lost with the power. */
  async killHead(): Promise<void> {
    const { head } = this;
    if (head === undefined) return;
    const loses = this.prng.chance(0.3);
    if (loses) {
      this.say(() => "    with what it has not written");
      head.journal.withheld = true;
      this.dead.clear();
      // That a kill was done is in such rows too.
      for (const kills of this.kills.values()) kills.asked = Infinity;
      await this.deliver(1 + this.prng.int(3));
      this.#count("rows lost");
    }
    this.head = undefined;
    for (const wire of this.wires) wire.head_end.kill(this.prng.int(6));
    this.dialing = [];
    this.#epoch = head.head.epoch;
    await head.kill();
    await this.turns();
    if (this.prng.chance(0.5)) await this.pass(this.prng.int(3000));
    await this.#startHead();
  }

  setClockBack(): void {
    this.#behind += 10_000 + this.prng.int(1_000_000);
  }

  async #startHead(): Promise<void> {
    this.#heads += 1;
    this.head = await SimHead.start(join(this.folder, "head.db"), this.now - this.#behind);
    const { epoch } = this.head.head;
    this.say(() => `    a head is there, epoch ${epoch}`);
    assert.ok(epoch > this.#epoch, `an epoch after ${this.#epoch} is ${epoch}`);
    this.#epoch = epoch;
    if (this.#heads > 1) this.#count("heads");
  }

  #machine(index: number): Machine {
    const gpus = this.prng.int(4);
    const ip = `10.0.0.${index + 2}`;
    const node = new SimNode(this, index, {
      node_id: this.newId(),
      ip,
      aliases: [],
      hostname: `host${index}`,
      is_head: false,
      total: toAmounts({ CPU: 1 + this.prng.int(4), GPU: gpus, [`node:${ip}`]: 1 }),
      gpu_ids: Array.from({ length: gpus }, (_, gpu) => String(gpu)),
      labels: {},
    });
    const machine = { node, blocked: { up: false, down: false }, frozen: 0 };
    queueMicrotask(() => node.start());
    return machine;
  }

  // ── processes and what they ask ───────────────────────────────────────────────────────────────

  startDriver(): void {
    const machine = this.#pickMachine();
    if (machine === undefined) return;
    const { node } = machine;
    const client = node.connect(`driver${this.#next_client++}`);
    this.#ask(node, client, client.id, { ...driverStart, namespace: "ns" }, (reply) => {
      node.began(client, driverStart, reply as Reply<"driver.start">);
    });
  }

  killDriver(): void {
    const [node, client] = this.#pickClient() ?? [];
    if (client === undefined) return;
    this.say(() => `    ${client.id} of ${node!.spec.ip}`);
    node!.lose(client);
  }

  createActor(): void {
    const [node, client] = this.#pickClient() ?? [];
    const job_id = client?.job_id;
    if (job_id === undefined) return;
    const amounts = this.prng.pick([{}, { CPU: 10_000 }, { GPU: 10_000 }, { GPU: 5000 }])!;
    const groups = [...this.brain?.books.groups.keys() ?? []];
    const pg_id = this.prng.chance(0.3) ? this.prng.pick(groups) : undefined;
    const create = actorCreate(job_id, {
      actor_id: this.prng.hex(24) + job_id,
      place: amounts as Record<string, number>,
      run: amounts as Record<string, number>,
      max_restarts: this.prng.pick([0, 1, -1])!,
      detached: this.prng.chance(0.1),
      ...(pg_id !== undefined && { pg_id, bundle_index: -1 }),
    });
    this.#ask(node!, client!, create.actor_id, create);
  }

  createGroup(): void {
    const [node, client] = this.#pickClient() ?? [];
    const job_id = client?.job_id;
    if (job_id === undefined) return;
    const create = groupCreate(job_id, {
      pg_id: this.prng.hex(28) + job_id,
      strategy: this.prng.pick(["PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"])!,
      bundles: Array.from({ length: 1 + this.prng.int(3) }, () => ({ GPU: 10_000 })),
    });
    this.#ask(node!, client!, create.pg_id, create);
  }

  removeGroup(): void {
    const [node, client] = this.#pickClient() ?? [];
    const pg_id = this.prng.pick([...this.brain?.books.groups.keys() ?? []]);
    if (client?.job_id === undefined || pg_id === undefined) return;
    this.#ask(node!, client, pg_id, { kind: "group.remove", pg_id });
  }

  locateActor(): void {
    const [node, client] = this.#pickClient() ?? [];
    const actor_id = this.prng.pick([...this.brain?.books.actors.keys() ?? []]);
    if (client === undefined || actor_id === undefined) return;
    this.#ask(node!, client, actor_id, { kind: "actor.locate", actor_id }, (found) => {
      const { state, incarnation, socket } = found as Record<string, unknown>;
      if (state !== "alive") return;
      assert.equal(socket, `/s/${actor_id}/${incarnation}`, "a caller is sent to another worker");
      this.#count("located");
    });
  }

  killActor(): void {
    const [node, client] = this.#pickClient() ?? [];
    const actor_id = this.prng.pick([...this.brain?.books.actors.keys() ?? []]);
    if (client === undefined || actor_id === undefined) return;
    const no_restart = this.prng.chance(0.3);
    const kills = this.kills.get(actor_id) ?? { asked: 0, ended: new Set() };
    kills.asked += 1;
    this.kills.set(actor_id, kills);
    this.#ask(node!, client, actor_id, { kind: "actor.kill", actor_id, no_restart });
  }

  #pickClient(): [SimNode, Client] | undefined {
    return this.prng.pick(
      this.machines.flatMap(({ node }) =>
        [...node.clients.values()].map((client): [SimNode, Client] => [node, client])
      ),
    );
  }

  /** The process asks the head; a refusal is an answer, an end of the process needs none. */
  #ask(
    node: SimNode,
    client: Client,
    subject: string,
    message: Message,
    answered: (fields: unknown) => void = () => {},
  ): void {
    const { kind } = message;
    this.say(() => `    ${client.id} of ${node.spec.ip} asks ${kind} ${subject.slice(0, 6)}`);
    const one = { kind, subject, client, settled: false };
    this.asked.push(one);
    // As the daemon does: the head may have made the job when its driver goes.
    const signal = kind === "driver.start" ? undefined : client.gone.signal;
    const settle = () => {
      this.guard(() => assert.ok(!one.settled, "a request is answered twice"));
      one.settled = true;
    };
    node.asks.ask(client, message, new Uint8Array(3), signal).then(
      ({ fields }) => {
        settle();
        this.#count(kind);
        this.guard(() => answered(fields));
      },
      (error: Error) => {
        settle();
        this.say(() => `    ${client.id}: ${kind}: ${error.message}`);
      },
    );
  }

  // ── workers ───────────────────────────────────────────────────────────────────────────────────

  #pickWorker(): [SimNode, SimWorker] | undefined {
    const running = this.machines.filter(({ frozen }) => frozen === 0);
    const found = this.prng.pick(
      running.flatMap(({ node }) =>
        node.workers.all.map((worker): [SimNode, SimWorker] => [node, worker])
      ),
    );
    if (found !== undefined) {
      this.say(() =>
        `    ${found[0].spec.ip}: ${found[1].actor_id.slice(0, 6)}/${found[1].incarnation}`
      );
    }
    return found;
  }

  workerAdvances(): void {
    for (let count = this.prng.int(4); count >= 0; count--) {
      const [node, worker] = this.#pickWorker() ?? [];
      if (worker !== undefined && !(worker.asked && this.prng.chance(0.5))) {
        node!.workers.advance(worker);
      }
    }
  }

  workerEnds(): void {
    const [node, worker] = this.#pickWorker() ?? [];
    if (worker === undefined || worker.asked !== undefined) return;
    const kind = worker.state === "starting" ? "start" : "signal";
    node!.workers.end(worker, { kind, message: "It was killed." }, this.prng.chance(0.2));
  }

  // ── the end of the trouble ────────────────────────────────────────────────────────────────────

  async calmDown(): Promise<void> {
    this.say(() => "the trouble ends");
    for (const machine of this.machines) machine.blocked = { up: false, down: false };
    await this.settle(30_000);
  }

  /** All drivers end, and everything detached is killed. */
  async endEverything(): Promise<void> {
    this.say(() => "everything is ended");
    for (const { node } of this.machines) {
      for (const client of [...node.clients.values()]) node.lose(client);
    }
    await this.settle(3000);
    const { shell, brain } = this.head!.head.state;
    for (const { actor_id } of [...brain.books.actors.values()]) {
      const report = { kind: "killed", message: "The simulation ends." } as const;
      shell.step({ kind: "actor.kill", actor_id, no_restart: true, report });
    }
    await this.settle(3000);
  }

  async settle(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 500) {
      await this.pass(Math.min(left, 500));
      await this.deliver(500);
      for (const { node } of this.machines) {
        for (const worker of node.workers.all) if (worker.asked) node.workers.advance(worker);
      }
      await this.deliver(500);
    }
  }

  #count(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }
}
