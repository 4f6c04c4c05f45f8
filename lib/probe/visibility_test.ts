import assert from "assert";
import { deviceEnvironment } from "./visibility.ts";

Deno.test("one variable for NVIDIA, two with one list for AMD, none for no GPU", () => {
  assert.deepEqual(deviceEnvironment("nvidia", ["3", "1"], {}), { CUDA_VISIBLE_DEVICES: "3,1" });
  assert.deepEqual(deviceEnvironment("tegra", ["0"], {}), { CUDA_VISIBLE_DEVICES: "0" });
  assert.deepEqual(deviceEnvironment(null, ["0"], {}), { CUDA_VISIBLE_DEVICES: "0" });
  assert.deepEqual(deviceEnvironment("amd", ["2"], {}), {
    HIP_VISIBLE_DEVICES: "2",
    CUDA_VISIBLE_DEVICES: "2",
  });
  assert.deepEqual(deviceEnvironment("nvidia", [], {}), {});
});

Deno.test("Ray's switches leave their variable as it is", () => {
  const on = { RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES: "1" };
  assert.deepEqual(deviceEnvironment("nvidia", ["0"], on), {});
  assert.deepEqual(deviceEnvironment("amd", ["0"], on), { HIP_VISIBLE_DEVICES: "0" });
  const off = { RAY_EXPERIMENTAL_NOSET_CUDA_VISIBLE_DEVICES: "0" };
  assert.deepEqual(deviceEnvironment("nvidia", ["0"], off), { CUDA_VISIBLE_DEVICES: "0" });
});
