/** GPUs: whether those that are here count, and who holds them. */
import { type Check, type Finding, finding, type Severity } from "../check.ts";
import type { Facts, GpuProcessFacts } from "../facts.ts";
import { containerLine } from "../mends.ts";
import { countText, listText, sizeText } from "../words.ts";

/** Notes of the probe that mean: a GPU is here, and is not counted. */
const LOST = new Set([
  "nvidia-nodes-missing",
  "nvidia-refused",
  "nvidia-control-refused",
  "nvidia-driver-missing",
  "nvidia-driver-root",
  "nvidia-stale",
  "nvidia-uvm-missing",
  "amd-kfd-missing",
  "amd-kfd-refused",
  "amd-no-kfd",
  "amd-render-missing",
  "amd-render-refused",
  "tegra-gpu-failed",
  "tegra-no-access",
  "wsl2",
]);
/** Notes about masks; the rest is good to know. */
const MASKS = new Set(["inherited-mask", "empty-mask", "mask-conflict", "mixed-models"]);
/** A process that holds less, in bytes, is a desktop's. */
const LITTLE = 2 ** 30;

export const gpuCount: Check = {
  code: "BD015",
  name: "gpu-count",
  severity: "error",
  tells:
    "a GPU is here and does not count, or counts differ between files, nvidia-smi and the node",
  explain:
    "beam counts the GPUs whose device nodes this process may open (docs/probe.md). A container has those " +
    "that it was given, whatever /proc and /sys show of the host. `nvidia-smi -L`, `rocminfo` and " +
    "`ls -l /dev/nvidia* /dev/kfd /dev/dri` show what others see.",
  run(facts) {
    const { gpus, node } = facts;
    const found: Finding[] = gpus.notes.filter(({ code }) => LOST.has(code)).map(
      ({ code, text }) => {
        const severity: Severity = gpus.devices.length === 0 ? "error" : "warning";
        return finding(gpuCount, severity, {
          seen: text,
          breaks: gpus.devices.length === 0
            ? "This node offers no GPU: what asks for one waits."
            : "This node offers fewer GPUs than it has.",
          mend: lostMend(facts, code),
        });
      },
    );
    const listed = gpus.tool?.count ?? 0;
    const given = gpus.notes.find(({ code }) => code === "override");
    const chosen = gpus.masked_by !== null || given !== undefined;
    if (listed > 0 && listed !== gpus.devices.length && !chosen && found.length === 0) {
      found.push(finding(gpuCount, "warning", {
        seen: `${gpus.tool!.name} lists ${
          countText(listed, "GPU")
        }, and beam counts ${gpus.devices.length}.`,
        breaks: "Work is placed on a number of GPUs that is not the real one.",
        mend: `\`beam up --num-gpus ${listed}\`, and please report it with \`beam debug\`.`,
      }));
    }
    const seen = Number(/the files show (\d+)/.exec(given?.text ?? "")?.[1] ?? NaN);
    if (given !== undefined && gpus.devices.length > seen && facts.platform.wsl === false) {
      found.push(finding(gpuCount, "warning", {
        seen: given.text,
        breaks: "Workers get numbers of GPUs that are not there, and CUDA fails in them.",
        mend: `Leave --num-gpus and BEAM_NUM_GPUS out, or give ${seen}.`,
      }));
    } else if (node !== null && node.gpus !== gpus.devices.length) {
      found.push(finding(gpuCount, "warning", {
        seen: `The node has counted ${countText(node.gpus, "GPU")} when it started; now there ${
          gpus.devices.length === 1 ? "is" : "are"
        } ${gpus.devices.length}.`,
        breaks: node.gpus > gpus.devices.length
          ? "A GPU is gone (fell off the bus, or was taken from the container): workers placed on it fail."
          : "The GPUs that came since are not offered.",
        mend:
          `\`beam drain ${node.name} && beam up --replace\`; \`sudo dmesg | grep -i xid\` shows why one is gone.`,
      }));
    }
    return found;
  },
};

