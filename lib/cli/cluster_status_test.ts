import assert from "assert";
import { TWO_NODES } from "../../tests/golden/canned_status.ts";
import { amountsText, amountText, isCounted, shortId, sumOf, usageOf } from "./cluster_status.ts";

Deno.test("usage counts what runs in groups as used, and what they hold besides as reserved", () => {
  const usage = usageOf(TWO_NODES);
  assert.deepEqual(usage["GPU"], { total: 3, used: 1.5, reserved: 2, usedOfReserved: 1 });
  assert.deepEqual(usage["CPU"], { total: 3, used: 0, reserved: 2, usedOfReserved: 0 });
  assert.deepEqual(usage["foo"], { total: 3, used: 0, reserved: 0, usedOfReserved: 0 });
  const other = usageOf(TWO_NODES, [TWO_NODES.nodes[1]!]);
  assert.deepEqual(other["GPU"], { total: 1, used: 0, reserved: 1, usedOfReserved: 0 });
});

Deno.test("sums do not gather the errors of floats", () => {
  assert.deepEqual(sumOf(Array.from({ length: 10 }, () => ({ GPU: 0.1 }))), { GPU: 1 });
});

Deno.test("amounts for people", () => {
  const amounts = { memory: 8 * 2 ** 30, mlx: 1, CPU: 4, GPU: 2, "node:10.0.0.1": 1 };
  assert.equal(amountsText(amounts), "2 GPU, 4 CPU, 1 mlx, 8.0 GiB memory");
  assert.equal(amountsText({}), "nothing");
  assert.equal(amountText("GPU", 0.5), "0.5");
  assert.equal(shortId("0123456789abcdef"), "0123456789ab");
  assert.ok(!isCounted("CPU_group_0_ab") && !isCounted("accelerator_type:H100"));
});
