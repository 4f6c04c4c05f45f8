/** GPUs that fail, and what connects them. */
import { type Check, finding } from "../check.ts";
import { countText } from "../words.ts";

export const gpuFaults: Check = {
  code: "BD044",
  name: "gpu-faults",
  severity: "warning",
  tells: "the kernel's log tells of a fault of a GPU",
  explain:
    "NVIDIA's driver numbers faults (Xid); those told here are of the GPU itself, its memory or its links, " +
    "not of a program. A GPU with one often works on, and fails again under load. Without the right to " +
    "read the kernel's log nothing is told (BD033). `sudo dmesg | grep -iE 'xid|amdgpu'` shows them.",
  run({ gpus: { faults } }) {
    return faults.map(({ text, count, mend }) =>
      finding(gpuFaults, "warning", {
        seen: `The kernel's log says: ${text}${count === 1 ? "" : `, ${count} times`}.`,
        breaks: "Workers on that GPU end or compute wrong, now or when it happens again.",
        mend,
      })
    );
  },
};

export const fabricManager: Check = {
  code: "BD045",
  name: "fabric-manager",
  severity: "error",
  tells: "there are NVSwitches and NVIDIA's fabric manager does not run",
  explain:
    "On machines whose GPUs are joined by NVSwitches (HGX, DGX) CUDA starts only when the fabric manager has " +
    "set the switches up; its version must be the driver's. Without it CUDA says `system not yet " +
    "initialized` (error 802), though nvidia-smi shows all GPUs. `systemctl status nvidia-fabricmanager` shows it.",
  run({ gpus, platform }) {
    // In a container the host's processes are not to be seen.
    if (gpus.nvswitches === 0 || gpus.fabric_manager !== false || platform.container !== null) {
      return [];
    }
    return [finding(fabricManager, "error", {
      seen: `There are ${
        countText(gpus.nvswitches, "NVSwitch").replace("hs", "hes")
      }, and no nv-fabricmanager runs.`,
      breaks: "CUDA does not start: `system not yet initialized`.",
      mend:
        "`sudo systemctl enable --now nvidia-fabricmanager` (the package of the driver's own version).",
    })];
  },
};
