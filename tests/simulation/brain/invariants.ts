/** What must hold after every step, whatever happened. */
import assert from "assert";
import type { ActorRecord } from "../../../lib/cluster/actors.ts";
import { largerOf, UNIT } from "../../../lib/cluster/amounts.ts";
import type { Amounts } from "../../../lib/cluster/amounts.ts";
import { Books } from "../../../lib/cluster/books.ts";
import type { Ledger } from "../../../lib/cluster/ledger.ts";
import { labelsMatch } from "../../../lib/cluster/labels.ts";
import { onHold } from "../../../lib/cluster/scheduling.ts";
import type { NodeSpec } from "../../../lib/cluster/node.ts";
import type { OraclePlace } from "./oracle.ts";
import { afterTaking, couldPlace } from "./oracle.ts";
import type { World } from "./world.ts";

export function checkInvariants(world: World): void {
  checkBooks(world.brain.books);
  devicesAreSharedRightly(world);
  waitingHasAReason(world);
}

/** What must hold in the books alone. */
export function checkBooks(books: Books): void {
  nothingIsDatedAhead(books);
  ledgersMatchRecords(books);
  nothingIsGrantedTwice(books);
  deadNodesHoldNothing(books);
  groupsAreWhole(books);
  nobodyOutlivesTheirOwner(books);
}

/** The ledgers kept step by step are those that a restarted head would build. */
function ledgersMatchRecords(books: Books): void {
  const fresh = new Books(books.config);
  for (const table of ["nodes", "jobs", "actors", "groups"] as const) {
    for (const [id, record] of books[table]) (fresh[table] as Map<string, unknown>).set(id, record);
  }
  for (const [key, stray] of books.strays) fresh.strays.set(key, stray);
  fresh.rebuild();
  same([...books.node_ledgers.keys()], [...fresh.node_ledgers.keys()], "nodes");
  for (const [node_id, ledger] of fresh.node_ledgers) {
    same(plainLedger(books.node_ledgers.get(node_id)), plainLedger(ledger), node_id);
  }
  for (const [pg_id, ledgers] of fresh.bundle_ledgers) {
    const own = books.bundle_ledgers.get(pg_id) ?? [];
    same(own.map(plainLedger), ledgers.map(plainLedger), pg_id);
  }
  same([...books.queue].sort(), [...fresh.queue].sort(), "queue");
  same([...books.names].sort(), [...fresh.names].sort(), "names");
}

/** As `deepEqual`, whose diff is made only where there is one: this runs very often. */
function same(own: unknown, rebuilt: unknown, what: string): void {
  if (JSON.stringify(own) !== JSON.stringify(rebuilt)) assert.deepEqual(own, rebuilt, what);
}

function plainLedger(ledger: Ledger | null | undefined): unknown {
  if (!ledger) return null;
  const free = Object.entries(ledger.free).filter(([, units]) => units !== 0);
  return [free.sort(([a], [b]) => a < b ? -1 : 1), ledger.gpus];
}

function nothingIsGrantedTwice(books: Books): void {
  const ledgers = [...books.node_ledgers.values(), ...[...books.bundle_ledgers.values()].flat()];
  for (const ledger of ledgers) {
    if (ledger === null) continue;
    for (const [name, units] of Object.entries(ledger.free)) {
      // A worker that resumes from a blocking get may oversubscribe CPUs.
      if (name !== "CPU") {
        assert.ok(units >= 0, `${name} is granted beyond what is there: ${units}`);
      }
    }
    for (const [index, units] of ledger.gpus) {
      assert.ok(units >= 0 && units <= UNIT, `GPU ${index} has ${units} free`);
    }
    const devices = ledger.gpus.reduce((sum, [, units]) => sum + units, 0);
    assert.equal(devices, ledger.free.GPU ?? 0, "devices and GPU count differ");
  }
}

function deadNodesHoldNothing(books: Books): void {
  const holds = (node_id: string) => {
    const node = books.nodes.get(node_id);
    return node !== undefined && node.state !== "dead";
  };
  for (const actor of books.actors.values()) {
    if (actor.grant !== undefined) assert.ok(holds(actor.node_id), "an actor on a dead node");
    assert.equal(actor.grant === undefined, ["waiting", "ended"].includes(actor.step));
    for (const leaving of actor.leaving) assert.ok(holds(leaving.node_id), "leaving a dead node");
  }
  for (const group of books.groups.values()) {
    for (const node_id of group.nodes) {
      if (node_id !== "") assert.ok(holds(node_id), "a bundle on a dead node");
    }
  }
}

