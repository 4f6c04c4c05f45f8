/** The cluster is shown to a machine that has no node of it. */
import assert from "assert";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";

let head: Node;
let address: string;
const { place, test } = theme("remote status", async (place) => {
  head = await place.head();
  address = head.record.head_address;
});

/** Runs beam as on another machine: none of this one's nodes can be found. */
function elsewhere(args: string[], token: string | undefined) {
  return place.cli(args, { XDG_RUNTIME_DIR: `${place.dir}/home`, BEAM_TOKEN: token });
}

test("by its address and with its token, each command that shows it answers", async () => {
  const { token } = head.record;
  const status = await elsewhere(["status", "--address", address, "--json"], token);
  assert.equal(status.code, 0, status.stderr);
  const { head_address, nodes } = JSON.parse(status.stdout);
  assert.equal(head_address, address);
  assert.equal(nodes[0].node_id, head.record.node_id);
  for (const command of ["nodes", "actors", "pgs", "jobs", "events"]) {
    const listed = await elsewhere([command, "--address", address, "--json"], token);
    assert.equal(listed.code, 0, listed.stderr);
    assert.ok(Array.isArray(JSON.parse(listed.stdout)), command);
  }
  const ray = await elsewhere(["ray", "status", "--address", address], token);
  assert.equal(ray.code, 0, ray.stderr);
  assert.match(ray.stdout, /^ 1 node_/m);
  const list = ["ray", "list", "nodes", "--address", address, "--format", "json"];
  const listed = await elsewhere(list, token);
  assert.equal(JSON.parse(listed.stdout)[0].node_id, head.record.node_id);
});

test("without the token it is refused, and without an address there is no cluster", async () => {
  const refused = await elsewhere(["ray", "status", "--address", address], undefined);
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /has a token/);
  const wrong = await elsewhere(["status", "--address", address], "another");
  assert.deepEqual([wrong.code, wrong.stdout], [1, ""]);
  assert.match(wrong.stderr, /token/);
  const none = await elsewhere(["ray", "status"], head.record.token);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /Could not find any running Ray instance/);
});
