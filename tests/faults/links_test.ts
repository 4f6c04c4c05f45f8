/** What the links between machines do: cut, one-way, lossy, closed; in network namespaces. */
import assert from "assert";
import type { Node } from "../e2e/harness/node.ts";
import { isRunning } from "../e2e/harness/processes.ts";
import type { Program } from "../e2e/harness/program.ts";
import { theme } from "../e2e/harness/scenario.ts";
import { until } from "../e2e/harness/until.ts";
import { drive } from "./harness/drive.ts";
import { nothingLeft } from "./harness/left_behind.ts";
import { lacking, Machines } from "./harness/machines.ts";

const lacks = lacking();
if (lacks !== undefined) console.log(`not tried: links between machines: ${lacks}`);

/** Where the far node takes direct streams. */
const DIRECT = 6380;

let machines: Machines;
let head: Node;
let far: Node;
// The last to run: what is registered later runs before.
Deno.test.afterAll(() => machines?.[Symbol.dispose]());
const { place, test } = theme("links", async (place) => {
  machines = new Machines(3);
  head = await place.head({ ip: machines.address(1), via: machines.via(1), cpus: 4 });
  far = await place.join(head, {
    ip: machines.address(2),
    via: machines.via(2),
    cpus: 4,
    flags: ["--node-port", `${DIRECT}`],
  });
});

/** Registers a test where there can be machines. */
function linked(name: string, run: () => Promise<void>): void {
  if (lacks === undefined) test(name, run);
  else Deno.test({ name: `links: ${name}`, ignore: true, fn: run });
}

/** A driver on the head's machine that calls an actor on the far one, and has begun to. */
async function steady(): Promise<{ driver: Program; pid: number }> {
  const driver = drive(head, "steady.py", [far.ip], { input: true });
  const { pid } = await driver.said("the actor's pid");
  await advance(driver);
  return { driver, pid };
}

/** Until the driver's calls have been answered further than when this was called. */
async function advance(driver: Program): Promise<void> {
  const told = async () => {
    await driver.tell("\n");
    const { answered, error } = await driver.said("how many calls were answered");
    if (error) throw new Error(`A call failed: ${error.text}`);
    return answered as number;
  };
  const first = await told();
  await until("calls are answered", async () => await told() > first);
}

async function allAnswered(driver: Program): Promise<void> {
  await driver.endInput();
  const { answered, in_order } = await driver.said("the sum");
  assert.ok(answered > 0 && in_order, "each call is answered once and in order");
  await driver.ok();
}

/** The node on the far machine as the head sees it: the living one, else the last. */
async function farNode() {
  const nodes = (await head.status()).nodes.filter(({ ip }) => ip === far.ip);
  return nodes.find(({ alive }) => alive) ?? nodes.at(-1)!;
}

/** After an outage that was noticed: the node dead, its callers told, its processes gone, it back as another. */
async function lostAndBack(cut: () => void, mend: () => void): Promise<void> {
  const { driver, pid } = await steady();
  const { node_id } = await farNode();
  cut();
  const began = performance.now();
  await until("the node is dead", async () => !(await farNode()).alive);
  const took = performance.now() - began;
  console.log(`    dead after ${(took / 1000).toFixed(1)} s`);
  const { error } = await driver.said("what the caller is told");
  assert.equal(error.type, "ActorDiedError", error.text);
  assert.match(error.text, new RegExp(far.ip.replaceAll(".", "\\.")));
  assert.match(error.text, /nothing was heard from it for|silent|lost/);
  mend();
  await until("the node is back under another id", async () => {
    const node = await farNode();
    return node.alive && node.node_id !== node_id;
  });
  await until("the actor's process is gone", () => !isRunning(pid));
  await driver.endInput();
  await driver.ok();
  far.record = { ...far.record, node_id: (await farNode()).node_id };
  await fresh();
}

async function fresh(): Promise<void> {
  const { driver } = await steady();
  await allAnswered(driver);
  await nothingLeft([head, far]);
}

