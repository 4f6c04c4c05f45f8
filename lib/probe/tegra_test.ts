import assert from "assert";
import { probe } from "./gpus.ts";
import { isTegra } from "./tegra.ts";
import { DGX_SPARK } from "./testdata/dgx_spark.ts";
import { ORIN, ORIN_GPU_FAILED, THOR } from "./testdata/jetson.ts";
import { refusing, treeHost, without } from "./testdata/tree.ts";

Deno.test("Orin: one GPU of the chip, though nvidia0 belongs to the display", () => {
  const { vendor, gpus } = probe({ host: treeHost(ORIN) });
  assert.equal(vendor, "tegra");
  assert.deepEqual(gpus.map((gpu) => [gpu.id, gpu.integrated]), [["0", true]]);
  assert.equal(gpus[0]!.memory_bytes, 31_000_000 * 1024);
});

Deno.test("Thor: one GPU, though it has nvidia0 and nvidia1", () => {
  const { vendor, gpus } = probe({ host: treeHost(THOR) });
  assert.equal(vendor, "tegra");
  assert.equal(gpus.length, 1);
});

Deno.test("a Jetson GPU that did not start is not counted", () => {
  const { gpus, notes } = probe({ host: treeHost(ORIN_GPU_FAILED) });
  assert.deepEqual(gpus, []);
  assert.deepEqual(notes.map((note) => note.code), ["tegra-gpu-failed"]);
});

Deno.test("a container on a Jetson that may not open the GPU has none", () => {
  for (
    const tree of [refusing(ORIN, /^\/dev\//, "EPERM"), without(ORIN, /^\/dev\//)]
  ) {
    const { gpus, notes } = probe({ host: treeHost(tree) });
    assert.deepEqual(gpus, []);
    assert.deepEqual(notes.map((note) => note.code), ["tegra-no-access"]);
  }
});

Deno.test("a DGX Spark has a soc0 and is no Jetson", () => {
  assert.equal(isTegra(treeHost(DGX_SPARK)), false);
  assert.equal(isTegra(treeHost(THOR)), true);
});
