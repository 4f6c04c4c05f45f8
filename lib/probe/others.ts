/**
 * Accelerators that are no GPUs of ours: named, so that nobody wonders where they went, and never
 * counted. A node's name alone proves no vendor (`/dev/accel` alone has four owners).
 *
 * @module
 */

import type { Note } from "./device.ts";
import type { Host } from "./host.ts";
import { kfdNodes, property } from "./kfd.ts";
import { hexOf, type PciFunction, pciId, VENDORS } from "./pci.ts";

const AMD_CHIPSET = 0x1022;

export function otherAccelerators(host: Host, pci: readonly PciFunction[]): Note[] {
  const notes: Note[] = [];
  const add = (code: string, what: string, count: number, hint = "") => {
    if (count > 0) notes.push({ code, text: `${count} ${what} seen, not counted.${hint}` });
  };
  const graphics = pci.filter((f) =>
    f.vendor === VENDORS.intel && [0x0300, 0x0380].includes(f.kind)
  );
  add("intel-gpu", `Intel graphics (${graphics.map(pciId).join(", ")})`, graphics.length);
  const npus = pci.filter((f) =>
    f.vendor === VENDORS.intel && f.kind === 0x1200 ||
    f.vendor === AMD_CHIPSET && f.kind === 0x1180
  );
  add("npu", `NPU (${npus.map(pciId).join(", ")})`, npus.length);
  const ascend = host.list("/dev").filter((name) => /^davinci\d+$/.test(name)).length;
  add("ascend", "Ascend NPU", ascend, ` Offer it with --resources '{"NPU": ${ascend}}'.`);
  const tpus = tpuGroups(host);
  add("tpu", "TPU chip", tpus, ` Offer it with --resources '{"TPU": ${tpus}}'.`);
  const foreign = kfdNodes(host).filter((node) =>
    ![null, 0, VENDORS.amd].includes(property(node, "vendor_id"))
  );
  add("kfd-foreign", "KFD node of a vendor other than AMD", foreign.length);
  return notes;
}

/** VFIO groups are anyone's: a network card was once taken for a TPU. */
function tpuGroups(host: Host): number {
  return host.list("/dev/vfio").filter((group) => {
    if (!/^\d+$/.test(group)) return false;
    const at = `/sys/kernel/iommu_groups/${group}/devices`;
    return host.list(at).some((name) => hexOf(host, `${at}/${name}/vendor`) === VENDORS.google);
  }).length;
}
