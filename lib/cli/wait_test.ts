import assert from "assert";
import { TWO_NODES } from "../../tests/golden/canned_status.ts";
import { presentIn } from "./wait.ts";

Deno.test("nodes that are dead, or not yet back, are not there", () => {
  assert.deepEqual(presentIn(TWO_NODES), { nodes: 2, gpus: 3 });
  const [head, other] = TWO_NODES.nodes;
  const away = { ...TWO_NODES, nodes: [head!, { ...other!, state: "away" as const }] };
  assert.deepEqual(presentIn(away), { nodes: 1, gpus: 2 });
});
