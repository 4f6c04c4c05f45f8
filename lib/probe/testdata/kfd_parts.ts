/**
 * KFD nodes.
 *
 * Sources: CPU node from ROCm/k8s-device-plugin testdata/topology-parsing-mi308; MI300X node from a
 * public gpuq test fixture; RX 7900 XTX node from tinygrad/tinygrad test/mockgpu/amd/amdgpu.py.
 *
 * @module
 */

import { merge, OPENS, type Tree } from "./tree.ts";

const CPU = `cpu_cores_count 112 / simd_count 0 / mem_banks_count 1 / caches_count 0
io_links_count 17 / p2p_links_count 16 / cpu_core_id_base 0 / simd_id_base 0
max_waves_per_simd 0 / lds_size_in_kb 0 / gds_size_in_kb 0 / num_gws 0 / wave_front_size 0
array_count 0 / simd_arrays_per_engine 0 / cu_per_simd_array 0 / simd_per_cu 0
max_slots_scratch_cu 0 / gfx_target_version 0 / vendor_id 0 / device_id 0 / location_id 0
domain 0 / drm_render_minor 0 / hive_id 0 / num_sdma_engines 0 / num_sdma_xgmi_engines 0
num_sdma_queues_per_engine 0 / num_cp_queues 0 / max_engine_clk_ccompute 3800`;

export const MI300X = `cpu_cores_count 0 / simd_count 1216 / mem_banks_count 1 / caches_count 626
io_links_count 7 / p2p_links_count 1 / cpu_core_id_base 0 / simd_id_base 2147487784
max_waves_per_simd 8 / lds_size_in_kb 64 / gds_size_in_kb 0 / num_gws 64 / wave_front_size 64
array_count 32 / simd_arrays_per_engine 1 / cu_per_simd_array 10 / simd_per_cu 4
max_slots_scratch_cu 32 / gfx_target_version 90402 / vendor_id 4098 / device_id 29857
location_id 18176 / domain 0 / drm_render_minor 128 / hive_id 10631624818852212319
num_sdma_engines 2 / num_sdma_xgmi_engines 14 / num_sdma_queues_per_engine 8 / num_cp_queues 24
max_engine_clk_fcompute 2100 / local_mem_size 0 / fw_version 166 / capability 746037888
debug_prop 1511 / sdma_fw_version 22 / unique_id 4376936076086227261 / num_xcc 8
max_engine_clk_ccompute 2400`;

export const RX_7900_XTX =
  `cpu_cores_count 0 / simd_count 192 / mem_banks_count 1 / caches_count 206
io_links_count 1 / p2p_links_count 5 / cpu_core_id_base 0 / simd_id_base 2147488032
max_waves_per_simd 16 / lds_size_in_kb 64 / gds_size_in_kb 0 / num_gws 64 / wave_front_size 32
array_count 12 / simd_arrays_per_engine 2 / cu_per_simd_array 8 / simd_per_cu 2
max_slots_scratch_cu 32 / gfx_target_version 110000 / vendor_id 4098 / device_id 29772
location_id 34304 / domain 0 / drm_render_minor 128 / hive_id 0 / num_sdma_engines 2
num_sdma_xgmi_engines 0 / num_sdma_queues_per_engine 6 / num_cp_queues 8
max_engine_clk_fcompute 2482 / local_mem_size 0 / fw_version 2140 / capability 671588992
debug_prop 1495 / sdma_fw_version 20 / unique_id 11673270660693242239 / num_xcc 1
max_engine_clk_ccompute 2400`;

export const NODES = "/sys/class/kfd/kfd/topology/nodes";

/** One GPU node with its bank; `changes` replaces values, null takes a line away. */
export function gpuNode(
  number: number,
  base: string,
  changes: Readonly<Record<string, number | string | null>>,
  bank: number,
): Tree {
  return node(number, text(base, changes), 20_000 + number, 1, bank);
}

/** `count` CPU nodes from 0 up. */
export function cpuNodes(count: number): Tree {
  const nodes = Array.from(
    { length: count },
    (_, n) => node(n, text(CPU, {}), 0, 0, 1081864880128),
  );
  return merge({ "/dev/kfd": OPENS }, ...nodes);
}

export function renderNodes(...minors: readonly number[]): Tree {
  return Object.fromEntries(minors.map((minor) => [`/dev/dri/renderD${minor}`, OPENS]));
}

function node(number: number, properties: string, id: number, heap: number, bank: number): Tree {
  const at = `${NODES}/${number}`;
  return {
    [`${at}/gpu_id`]: `${id}\n`,
    [`${at}/name`]: heap === 1 ? "ip discovery\n" : "\n",
    [`${at}/properties`]: properties,
    [`${at}/mem_banks/0/properties`]:
      `heap_type ${heap}\nsize_in_bytes ${bank}\nflags 0\nwidth 8192\nmem_clk_max 1300\n`,
  };
}

function text(base: string, changes: Readonly<Record<string, number | string | null>>): string {
  const lines = new Map(base.split(/ \/ |\n/).map((line) => line.split(" ") as [string, string]));
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) lines.delete(key);
    else lines.set(key, `${value}`);
  }
  return Array.from(lines, ([key, value]) => `${key} ${value}\n`).join("");
}
