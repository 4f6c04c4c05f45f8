import assert from "assert";
import fc from "fast-check";
import {
  copyLedger,
  findGrant,
  fits,
  howMany,
  ledgerOf,
  returnGrant,
  takeGrant,
  takeMany,
} from "./ledger.ts";

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

Deno.test("taking many is taking one by one, and what fits is what is granted", () => {
  const amount = fc.constantFrom(0, 2500, 5000, 10_000, 20_000, 30_000);
  const places = fc.record({
    CPU: fc.nat(100_000),
    gpus: fc.array(fc.constantFrom<number>(0, 2500, 5000, 10_000), { maxLength: 8 }),
  });
  const property = fc.property(places, amount, amount, fc.nat(12), (place, cpu, gpu, most) => {
    const gpus = place.gpus.map((units, index): [number, number] => [index, units]);
    const free = { CPU: place.CPU, GPU: place.gpus.reduce((sum, units) => sum + units, 0) };
    const ledger = ledgerOf({ amounts: free, gpus });
    const request = { ...(cpu > 0 && { CPU: cpu }), ...(gpu > 0 && { GPU: gpu }) };
    assert.equal(fits(ledger, request), findGrant(ledger, request) !== undefined);
    const each = copyLedger(ledger);
    let count = 0;
    for (; count < most; count++) {
      const grant = findGrant(each, request);
      if (grant === undefined) break;
      takeGrant(each, grant);
    }
    assert.equal(howMany(ledger, request, most), count);
    assert.equal(takeMany(ledger, request, most), count);
    assert.deepEqual(ledger, each);
  });
  fc.assert(property, { numRuns: 500 });
});
