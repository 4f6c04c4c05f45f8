/** Whether the GPUs' driver works, and what PyTorch was built for fits it. */
import { type Check, finding } from "../check.ts";
import { containerLine } from "../mends.ts";
import { isOlder } from "../words.ts";

export const gpuDriver: Check = {
  code: "BD017",
  name: "gpu-driver",
  severity: "error",
  tells:
    "nvidia-smi fails, or the driver's libraries are missing or of another version than its module",
  explain:
    "NVIDIA's libraries (libcuda, libnvidia-ml) must be of the version of the kernel's module. After an " +
    "update of the packages without a restart they are not, and CUDA fails with `Driver/library version " +
    "mismatch`. `cat /proc/driver/nvidia/version` shows the module's. `NVML: Unknown Error` in a container " +
    "that worked before means that its access to the devices was taken away (`systemctl daemon-reload` on " +
    "the host does that).",
  run({ gpus, platform }) {
    const { tool, driver_version: kernel, libraries, nodes, vendor } = gpus;
    if (vendor === "tegra" || platform.wsl) return [];
    const reload = platform.container === null
      ? "`sudo reboot`, or with no GPU program running `sudo rmmod nvidia_uvm nvidia_drm nvidia_modeset nvidia && sudo modprobe nvidia`."
      : "Start the container again; where the host's packages were updated, restart the host first.";
    if (tool !== null && tool.error !== null) {
      return [finding(gpuDriver, "error", {
        seen: `${tool.name} fails: ${tool.error}`,
        breaks: "CUDA cannot start: every worker with a GPU fails.",
        mend: /mismatch|Unknown Error/i.test(tool.error)
          ? reload
          : "`sudo dmesg | grep -iE 'nvrm|xid'` shows what the driver met; a GPU that fell off the bus needs a restart.",
      })];
    }
    const hasNodes = nodes.some((path) => path.startsWith("/dev/nvidia"));
    const cuda = libraries.filter(({ name }) => name === "libcuda");
    if (
      hasNodes && kernel !== null && cuda.length > 0 &&
      !cuda.some(({ version }) => version === kernel)
    ) {
      const one = cuda[0]!;
      return [finding(gpuDriver, "error", {
        seen: `The kernel's NVIDIA module is ${kernel}, and ${one.path} is ${one.version}.`,
        breaks: "CUDA cannot start: `Driver/library version mismatch`.",
        mend: reload,
      })];
    }
    if (
      hasNodes && kernel !== null && cuda.length === 0 && tool === null &&
      platform.container !== null
    ) {
      return [finding(gpuDriver, "error", {
        seen: "The GPUs' device nodes are here, and the driver's library libcuda.so is not.",
        breaks: "CUDA cannot start: `libcuda.so.1: cannot open shared object file`.",
        mend: containerLine(platform, {
          docker: "--gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility",
          kubernetes:
            "Set `NVIDIA_DRIVER_CAPABILITIES=compute,utility` and `runtimeClassName: nvidia`.",
        }),
      })];
    }
    return [];
  },
};

/** CUDA's major version by the oldest driver that bears it. */
const OLDEST_DRIVER: Readonly<Record<string, string>> = {
  "11": "450.80.02",
  "12": "525.60.13",
  "13": "580.65.06",
};

export const torchBuild: Check = {
  code: "BD020",
  name: "torch-build",
  severity: "error",
  tells: "the workers' PyTorch is built for no GPU, for the other vendor, or for a newer driver",
  explain:
    "`pip install torch` takes whatever the index offers: on aarch64 and behind some mirrors a build for " +
    "CPUs. A build for CUDA 12 needs a driver of 525 or newer, one for CUDA 13 of 580. " +
    "`python -c 'import torch; print(torch.version.cuda, torch.version.hip)'` shows what it is built for.",
  run({ gpus, python }) {
    const torch = python?.packages["torch"];
    if (torch === undefined || python === null || gpus.devices.length === 0) return [];
    const { torch_cuda: cuda, torch_hip: hip } = python;
    const wanted = gpus.vendor === "amd" ? "ROCm" : "CUDA";
    const has = gpus.vendor === "amd" ? hip : cuda;
    if (has === null) {
      const other = cuda !== null ? `CUDA ${cuda}` : hip !== null ? `ROCm ${hip}` : "CPUs only";
      return [finding(torchBuild, "error", {
        seen: `torch ${torch} of ${python.executable} is built for ${other}, and the GPUs are ${
          gpus.vendor === "amd" ? "AMD's" : "NVIDIA's"
        }.`,
        breaks: "vLLM finds no GPU, or ends with `Torch not compiled with CUDA enabled`.",
        mend:
          `Install vLLM's own build for ${wanted} into that environment (\`uv pip install vllm ` +
          `--torch-backend=auto\`), or name the right interpreter: ` +
          "`export BEAM_WORKER_CMD='/path/to/python -m ray._worker'`.",
      })];
    }
    const oldest = cuda === null ? undefined : OLDEST_DRIVER[cuda.split(".")[0]!];
    const driver = gpus.driver_version;
    if (gpus.vendor !== "nvidia" || oldest === undefined || driver === null) return [];
    if (!isOlder(driver, oldest)) return [];
    return [finding(torchBuild, "error", {
      seen: `torch ${torch} is built for CUDA ${cuda}, and the driver is ${driver}.`,
      breaks: "CUDA does not start: `The NVIDIA driver on your system is too old`.",
      mend: `Install a driver of ${oldest} or newer, or a build of torch for an older CUDA.`,
    })];
  },
};
