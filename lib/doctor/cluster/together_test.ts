import assert from "assert";
import type { Finding } from "../check.ts";
import { together } from "./together.ts";

function found(change: Partial<Finding>): Finding {
  return {
    code: "BD011",
    check: "open-files",
    severity: "warning",
    seen: "1024.",
    breaks: "It.",
    mend: "This.",
    ...change,
  };
}

Deno.test("what several nodes find in the same words is told once", () => {
  const nodes = ["a", "b", "c", "d", "e"].map((node) => found({ node, node_id: `${node}1` }));
  const other = found({ node: "a", node_id: "a1", seen: "4096." });
  const cluster = found({ code: "BD065", severity: "error" });
  const all = together([...nodes, other, cluster]);
  assert.deepEqual(all.map(({ code, node, node_id }) => [code, node, node_id]), [
    ["BD065", undefined, undefined],
    ["BD011", "a", "a1"],
    ["BD011", "a, b, c and 2 more", undefined],
  ]);
});

Deno.test("what is told better from elsewhere is not told by the node", () => {
  const own = found({ code: "BD002", node: "a", node_id: "a1" });
  const better = found({ code: "BD058", node: "a", node_id: "a1" });
  const another = found({ code: "BD002", node: "b", node_id: "b1", seen: "More." });
  assert.deepEqual(together([own, better, another]).map(({ code }) => code), ["BD002", "BD058"]);
  assert.equal(together([own]).length, 1);
});
