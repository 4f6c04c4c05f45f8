import assert from "assert";
import { copyLedger, findGrant, ledgerOf, returnGrant, takeGrant } from "./ledger.ts";

const whole = {
  amounts: { CPU: 20_000, GPU: 20_000 },
  gpus: [[0, 10_000], [1, 10_000]] as [number, number][],
};

Deno.test("what is taken and returned leaves the ledger as it was", () => {
  const ledger = ledgerOf(whole);
  const grant = findGrant(ledger, { CPU: 5000, GPU: 10_000 })!;
  takeGrant(ledger, grant);
  assert.deepEqual(ledger.free, { CPU: 15_000, GPU: 10_000 });
  assert.deepEqual(ledger.gpus, [[0, 0], [1, 10_000]]);
  returnGrant(ledger, grant);
  assert.deepEqual(ledger, ledgerOf(whole));
});

Deno.test("a request beyond any one resource is not granted, and nothing changes", () => {
  const ledger = ledgerOf(whole);
  assert.equal(findGrant(ledger, { CPU: 1, mlx: 1 }), undefined);
  assert.deepEqual(ledger, ledgerOf(whole));
});

Deno.test("a copy is independent, and so is the ledger of a grant", () => {
  const ledger = ledgerOf(whole);
  takeGrant(copyLedger(ledger), { amounts: { GPU: 10_000 }, gpus: [[0, 10_000]] });
  assert.deepEqual(ledger, ledgerOf(whole));
  assert.deepEqual(whole.gpus, [[0, 10_000], [1, 10_000]]);
});
