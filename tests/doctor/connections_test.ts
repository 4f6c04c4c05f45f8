/** What the doctor finds of connections between machines that a firewall or a switch spoils. */
import assert from "assert";
import { theme } from "../e2e/harness/scenario.ts";
import { lacking } from "../faults/harness/machines.ts";
import type { Node } from "../e2e/harness/node.ts";
import { examine, onlyFinding } from "./harness/examined.ts";
import { Clinic } from "./harness/clinic.ts";

const lacks = lacking();
if (lacks !== undefined) console.log(`not tried: what the doctor finds between machines: ${lacks}`);

let clinic: Clinic;
let third: Node;
// The last to run: what is registered later runs before.
Deno.test.afterAll(() => clinic?.machines[Symbol.dispose]());
const { test } = theme("doctor, connections", async (place) => {
  clinic = new Clinic(place);
  await clinic.open();
  third = await place.join(clinic.head, clinic.on(3));
});

function tried(name: string, run: () => Promise<void>): void {
  if (lacks === undefined) test(name, run);
  else Deno.test({ name: `doctor, connections: ${name}`, ignore: true, fn: run });
}

tried("a healthy cluster has none", async () => {
  const { findings, nodes, pairs } = await examine(clinic.head);
  assert.deepEqual(findings, []);
  assert.equal(nodes.filter(({ answered }) => answered).length, 3);
  assert.deepEqual(pairs, { tried: 6, of: 6 });
});

const NODE_PORT = 6380;
const [HEAD, SECOND] = ["10.79.0.1", "10.79.0.2"];

/** Rules at the second machine, and what they give. */
const RULES: readonly [
  what: string,
  rule: string,
  code: string,
  seen: RegExp,
  mend: RegExp,
][] = [
  [
    "high ports that are dropped one way",
    `drop but ${NODE_PORT} new from ${HEAD}`,
    "BD055",
    /^From 10\.79\.0\.1 the high port 10\.79\.0\.2:\d+ answers nothing.*DROP/,
    /On 10\.79\.0\.2: .*-s 10\.79\.0\.0\/24/,
  ],
  [
    "high ports that are rejected",
    `refuse but ${NODE_PORT} new`,
    "BD055",
    /10\.79\.0\.1 and 10\.79\.0\.3 the high port.*REJECT/,
    /1024:65535 -j ACCEPT/,
  ],
  [
    "high ports that firewalld closes",
    `prohibit but ${NODE_PORT} new`,
    "BD055",
    /no route to host.*REJECT, as firewalld/,
    /1024:65535 -j ACCEPT/,
  ],
  [
    "beam's port that is closed",
    `drop port ${NODE_PORT} new`,
    "BD054",
    /beam's port 10\.79\.0\.2:6380 answers nothing/,
    /--dport 6380 -j ACCEPT/,
  ],
  [
    "a node that another cannot reach at all",
    `drop from 10.79.0.3 new`,
    "BD056",
    /^From 10\.79\.0\.3 every port tried of 10\.79\.0\.2/,
    /10\.79\.0\.0\/24/,
  ],
  [
    "a path that loses full packets",
    `drop larger 1000 from 10.79.0.3`,
    "BD057",
    /^From 10\.79\.0\.3 to 10\.79\.0\.2 small packets arrive and full ones do not/,
    /dev eth0 mtu 1500/,
  ],
];

for (const [what, rule, code, seen, mend] of RULES) {
  tried(what, async () => {
    clinic.machines.drop(2, "rule", ...rule.split(" "));
    try {
      const found = onlyFinding(await examine(clinic.head), code);
      assert.match(found.node!, new RegExp(SECOND!));
      assert.match(found.seen, seen);
      assert.match(found.mend, mend);
    } finally {
      clinic.machines.drop(2, "clear");
    }
  });
}

tried("a machine that lets nothing out", async () => {
  // What it would send is dropped where it arrives: to everybody else it is the same. Its link may be made anew.
  const head = clinic.head.record.head_address.split(":").at(-1)!;
  const rule = `drop but ${NODE_PORT} but ${head} new from 10.79.0.3`;
  for (const at of [1, 2]) clinic.machines.drop(at, "rule", ...rule.split(" "));
  try {
    const found = onlyFinding(await examine(clinic.head), "BD055");
    assert.match(found.node!, /10\.79\.0\.3/);
    assert.match(found.mend, /On 10\.79\.0\.3, let it send/);
  } finally {
    for (const at of [1, 2]) clinic.machines.drop(at, "clear");
  }
});

tried("MTUs of 9000 and 1500 in one network", async () => {
  clinic.machines.ip(3, "link", "set", "eth0", "mtu", "9000");
  try {
    const { seen } = onlyFinding(await examine(clinic.head), "BD062");
    assert.match(seen, /10\.79\.0\.0\/24 the MTU is 1500 on .*, and 9000 on 10\.79\.0\.3/);
  } finally {
    clinic.machines.ip(3, "link", "set", "eth0", "mtu", "1500");
  }
});

tried("a node that is drained", async () => {
  await clinic.head.tell("drain", third.ip);
  try {
    assert.equal(onlyFinding(await examine(clinic.head), "BD051").severity, "info");
  } finally {
    await clinic.head.tell("drain", "--undo", third.ip);
  }
});

tried("as a person sees it", async () => {
  clinic.machines.drop(2, "rule", ..."refuse port 6380 new".split(" "));
  try {
    const { code, stdout } = await third.cli(["doctor", "--cluster"]);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /^warning +BD054 +node-port +on 10\.79\.0\.2$/m);
    assert.match(stdout, /mend +On 10\.79\.0\.2: `sudo iptables .*--dport 6380/);
    assert.match(stdout, /3 nodes, 6 of 6 connections between them tried/);
    const json = await clinic.head.cli(["doctor", "--cluster", "--json"]);
    const { findings } = JSON.parse(json.stdout);
    assert.ok(findings.some((one: { code: string }) => one.code === "BD054"));
  } finally {
    clinic.machines.drop(2, "clear");
  }
});

tried("a cable that is out", async () => {
  clinic.machines.link(3, "down");
  try {
    const { seen, node } = onlyFinding(await examine(clinic.head), "BD050");
    assert.match(node!, /10\.79\.0\.3/);
    assert.match(seen, /did not answer: .*/);
  } finally {
    clinic.machines.link(3, "up");
  }
});