/** A clock that was set back while no head ran must not have anybody wait until it is right again. */
function nothingIsDatedAhead({ actors, groups, nodes, now, config }: Books): void {
  for (const actor of actors.values()) {
    assert.ok(actor.since <= now, "an actor waits since a time to come");
    const longest = now + config.start_retry_most_ms;
    assert.ok(actor.not_before <= longest, "an actor may not be placed for very long");
    assert.ok((actor.warned_at ?? 0) <= now, "a warning of a time to come");
  }
  for (const group of groups.values()) {
    assert.ok(group.since <= now, "a group waits since a time to come");
    assert.ok((group.warned_at ?? 0) <= now, "a warning of a time to come");
  }
  for (const node of nodes.values()) {
    assert.ok(node.last_seen <= now || node.state === "dead", "a node was seen at a time to come");
  }
}

function groupsAreWhole(books: Books): void {
  for (const group of books.groups.values()) {
    const placed = group.nodes.filter((node_id) => node_id !== "");
    group.grants.forEach((grant, index) => {
      assert.equal(grant === null, group.nodes[index] === "", "a bundle has a grant or no node");
    });
    if (group.state === "PENDING") assert.equal(placed.length, 0, "a pending group holds bundles");
    if (group.state === "CREATED") assert.equal(placed.length, group.bundles.length);
    if (group.state === "RESCHEDULING") assert.ok(placed.length < group.bundles.length);
    const distinct = new Set(placed).size;
    if (group.strategy === "STRICT_PACK") assert.ok(distinct <= 1, "STRICT_PACK on two nodes");
    if (group.strategy === "STRICT_SPREAD") assert.equal(distinct, placed.length, "STRICT_SPREAD");
  }
}

function nobodyOutlivesTheirOwner(books: Books): void {
  const ended = (actor_id: string) => (books.actors.get(actor_id)?.step ?? "ended") === "ended";
  const over = (job_id: string) => books.jobs.get(job_id)?.state !== "running";
  for (const actor of books.actors.values()) {
    if (actor.step === "ended" || actor.detached) continue;
    const { job_id, actor_id, incarnation } = actor.owner;
    const owner = books.actors.get(actor_id ?? "");
    const same = owner === undefined || incarnation === undefined ||
      owner.incarnation === incarnation;
    assert.ok(same, "an actor of a former incarnation of its owner");
    assert.ok(actor_id === undefined ? !over(job_id) : !ended(actor_id), "an orphaned actor");
    const group = actor.pg && books.groups.get(actor.pg.pg_id);
    assert.notEqual(group?.state, "REMOVED", "an actor in a removed group");
  }
  for (const group of books.groups.values()) {
    if (group.state === "REMOVED" || group.detached) continue;
    const { job_id, actor_id } = group.owner;
    assert.ok(!over(job_id) || (actor_id !== undefined && !ended(actor_id)), "an orphaned group");
  }
  for (const job of books.jobs.values()) {
    if (job.state !== "running") continue;
    const node = books.nodes.get(job.node_id);
    assert.ok(node === undefined || node.state !== "dead", "a job whose driver's node is dead");
    assert.ok(!job.parent_actor || !ended(job.parent_actor), "a job inside a dead actor");
  }
}

/** In the machines themselves: processes that exist at the same time share devices rightly. */
function devicesAreSharedRightly(world: World): void {
  for (const daemon of world.daemons) {
    const units = new Map<number, number>();
    for (const worker of daemon.workers.values()) {
      for (const [index, part] of worker.grant.gpus) {
        units.set(index, (units.get(index) ?? 0) + part);
      }
    }
    for (const [index, sum] of units) {
      assert.ok(sum <= UNIT, `GPU ${index} of ${daemon.spec.ip} is used ${sum / UNIT} times`);
    }
  }
}

function waitingHasAReason({ brain, now, prng }: World): void {
  const { books } = brain;
  if (onHold(books)) return;
  const places = oraclePlaces(books);
  for (const id of books.queue) {
    // Words cost more than the rest of a step, so that only some of the steps ask for them.
    if (prng.chance(0.1)) assert.ok((brain.explain(id) ?? "").length > 20, `no reason for ${id}`);
    const group = books.groups.get(id);
    const actor = books.actors.get(id);
    if (group !== undefined) {
      const could = couldPlace(group.strategy, group.bundles, group.nodes, places);
      assert.ok(!could, `group ${id} waits although it could be placed`);
    } else if (actor !== undefined && actor.not_before <= now) {
      assert.ok(!couldRun(books, actor, places), `actor ${id} waits although it could be placed`);
    }
  }
}

