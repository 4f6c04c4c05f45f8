/**
 * AMD Instinct hosts.
 *
 * Sources: ROCm/k8s-device-plugin testdata/topo-mi300-cpx (2 CPU and 63 GPU nodes, addresses,
 * minors, shared unique_id), testdata/topology-parsing-mi308 (34 nodes, two PCI domains, gaps in
 * the minors, 48 GiB banks) and testdata/topo-mi210-xgmi-pcie (node order is not PCI order);
 * a public gpuq fixture for the MI300X in SPX (minors 128, 136, … 184).
 * Derived: bank sizes of the MI300X (192 GiB as the MI308X's 4 x 48; an eighth of it in CPX);
 * addresses and unique ids of the SPX host (its source repeats one node's; here the CPX host's
 * addresses, and an id per card); PCI class 0x1200 of the Instinct; unique ids of the MI308X and
 * MI210 cards, MI308X minors past the first two cards, bank of the MI210 (64 GiB).
 *
 * @module
 */

import { cpuNodes, gpuNode, MI300X, renderNodes } from "./kfd_parts.ts";
import { merge, pciFunction, range, type Tree } from "./tree.ts";

const GiB = 2 ** 30;

/** `location_id` of partition 0 of each card: 05:00, 27:00, 47:00, … */
export const CARDS = [1280, 9984, 18176, 25856, 34048, 42752, 50944, 58624];

function card(location: number, device: string, mode: string, domain = "0000"): Tree {
  const bus = (location >> 8).toString(16).padStart(2, "0");
  const address = `${domain}:${bus}:00.0`;
  return merge(pciFunction(address, "1002", device, "120000"), {
    [`/sys/bus/pci/devices/${address}/current_compute_partition`]: `${mode}\n`,
    [`/sys/bus/pci/devices/${address}/mem_info_vram_total`]: `${192 * GiB}\n`,
  });
}

/** Every card still owns eight render minors; seven of them have a node and no KFD node. */
export const MI300X_SPX: Tree = merge(
  cpuNodes(2),
  ...CARDS.map((location, i) =>
    gpuNode(2 + i, MI300X, {
      location_id: location,
      drm_render_minor: 128 + 8 * i,
      unique_id: `${4376936076086227261n + BigInt(i)}`,
    }, 192 * GiB)
  ),
  ...CARDS.map((location) => card(location, "74a1", "SPX")),
  renderNodes(...range(128, 64)),
);

/** 63, not 64: the last partition of the last card is missing in the recording. */
export const MI300X_CPX: Tree = merge(
  cpuNodes(2),
  ...range(0, 63).map((i) =>
    gpuNode(2 + i, MI300X, {
      simd_count: 152,
      caches_count: 80,
      io_links_count: 63,
      array_count: 4,
      num_xcc: 1,
      num_sdma_xgmi_engines: 0,
      location_id: CARDS[Math.floor(i / 8)]! + i % 8,
      drm_render_minor: 128 + i,
      fw_version: 177,
      capability: 2893521536,
      sdma_fw_version: 24,
      hive_id: "15188982192727901047",
      unique_id: `${16404946649897475633n + BigInt(Math.floor(i / 8))}`,
    }, 24 * GiB)
  ),
  ...CARDS.map((location) => card(location, "74a1", "CPX")),
  renderNodes(...range(128, 63)),
);

const MI308_LOCATIONS = [2560, 32768, 41984, 51200];

/** Eight cards of four partitions; the second four are in PCI domain 1. */
export const MI308X: Tree = merge(
  cpuNodes(2),
  ...range(0, 32).map((i) => {
    const [cardNumber, partition] = [Math.floor(i / 4), i % 4];
    const domain = cardNumber < 4 ? 0 : 1;
    return gpuNode(2 + i, MI300X, {
      simd_count: 80,
      num_xcc: 1,
      device_id: 29858,
      domain,
      location_id: MI308_LOCATIONS[cardNumber % 4]! + 256 * domain + partition,
      drm_render_minor: 128 + 8 * cardNumber + partition,
      unique_id: `${7000000000000000000n + BigInt(cardNumber)}`,
    }, 51539607552);
  }),
  renderNodes(...range(128, 64)),
);

export const MI210_LOCATIONS = [25344, 17152, 768, 9728, 58112, 49920, 33536, 41728];

export const MI210: Tree = merge(
  cpuNodes(2),
  ...MI210_LOCATIONS.map((location, i) =>
    gpuNode(2 + i, MI300X, {
      gfx_target_version: 90010,
      device_id: 29711,
      simd_count: 416,
      location_id: location,
      drm_render_minor: 128 + i,
      unique_id: `${5000000000000000000n + BigInt(i)}`,
    }, 64 * GiB)
  ),
  renderNodes(...range(128, 8)),
);
