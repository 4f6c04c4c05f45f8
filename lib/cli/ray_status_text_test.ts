import assert from "assert";
import { TWO_NODES } from "../../tests/golden/canned_status.ts";
import { bytesText, pythonTime, rayStatusText } from "./ray_status_text.ts";

Deno.test("an idle cluster, byte for byte", () => {
  const node = {
    ...TWO_NODES.nodes[1]!,
    total: { CPU: 2, memory: 31.93 * 2 ** 30, "node:10.0.0.1": 1 },
    available: { CPU: 2, memory: 31.93 * 2 ** 30, "node:10.0.0.1": 1 },
  };
  const status = { ...TWO_NODES, nodes: [node], actors: [], groups: [], pending: [], demands: [] };
  const now = new Date(2026, 10, 21, 0, 4, 44, 818);
  assert.equal(
    rayStatusText(status, now),
    `======== Autoscaler status: 2026-11-21 00:04:44.818000 ========
Node status
---------------------------------------------------------------
Active:
 1 node_${node.node_id}
Pending:
 (no pending nodes)
Recent failures:
 (no failures)

Resources
---------------------------------------------------------------
Total Usage:
 0.0/2.0 CPU
 0B/31.93GiB memory

From request_resources:
 (none)
Pending Demands:
 (no resource demands)`,
  );
});

Deno.test("scripts that count `node_` count the living", () => {
  const text = rayStatusText(TWO_NODES, new Date());
  assert.equal(text.match(/node_/g)?.length, 2);
  assert.match(text, /^ 192\.0\.2\.4: /m);
});

Deno.test("bytes and times as Ray writes them", () => {
  assert.deepEqual([0, 2048, 3.5 * 2 ** 20, 2 ** 34].map(bytesText), [
    "0B",
    "2.00KiB",
    "3.50MiB",
    "16.00GiB",
  ]);
  assert.equal(pythonTime(new Date(2026, 0, 2, 3, 4, 5, 6)), "2026-01-02 03:04:05.006000");
});