linked("a link that is down for a moment loses nothing", async () => {
  const { driver, pid } = await steady();
  const { node_id } = await farNode();
  machines.link(2, "down");
  await new Promise((resolve) => setTimeout(resolve, 1000)); // the fault is as long as this
  machines.link(2, "up");
  await advance(driver);
  assert.ok(isRunning(pid));
  assert.equal((await farNode()).node_id, node_id);
  await allAnswered(driver);
  await nothingLeft([head, far]);
});

linked(
  "a link that stays down is a dead node, told with its cause, and another when it is back",
  () => lostAndBack(() => machines.link(2, "down"), () => machines.link(2, "up")),
);

linked(
  "a node that the head hears no more is dead, though it hears the head",
  () => lostAndBack(() => machines.drop(1, "from", far.ip), () => machines.drop(1, "clear")),
);

linked(
  "a node that hears the head no more is dead, though the head hears it",
  () => lostAndBack(() => machines.drop(2, "from", head.ip), () => machines.drop(2, "clear")),
);

linked("5 % loss both ways lose no call and no node", async () => {
  const { node_id } = await farNode();
  machines.drop(1, "loss", far.ip);
  machines.drop(2, "loss", head.ip);
  try {
    const { driver } = await steady();
    for (let times = 0; times < 5; times++) await advance(driver);
    await allAnswered(driver);
    assert.equal((await farNode()).node_id, node_id);
  } finally {
    machines.drop(1, "clear");
    machines.drop(2, "clear");
  }
  await fresh();
});

linked(
  "where the owner's port is closed, calls go by the head, and the caller is told once",
  async () => {
    machines.drop(2, "port", `${DIRECT}`);
    try {
      const { driver } = await steady();
      await driver.complains(/relay|by the head|through the head/);
      await allAnswered(driver);
    } finally {
      machines.drop(2, "clear");
    }
    await nothingLeft([head, far]);
  },
);

linked("a head that cannot be reached is named with what to do", async () => {
  const port = Number(head.record.head_address.split(":").at(-1));
  const cases: [string, string[], RegExp][] = [
    ["closed", ["--join", `${head.ip}:${port}`], /could not be reached within 1 s/],
    [
      "nobody there",
      ["--join", `${machines.address(99)}:${port}`],
      /could not be reached within 1 s/,
    ],
    ["wrong port", ["--join", `${head.ip}:1`], /could not be reached within 1 s.*refused/s],
    ["wrong address", ["--join", "192.0.2.1:6379"], /could not be reached within 1 s/],
  ];
  machines.drop(1, "port", `${port}`);
  try {
    for (const [what, join, words] of cases) {
      const node = place.node({ ip: machines.address(3), via: machines.via(3) });
      const env = { BEAM_TOKEN: head.record.token };
      const ending = await node.cli(["up", ...join, "--join-timeout", "1", ...node.flags], env);
      assert.equal(ending.code, 1, what);
      assert.match(ending.stderr, words, what);
      assert.match(ending.stderr, /check the address|firewall/, what);
    }
  } finally {
    machines.drop(1, "clear");
  }
});

linked(
  "a node under an address that is nobody's serves by the head; a head under it is refused",
  async () => {
    const wrong = "192.0.2.7";
    const node = await place.join(head, { ip: wrong, via: machines.via(3) });
    const driver = drive(head, "steady.py", [wrong], { input: true });
    await driver.said("the actor's pid");
    await advance(driver);
    assert.match(
      (await driver.complains(/.*\b192\.0\.2\.7\b.*/))[0],
      /relay|by the head|through the head/,
    );
    await allAnswered(driver);
    await node.down();
    const other = place.node({ ip: wrong, via: machines.via(3) });
    const ending = await other.cli(["up", "--head", "--port", "0", ...other.flags]);
    assert.equal(ending.code, 1, ending.stdout);
    assert.match(ending.stderr, /192\.0\.2\.7/);
  },
);
