import assert from "assert";
import { gpuFault, pickDevices } from "./gpu_shares.ts";

Deno.test("a fraction fills up a partly used device", () => {
  assert.deepEqual(pickDevices([[0, 10_000], [1, 5000], [2, 7000]], 5000), [[1, 5000]]);
  assert.deepEqual(pickDevices([[0, 10_000], [1, 3000]], 5000), [[0, 5000]]);
});

Deno.test("whole GPUs are whole free devices from the lowest index", () => {
  const shares: [number, number][] = [[0, 9999], [1, 10_000], [2, 10_000], [3, 10_000]];
  assert.deepEqual(pickDevices(shares, 20_000), [[1, 10_000], [2, 10_000]]);
  assert.equal(pickDevices(shares, 40_000), undefined);
});

Deno.test("half of two devices is not one", () => {
  assert.equal(pickDevices([[0, 5000], [1, 5000]], 10_000), undefined);
});

Deno.test("above one only whole numbers", () => {
  assert.equal(gpuFault(5000), undefined);
  assert.equal(gpuFault(20_000), undefined);
  assert.match(gpuFault(15_000)!, /whole number when above 1, got 1.5/);
  assert.equal(pickDevices([[0, 10_000], [1, 10_000]], 15_000), undefined);
  assert.deepEqual(pickDevices([], 0), []);
});
