/** The ways that calls take: a socket on the same machine, the daemons, the head's relay. */
import assert from "assert";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";

/** No connection can be made to a multicast address: what a closed firewall is for others. */
const UNREACHABLE = "224.0.0.9";

let head: Node;
let second: Node;
let hidden: Node;
const { test } = theme("paths", async (place) => {
  head = await place.head();
  second = await place.join(head);
  hidden = await place.join(head, { ip: UNREACHABLE });
});

const portOf = async (node: Node) => {
  const { nodes } = await head.status();
  const { extra } = nodes.find(({ node_id }) => node_id === node.record.node_id)!;
  return (extra as { port: number }).port;
};

test("on one node calls go over the worker's own socket", async () => {
  const driver = head.driver("paths.py", ["127.0.0.1"]);
  const { right, peers } = await driver.said();
  assert.equal(right, true);
  assert.equal(peers.length, 2, "one socket an actor");
  for (const peer of peers) assert.match(peer, /\/s\/[^/]+\.sock$/);
  assert.doesNotMatch((await driver.ok()).stderr, /relay/);
});

test("between nodes calls go by both daemons, over the port of the worker's node", async () => {
  const driver = head.driver("paths.py", ["127.0.0.2"]);
  const { right, peers } = await driver.said();
  assert.equal(right, true);
  assert.equal(peers.length, 2, "one stream an actor");
  for (const peer of peers) assert.match(peer, /\/s\/outgoing\.sock$/);
  assert.doesNotMatch((await driver.ok()).stderr, /relay/);
});

test("where that port is closed the head relays them, and says so once", async () => {
  const driver = second.driver("paths.py", [UNREACHABLE]);
  assert.equal((await driver.said()).right, true);
  const { stderr } = await driver.ok();
  assert.equal(stderr.match(/relayed by the head/g)?.length, 1, stderr);
  assert.match(stderr, new RegExp(`${UNREACHABLE}.*port ${await portOf(hidden)}.*--node-port`));
});

test("a driver on the closed node reaches the others over their ports", async () => {
  const driver = hidden.driver("paths.py", ["127.0.0.2"]);
  assert.equal((await driver.said()).right, true);
  assert.doesNotMatch((await driver.ok()).stderr, /relay/);
});
