import assert from "assert";
import {
  AmountError,
  amountsFault,
  amountsText,
  countText,
  toAmounts,
  toFloats,
  toUnits,
} from "./amounts.ts";

Deno.test("amounts keep four decimals exactly", () => {
  assert.equal(toUnits(0.3), 3000);
  assert.equal(toUnits(0.1) + toUnits(0.2), toUnits(0.3));
  assert.deepEqual(toFloats(toAmounts({ GPU: 0.25, mlx: 1, CPU: 0 })), { GPU: 0.25, mlx: 1 });
});

Deno.test("memory of two terabytes and a byte is exact", () => {
  const units = toUnits(2 ** 41 + 1, "memory");
  assert.equal(units / 10_000, 2 ** 41 + 1);
  assert.equal(units - toUnits(2 ** 41, "memory"), 10_000);
  assert.equal(amountsFault({ memory: units }), undefined);
});

Deno.test("what cannot be counted is refused by name", () => {
  for (const value of [NaN, Infinity, -1, 0.00001]) {
    assert.throws(() => toAmounts({ mlx: value }), AmountError);
  }
  assert.throws(() => toAmounts({ mlx: -1 }), /Cannot count mlx: .* at least 0, got -1\./);
  assert.throws(() => toUnits(1e13), /more than can be counted exactly/);
  assert.match(amountsFault({ GPU: 0.5 })!, /GPU must be a whole number of 1\/10000/);
  assert.match(amountsFault([])!, /map of names/);
  // Looked up in a map that does not have it, such a name is a function, and no amount is less than that.
  for (const name of ["constructor", "toString"]) {
    assert.throws(() => toAmounts({ [name]: 1 }), /no resource can have this name/);
    assert.match(amountsFault({ [name]: 10_000 })!, /no resource can have this name/);
  }
});

Deno.test("amounts read like people write them", () => {
  assert.equal(
    amountsText(toAmounts({ GPU: 1, "node:10.0.0.1": 0.001 })),
    "1 GPU, 0.001 node:10.0.0.1",
  );
  assert.equal(amountsText(toAmounts({ memory: 3 * 2 ** 29 })), "1.5 GiB memory");
  assert.equal(amountsText({}), "nothing");
  assert.equal(countText("GPU", 5000), "0.5");
});
