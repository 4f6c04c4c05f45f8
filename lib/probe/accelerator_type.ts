/**
 * Names under which Ray advertises GPU models (`accelerator_type:H100`). Programs ask for them in
 * `resources`, so they are Ray's to the letter.
 *
 * @module
 */

/** PCI device id to name, of AMD vendor 0x1002. Ray knows no other AMD models. */
const AMD_MODELS: Readonly<Record<number, string>> = {
  0x66a1: "AMD-Instinct-MI50",
  0x738c: "AMD-Instinct-MI100",
  0x7408: "AMD-Instinct-MI250X",
  0x740c: "AMD-Instinct-MI250X-MI250",
  0x740f: "AMD-Instinct-MI210",
  0x74a0: "AMD-Instinct-MI300A",
  0x74a1: "AMD-Instinct-MI300X-OAM",
  0x74a2: "AMD-Instinct-MI308X-OAM",
  0x74a5: "AMD-Instinct-MI325X-OAM",
  0x74a9: "AMD-Instinct-MI300X-HF",
  0x75a0: "AMD-Instinct-MI350X-OAM",
  0x75a3: "AMD-Instinct-MI355X-OAM",
  0x6798: "AMD-Radeon-R9-200-HD-7900",
  0x6799: "AMD-Radeon-HD-7900",
};

/** Ray's name of an AMD model by its PCI device id, null for one it does not name. */
export function amdAcceleratorType(device: number): string | null {
  return AMD_MODELS[device] ?? null;
}

/**
 * Ray's name of an NVIDIA model by the driver's product name: the second word with its capitals
 * and digits, together with capital words before it (`NVIDIA RTX PRO 6000 …` is `RTX-PRO-6000`,
 * `NVIDIA A100-SXM4-40GB` is `A100`); mixed-case products keep their whole name.
 */
export function nvidiaAcceleratorType(model: string): string | null {
  const [, ...words] = model.trim().split(/\s+/);
  const capitals: string[] = [];
  for (const word of words) {
    const start = /^[A-Z0-9]+/.exec(word)?.[0] ?? "";
    if (/\d/.test(start)) {
      const name = [...capitals, start].join("-");
      if (name.length > 1) return name;
      break;
    }
    if (!/^[A-Z]+$/.test(word)) break;
    capitals.push(word);
  }
  const rest = model.trim().replace(/^NVIDIA\s+/, "").trim();
  return rest === "" ? null : rest.split(/\s/).join("-");
}