function lostMend({ platform, gpus }: Facts, code: string): string {
  const { container, selinux } = platform;
  if (code === "wsl2") return "`beam up --num-gpus 1` (as many as the machine has).";
  if (code === "nvidia-uvm-missing") {
    return container === null
      ? "`sudo nvidia-modprobe -u -c 0`."
      : "`sudo nvidia-modprobe -u -c 0` on the host, then start the container again.";
  }
  const amd = code.startsWith("amd");
  if (container !== null) {
    const words = amd
      ? "--device=/dev/kfd --device=/dev/dri --group-add video --group-add render"
      : "--gpus all";
    return containerLine(platform, {
      docker: container === "podman" && !amd ? "--device nvidia.com/gpu=all" : words,
      kubernetes: `Ask for GPUs: \`resources.limits: {${amd ? "amd.com/gpu" : "nvidia.com/gpu"}: ${
        Math.max(1, gpus.on_pci.nvidia, gpus.on_pci.amd)
      }}\`.`,
    }) + (selinux === "enforcing"
      ? " With SELinux: `sudo setsebool -P container_use_devices 1`."
      : "");
  }
  switch (code) {
    case "nvidia-driver-missing":
      return "Install NVIDIA's driver, then `sudo modprobe nvidia && nvidia-smi`.";
    case "nvidia-nodes-missing":
      return "`sudo nvidia-smi` makes the nodes; `sudo systemctl enable --now nvidia-persistenced` keeps them.";
    case "nvidia-driver-root":
      return "Start beam in a container that has the GPUs (`nvidia.com/gpu` of the device plugin).";
    case "amd-no-kfd":
    case "amd-kfd-missing":
      return "`sudo modprobe amdgpu`, and install ROCm's kernel driver where that brings no /dev/kfd.";
    case "amd-kfd-refused":
    case "amd-render-refused":
      return "`sudo usermod -aG render,video $USER` and a new log-in.";
    default:
      return "`ls -l /dev/nvidia* /dev/kfd /dev/dri` shows owner and mode of the nodes; give this user access.";
  }
}

export const gpuMasks: Check = {
  code: "BD016",
  name: "gpu-masks",
  severity: "warning",
  tells:
    "a variable such as CUDA_VISIBLE_DEVICES hides GPUs, contradicts another, or is misread easily",
  explain:
    "A daemon started under a mask hands out only what the mask lists. Variables left in a shell or a " +
    "profile are the usual cause of a node with too few GPUs. `env | grep VISIBLE_DEVICES` shows them.",
  run({ gpus }) {
    return gpus.notes.filter(({ code }) => MASKS.has(code)).map(({ code, text }) => {
      const [, handed, all] = /: (\d+) of (\d+) GPUs are handed out/.exec(text) ?? [];
      const meant = code === "inherited-mask" && handed !== "0" && handed !== all &&
        !/ends at its entry/.test(text);
      return finding(
        gpuMasks,
        meant || handed === all && code === "inherited-mask" ? "info" : "warning",
        {
          seen: text,
          breaks: code === "mixed-models"
            ? "A worker computes on another GPU than the one that it was given."
            : "The node offers fewer GPUs than the machine has.",
          mend: code === "mixed-models"
            ? "`export CUDA_DEVICE_ORDER=PCI_BUS_ID` before `beam up`."
            : `\`unset ${
              /^\w+_VISIBLE_DEVICES/.exec(text)?.[0] ?? "CUDA_VISIBLE_DEVICES"
            }\` before \`beam up\`, ` +
              "unless it is meant.",
        },
      );
    });
  },
};

export const gpuHolders: Check = {
  code: "BD018",
  name: "gpu-holders",
  severity: "warning",
  tells: "a process that is not this node's holds memory of a GPU",
  explain:
    "vLLM takes a share of the whole GPU and fails where others hold too much of it: `Free memory on device " +
    "… is less than desired GPU memory utilization`. Often it is a vLLM whose parent was killed " +
    "(`VLLM::EngineCore`). `nvidia-smi` or `rocm-smi --showpids` lists the holders.",
  run({ gpus, node, platform }) {
    // Before there is a node, none of them is its own.
    const foreign = gpus.processes.filter(({ ours, memory }) => !ours && (memory ?? LITTLE) > 0);
    const byGpu = Map.groupBy(foreign, ({ gpu }) => gpu);
    return [...byGpu].map(([gpu, holders]) => {
      const sum = holders.reduce((all, { memory }) => all + (memory ?? 0), 0);
      // The kernel's numbers of processes are the host's: in a container ours are not to be told apart.
      const unknown = node !== null && platform.container !== null &&
        holders.every(({ command }) => command === null);
      const much = !unknown && (sum >= LITTLE || holders.some(({ memory }) => memory === null));
      return finding(gpuHolders, much ? "warning" : "info", {
        seen: `${gpu === null ? "A GPU" : `GPU ${gpu}`} is held by ${
          listText(holders.map(holderText))
        }${
          node === null ? "" : unknown ? ", by the host's numbers" : ", no process of this node"
        }.`,
        breaks: much
          ? "A worker that is given this GPU finds too little memory, and vLLM ends as it starts."
          : unknown
          ? "Nothing, where they are this node's own workers."
          : "Nothing, where it is a desktop's.",
        mend: holders.every(({ command }) => command === null)
          ? "They run outside of this container: end them on the host (`nvidia-smi` there shows them)."
          : `\`kill ${holders.map(({ pid }) => pid).join(" ")}\`, where they are leftovers.`,
      });
    });
  },
};

function holderText({ pid, command, memory }: GpuProcessFacts): string {
  const size = memory === null ? "" : `, ${sizeText(memory)}`;
  return `process ${pid} (${command ?? "not visible from here"}${size})`;
}
