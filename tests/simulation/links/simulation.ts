/** The simulation of the links: its happenings, and what is checked after each of them. */
import assert from "assert";
import { join } from "node:path";
import { checkBooks } from "../brain/invariants.ts";
import type { History } from "../history.ts";
import type { Counts, Say, Simulation } from "../simulate.ts";
import { LinkWorld, WEIGHTS } from "./world.ts";

/** @param folder for the heads' journals; gone with the test */
export function linkSimulation(folder: string): Simulation {
  return {
    file: "tests/simulation/links/links_test.ts",
    weights: WEIGHTS,
    length: 60,
    run: (history, say) => run(history, say, folder),
  };
}

let runs = 0;

async function run({ seed, happenings }: History, say: Say, parent: string): Promise<Counts> {
  const folder = join(parent, String(++runs));
  Deno.mkdirSync(folder);
  const world = new LinkWorld(seed, folder, say);
  try {
    await world.begin();
    for (const happening of happenings) {
      await world.happen(happening);
      check(world);
    }
    await world.calmDown();
    check(world);
    checkAgreement(world);
    await world.endEverything();
    check(world);
    checkAtRest(world);
  } finally {
    await world.end();
    Deno.removeSync(folder, { recursive: true });
  }
  return { ...EXPECTED, ...world.seen };
}

/** What must have been seen, in some seed. */
const EXPECTED: Counts = {
  joined: 0,
  heads: 0,
  "rows lost": 0,
  "frozen head": 0,
  broken: 0,
  partition: 0,
  "half open": 0,
  located: 0,
  "actor.kill": 0,
  "group.create": 0,
};

function check(world: LinkWorld): void {
  if (world.brain !== undefined) {
    checkBooks(world.brain.books);
    for (const { node_id, state } of world.brain.books.nodes.values()) {
      if (state === "dead") world.dead.add(node_id);
      else assert.ok(!world.dead.has(node_id), "a dead node lives under the same id");
    }
  }
  for (const [actor_id, { asked, ended }] of world.kills) {
    assert.ok(ended.size <= asked, `actor ${actor_id} was killed ${ended.size} times for ${asked}`);
  }
}

/** With nothing wrong any more, everybody is in, everything is answered, and both sides agree. */
function checkAgreement(world: LinkWorld): void {
  const { books } = world.brain!;
  const { nodes } = world.head!.head.state;
  for (const { node } of world.machines) {
    assert.ok(node.link.isJoined, `${node.spec.ip} has not joined`);
    assert.ok(nodes.get(node.node_id) !== undefined, `the head has no link to ${node.spec.ip}`);
    assert.equal(books.nodes.get(node.node_id)?.state, "alive", `${node.spec.ip} is not alive`);
  }
  assert.equal(nodes.size, world.machines.length, "the head has links to nobody");
  const booked = [...books.actors.values()].filter(({ grant }) => grant !== undefined)
    .map((actor) => `${actor.node_id} ${actor.actor_id}/${actor.incarnation}`);
  const real = world.machines.flatMap(({ node }) =>
    node.workers.all.map((one) => `${node.node_id} ${one.actor_id}/${one.incarnation}`)
  );
  assert.deepEqual(booked.sort(), real.sort(), "workers in the books and on the machines");
  for (const { leaving } of books.actors.values()) {
    assert.deepEqual(leaving, [], "a worker is still leaving");
  }
  const jobs = [...books.jobs.values()].filter(({ state }) => state === "running");
  const drivers = world.machines.flatMap(({ node }) => node.drivers.all);
  assert.deepEqual(
    jobs.map(({ job_id }) => job_id).sort(),
    drivers.map(({ job_id }) => job_id).sort(),
    "jobs in the books and drivers on the machines",
  );
  for (const { kind, subject, client, settled } of world.asked) {
    if (settled || client.gone.signal.aborted) continue;
    const actor = books.actors.get(subject);
    const waits = kind === "actor.locate" && actor !== undefined &&
      !["ready", "running", "ended"].includes(actor.step);
    assert.ok(waits, `${kind} of ${subject} was never answered`);
  }
}

/** After everything has ended, everything is free. */
function checkAtRest(world: LinkWorld): void {
  const { books } = world.brain!;
  for (const { node } of world.machines) {
    assert.equal(node.workers.all.length, 0, `${node.spec.ip} still has workers`);
    const { free } = books.node_ledgers.get(node.node_id)!;
    for (const [name, units] of Object.entries(node.spec.total)) {
      assert.equal(free[name], units, `${name} of ${node.spec.ip} is not free again`);
    }
  }
  const running = [...books.jobs.values()].filter(({ state }) => state === "running");
  assert.deepEqual(running, [], "a job goes on");
}
