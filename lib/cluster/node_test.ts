import assert from "assert";
import { nodeSpec } from "./fixture.ts";
import { localise, nodeFault } from "./node.ts";

Deno.test("an alias in node:<ip> counts as the node's own address", () => {
  const node = nodeSpec(1);
  assert.deepEqual(localise(node, { GPU: 1, "node:192.168.0.1": 10 }), {
    GPU: 1,
    "node:10.0.0.1": 10,
  });
  assert.deepEqual(localise(node, { "node:192.168.0.2": 10 }), { "node:192.168.0.2": 10 });
});

Deno.test("a node whose GPUs have no ids, or with a bad id, is refused", () => {
  assert.equal(nodeFault(nodeSpec(1, { GPU: 2 })), undefined);
  assert.match(nodeFault({ ...nodeSpec(1, { GPU: 2 }), gpu_ids: ["0"] })!, /got 2 GPU and 1 ids/);
  assert.match(nodeFault({ ...nodeSpec(1), node_id: "x" })!, /56 hex digits/);
});
