/**
 * Jetson Orin (JetPack 6) and Thor (JetPack 7).
 *
 * Sources: device nodes from lf-edge/eve pkg/nvidia/cdi/jp6/jetson-orin.yaml and
 * jp7/jetson-thor.yaml; the Orin NX driver line from nix-community/nixGL; the tests for a Tegra from
 * NVIDIA/go-nvlib; the failed GPU's /dev/nvgpu/igpu0 with only `power` from a public log.
 * Derived: the text of nv_tegra_release (form read by ollama's ` R(\d+) `), the soc0 family's
 * ending, and the memory size.
 *
 * @module
 */

import { version } from "./nvidia_parts.ts";
import { meminfo, merge, OPENS, type Tree, without } from "./tree.ts";

function nodes(...paths: readonly string[]): Tree {
  return Object.fromEntries(paths.map((path) => [`/dev/${path}`, OPENS]));
}

const GPU_PARTS = [
  "as",
  "channel",
  "ctrl",
  "ctxsw",
  "dbg",
  "nvsched",
  "power",
  "prof",
  "prof-ctx",
  "prof-dev",
  "sched",
  "tsg",
];

export const ORIN: Tree = merge(
  version(
    "NVIDIA UNIX Open Kernel Module for aarch64  35.3.1  Release Build  " +
      "(buildbrain@mobile-u64-6289-d7000)  Sun Mar 19 08:09:33 PDT 2023",
  ),
  nodes(...GPU_PARTS.map((part) => `nvgpu/igpu0/${part}`)),
  nodes("nvhost-ctrl-gpu", "nvhost-gpu", "nvhost-as-gpu", "nvmap", "nvsciipc", "host1x-fence"),
  nodes("dri/card0", "dri/renderD128", "nvidia0", "nvidiactl", "nvidia-modeset"),
  meminfo(31_000_000),
  {
    "/etc/nv_tegra_release": "# R36 (release), REVISION: 3.0\n",
    "/sys/devices/soc0/family": "Tegra\n",
  },
);

export const ORIN_GPU_FAILED: Tree = without(ORIN, /^\/dev\/nvgpu\/igpu0\/(?!power$)/);

export const THOR: Tree = merge(
  nodes("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset"),
  nodes("nvmap", "nvsciipc", "dri/renderD128", "dri/renderD129", "dri/renderD130"),
  meminfo(125_000_000),
  { "/sys/devices/soc0/family": "Tegra\n" },
);
