import assert from "assert";
import { TWO_NODES } from "../../tests/golden/canned_status.ts";
import { missingText, presentIn, wantedText } from "./wait.ts";

Deno.test("nodes that are dead, or not yet back, are not there", () => {
  assert.deepEqual(presentIn(TWO_NODES), { nodes: 2, gpus: 3 });
  const [head, other] = TWO_NODES.nodes;
  const away = { ...TWO_NODES, nodes: [head!, { ...other!, state: "away" as const }] };
  assert.deepEqual(presentIn(away), { nodes: 1, gpus: 2 });
});

Deno.test("what is missing is counted", () => {
  const missing = (nodes: number, gpus: number) =>
    missingText({ nodes: 2, gpus: 8 }, { nodes, gpus });
  assert.equal(missing(3, 8), "1 node is missing");
  assert.equal(missing(2, 16), "8 GPUs are missing");
  assert.equal(missing(4, 9), "2 nodes and 1 GPU are missing");
  assert.equal(missing(3, 9), "1 node and 1 GPU are missing");
  assert.equal(wantedText({ nodes: 3, gpus: 0 }), "3 nodes", "nobody asked for GPUs");
});
