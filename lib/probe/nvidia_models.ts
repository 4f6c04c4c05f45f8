/**
 * Product names by PCI device id, for containers where the driver's own files are hidden. Only ids
 * that NVIDIA's open driver lists; a stale name is worse than none.
 *
 * @module
 */

const MODELS: Readonly<Record<number, string>> = {
  0x20b0: "NVIDIA A100-SXM4-40GB",
  0x20b2: "NVIDIA A100-SXM4-80GB",
  0x2321: "NVIDIA H100 NVL",
  0x2330: "NVIDIA H100 80GB HBM3",
  0x2331: "NVIDIA H100 PCIe",
  0x2335: "NVIDIA H200",
  0x233b: "NVIDIA H200 NVL",
  0x2342: "NVIDIA GH200",
  0x2348: "NVIDIA GH200",
  0x2684: "NVIDIA GeForce RTX 4090",
  0x26b9: "NVIDIA L40S",
  0x2901: "NVIDIA B200",
  0x2941: "NVIDIA GB200",
  0x2b85: "NVIDIA GeForce RTX 5090",
  0x2bb1: "NVIDIA RTX PRO 6000",
  0x2bb4: "NVIDIA RTX PRO 6000",
  0x2bb5: "NVIDIA RTX PRO 6000",
  0x2e12: "NVIDIA GB10",
  0x3182: "NVIDIA B300",
  0x31c2: "NVIDIA GB300",
};

/** Product name of a device id of vendor 0x10de, null for one not listed. */
export function nvidiaModel(device: number): string | null {
  return MODELS[device] ?? null;
}

/** GB10 of the DGX Spark and its kin: the machine's memory is the GPU's. */
export function isGb10(device: number | null, model: string | null): boolean {
  return device !== null && device >= 0x2e00 && device <= 0x2e3f || /\bGB10$/.test(model ?? "");
}
