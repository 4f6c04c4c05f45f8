import assert from "assert";
import { cardAddress, computeUnits, gfxName, isAmdGpu, kfdNodes, rocrUuid } from "./kfd.ts";
import { cpuNodes, gpuNode, MI300X } from "./testdata/kfd_parts.ts";
import { merge, refuses, treeHost } from "./testdata/tree.ts";

function node(changes: Record<string, number | string | null>) {
  return kfdNodes(treeHost(gpuNode(1, MI300X, changes, 1)))[0]!;
}

Deno.test("gfx names print minor and step in hex", () => {
  const names: [number, string][] = [
    [90010, "gfx90a"],
    [90402, "gfx942"],
    [90500, "gfx950"],
    [100306, "gfx1036"],
    [110000, "gfx1100"],
    [110003, "gfx1103"],
    [110501, "gfx1151"],
  ];
  for (const [version, name] of names) {
    assert.equal(gfxName(node({ gfx_target_version: version })), name);
  }
  assert.equal(gfxName(node({ gfx_target_version: null })), null);
});

Deno.test("addresses drop the function bits, where partitions keep their number", () => {
  assert.equal(cardAddress(node({ location_id: 1281 })), "0000:05:00.0");
  assert.equal(cardAddress(node({ location_id: 49664, domain: 1 })), "0001:c2:00.0");
  assert.equal(cardAddress(node({ location_id: 0 })), null);
});

Deno.test("unique ids keep all 64 bits", () => {
  assert.equal(rocrUuid(node({ unique_id: "16404946649897475633" })), "GPU-e3aa140f9a5f9e31");
  assert.equal(rocrUuid(node({ unique_id: 0 })), null);
  assert.equal(rocrUuid(node({ unique_id: null })), null);
});

Deno.test("a GPU is AMD's vendor id, a target version and a render minor", () => {
  assert.equal(isAmdGpu(node({})), true);
  assert.equal(isAmdGpu(node({ vendor_id: 4318 })), false);
  assert.equal(isAmdGpu(node({ gfx_target_version: 0 })), false);
  for (const minor of [0, -1]) assert.equal(isAmdGpu(node({ drm_render_minor: minor })), false);
});

Deno.test("compute units are SIMDs over SIMDs per unit", () => {
  assert.equal(computeUnits(node({})), 304);
  assert.equal(computeUnits(node({ simd_count: 152 })), 38);
  assert.equal(computeUnits(node({ simd_count: 4, simd_per_cu: 2 })), 2);
});

Deno.test("nodes come in numeric order; a refused one keeps its errno", () => {
  const nodes = kfdNodes(treeHost(merge(
    cpuNodes(2),
    gpuNode(10, MI300X, {}, 1),
    gpuNode(9, MI300X, {}, 1),
    { "/sys/class/kfd/kfd/topology/nodes/9/gpu_id": refuses("EPERM") },
  )));
  assert.deepEqual(nodes.map((entry) => [entry.number, entry.refused]), [
    [0, null],
    [1, null],
    [9, "EPERM"],
    [10, null],
  ]);
  assert.equal(isAmdGpu(nodes[0]!), false);
});