function oraclePlaces(books: Books): OraclePlace[] {
  return [...books.nodes.values()].filter((node) => node.state === "alive").map((node) => {
    const ledger = books.node_ledgers.get(node.node_id)!;
    return { node, free: ledger.free, gpus: ledger.gpus.map(([, units]) => units) };
  });
}

function couldRun(books: Books, actor: ActorRecord, places: OraclePlace[]): boolean {
  const need: Amounts = largerOf(actor.place, actor.run);
  const { strategy } = actor;
  if (actor.pg === undefined) {
    return places.some((place) => {
      const { node } = place;
      if (strategy.kind === "node" && !strategy.soft && strategy.node_id !== node.node_id) {
        return false;
      }
      const wanted = strategy.kind === "labels"
        ? [strategy.hard, ...strategy.fallback ?? []]
        : [{}];
      if (!wanted.some((selectors) => labelsMatch(node.labels, selectors))) return false;
      if (waitsForItsNode(books, actor, node)) return false;
      return afterTaking(place, need).length > 0;
    });
  }
  const { pg_id, bundle_index } = actor.pg;
  const group = books.groups.get(pg_id);
  return (books.bundle_ledgers.get(pg_id) ?? []).some((ledger, index) => {
    const node = books.nodes.get(group?.nodes[index] ?? "");
    if (ledger === null || (bundle_index !== -1 && bundle_index !== index)) return false;
    if (node?.state !== "alive" && node?.state !== "draining") return false;
    if (node.evicting === true) return false;
    const gpus = ledger.gpus.map(([, units]) => units);
    return afterTaking({ node, free: ledger.free, gpus }, need).length > 0;
  });
}

/** Workers whose CPUs others may have. */
export function lentWorkers({ brain }: World): number {
  return [...brain.books.actors.values()].filter((actor) => actor.lent_cpu > 0).length;
}

/** A soft wish for a node that is there and large enough is waited for. */
function waitsForItsNode(
  books: Books,
  { strategy, place, run }: ActorRecord,
  at: NodeSpec,
): boolean {
  if (strategy.kind !== "node" || !strategy.soft || strategy.node_id === at.node_id) return false;
  const wished = books.nodes.get(strategy.node_id);
  if (wished?.state !== "alive") return false;
  const gpus = wished.gpu_ids.map(() => UNIT);
  const need = largerOf(place, run);
  return afterTaking({ node: wished, free: wished.total, gpus }, need).length > 0;
}

/** With nothing under way, the workers in the books are those on the machines. */
export function checkAgreement({ brain, daemons }: World): void {
  const booked = [...brain.books.actors.values()].filter((actor) => actor.grant !== undefined)
    .map((actor) => `${actor.node_id} ${actor.actor_id}/${actor.incarnation}`);
  const real = daemons.flatMap(({ spec, workers }) =>
    [...workers.keys()].map((key) => `${spec.node_id} ${key}`)
  );
  assert.deepEqual(booked.sort(), real.sort(), "workers in the books and on the machines");
  const jobs = [...brain.books.jobs.values()].filter(({ state }) => state === "running");
  const drivers = daemons.flatMap((daemon) => [...daemon.drivers.keys()]);
  for (const { job_id } of jobs) assert.ok(drivers.includes(job_id), "a job without a driver");
  for (const actor of brain.books.actors.values()) {
    assert.deepEqual(actor.leaving, [], "a worker is still leaving");
    if (actor.grant === undefined) continue;
    const worker = daemons.flatMap(({ workers }) => [...workers.values()])
      .find((one) => one.actor_id === actor.actor_id && one.incarnation === actor.incarnation)!;
    const blocked = worker.blocked && (actor.grant.amounts.CPU ?? 0) > 0;
    assert.equal(actor.lent_cpu > 0, blocked, "a worker is blocked here and not there");
    assert.equal(actor.returned === true, worker.returned, "a lease is returned here only");
  }
}

/** After everything has ended, everything is free. */
export function checkAtRest(world: World): void {
  const { books } = world.brain;
  for (const daemon of world.daemons) {
    assert.equal(daemon.workers.size, 0, `${daemon.spec.ip} still has workers`);
    const node = books.nodes.get(daemon.spec.node_id);
    assert.ok(node !== undefined && node.state !== "dead", `${daemon.spec.ip} did not come back`);
    const ledger = books.node_ledgers.get(node.node_id)!;
    for (const [name, units] of Object.entries(node.total)) {
      assert.equal(ledger.free[name], units, `${name} of ${node.ip} is not free again`);
    }
  }
  assert.equal(books.queue.size, 0, "something still waits");
}
