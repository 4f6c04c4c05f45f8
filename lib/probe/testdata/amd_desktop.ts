/**
 * AMD desktops and APUs.
 *
 * Sources: Raphael + RX 6600 from quietrabbitai/quietrabbit src-tauri/src/hardware_probe/linux.rs;
 * Strix Halo from Niko1221/Strata tools/test_setup_strix_halo.py (c6:00.0, simd 80, 2 GiB + GTT,
 * MemTotal); its location_id form from an amd-gfx mail; the rule that some show it only in DRM from
 * rocm-cli; the RX 7900 XTX node from tinygrad; Vega 10's missing lines from ROCm/k8s-device-plugin
 * testdata/topology-parsing.
 * Derived: addresses of the Raphael desktop, simd_per_cu 2 of RDNA, `mem_info_vram_vendor` texts,
 * unique ids, and taking all other lines from the RX 7900 XTX's node.
 *
 * @module
 */

import { cpuNodes, gpuNode, renderNodes, RX_7900_XTX } from "./kfd_parts.ts";
import { meminfo, merge, pciFunction, type Tree, without } from "./tree.ts";

interface Card {
  readonly minor: number;
  readonly address: string;
  readonly device: string;
  readonly code: string;
  readonly vram: number;
  readonly gtt: number;
  readonly board?: string;
}

function drm(card: Card): Tree {
  const files = {
    mem_info_vram_total: `${card.vram}\n`,
    mem_info_gtt_total: `${card.gtt}\n`,
    ...card.board === undefined ? {} : { mem_info_vram_vendor: `${card.board}\n` },
  };
  const at = [
    `/sys/bus/pci/devices/${card.address}`,
    `/sys/class/drm/renderD${card.minor}/device`,
  ];
  return merge(
    pciFunction(card.address, "1002", card.device, card.code),
    renderNodes(card.minor),
    ...at.map((folder) =>
      Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]))
    ),
  );
}

const GTT = 16377958400;

function raphael(node: number): Tree {
  return gpuNode(node, RX_7900_XTX, {
    simd_count: 4,
    gfx_target_version: 100306,
    device_id: 5710,
    location_id: 0x1000,
    drm_render_minor: 129,
    unique_id: 0,
  }, GTT);
}

const RAPHAEL_DRM = drm({
  minor: 129,
  address: "0000:10:00.0",
  device: "164e",
  code: "030000",
  vram: 536870912,
  gtt: GTT,
});

/** The graphics of a Ryzen 7000 beside an RX 6600; KFD lists the small one first. */
export const RAPHAEL_AND_RX_6600: Tree = merge(
  cpuNodes(1),
  raphael(1),
  RAPHAEL_DRM,
  gpuNode(2, RX_7900_XTX, {
    simd_count: 56,
    gfx_target_version: 100302,
    device_id: 29695,
    location_id: 0x0300,
    drm_render_minor: 128,
    unique_id: "12345678901234567890",
  }, 8573157376),
  drm({
    minor: 128,
    address: "0000:03:00.0",
    device: "73ff",
    code: "030000",
    vram: 8573157376,
    gtt: GTT,
    board: "samsung",
  }),
  pciFunction("0000:03:00.1", "1002", "ab28", "040300"),
  meminfo(31_988_200),
);

/** The same processor with no card. */
export const RAPHAEL_ALONE: Tree = merge(cpuNodes(1), raphael(1), RAPHAEL_DRM, meminfo(31_988_200));

export const STRIX_MEMORY_KB = 127098456;
export const STRIX_GTT = 120259084288;

/** The GPU of a Ryzen AI Max; class 0x0380, no product_name. Bank = GTT, as on current kernels. */
export const STRIX_HALO: Tree = merge(
  cpuNodes(1),
  gpuNode(1, RX_7900_XTX, {
    simd_count: 80,
    gfx_target_version: 110501,
    device_id: 5510,
    location_id: 0xc600,
    drm_render_minor: 128,
    unique_id: 0,
  }, STRIX_GTT),
  drm({
    minor: 128,
    address: "0000:c6:00.0",
    device: "1586",
    code: "038000",
    vram: 2147483648,
    gtt: STRIX_GTT,
  }),
  meminfo(STRIX_MEMORY_KB),
);

/** Some of them show the GPU in DRM and PCI, and no GPU in KFD. */
export const STRIX_HALO_WITHOUT_KFD: Tree = without(STRIX_HALO, /\/kfd(\/|$)/);

/** A Strix Halo with an RX 7900 XTX beside it. */
export const STRIX_HALO_AND_7900: Tree = merge(
  STRIX_HALO,
  gpuNode(2, RX_7900_XTX, { drm_render_minor: 129 }, 25753026560),
  drm({
    minor: 129,
    address: "0000:86:00.0",
    device: "744c",
    code: "030000",
    vram: 25753026560,
    gtt: 63_000_000_000,
    board: "hynix",
  }),
);

/** Vega 10 under an old kernel: no target version, no domain, memory in local_mem_size. */
export const VEGA_10: Tree = merge(
  cpuNodes(1),
  gpuNode(1, RX_7900_XTX, {
    gfx_target_version: null,
    domain: null,
    unique_id: null,
    device_id: 26720,
    local_mem_size: 17163091968,
    simd_count: 256,
    simd_per_cu: 4,
  }, 17163091968),
  renderNodes(128),
);
