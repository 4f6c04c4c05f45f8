/** The system under beam: C library, WSL, Ray that runs besides, ports that others hold. */
import { type Check, finding } from "../check.ts";
import type { ListenerFacts } from "../facts.ts";
import { isOlder, listText } from "../words.ts";

export const wsl: Check = {
  code: "BD031",
  name: "wsl",
  severity: "warning",
  tells: "this is WSL, whose network other machines do not reach",
  explain:
    "Under WSL 2 the system has an address behind Windows' own: other machines reach it only where Windows " +
    "mirrors its network (`networkingMode=mirrored` in .wslconfig) or passes ports on.",
  run({ platform, network }) {
    if (!platform.wsl) return [];
    const hidden = /^172\.(1[6-9]|2\d|3[01])\./.test(network.cluster.address);
    return [finding(wsl, hidden ? "warning" : "info", {
      seen: `This is WSL; the node's address is ${network.cluster.address}.`,
      breaks: hidden
        ? "That address exists inside of Windows only: no other machine can join or be joined."
        : "Nothing by itself.",
      mend:
        "Put `[wsl2]` and `networkingMode=mirrored` into %UserProfile%\\.wslconfig, then `wsl --shutdown`.",
    })];
  },
};

/** Below these, beam's executable and vLLM's wheels do not start. */
const BEAM_NEEDS = "2.27";
const VLLM_NEEDS = "2.31";

export const cLibrary: Check = {
  code: "BD032",
  name: "c-library",
  severity: "error",
  tells: "the C library is musl, or older than beam or vLLM's wheels need",
  explain:
    "beam's executable needs glibc 2.27 or newer, the wheels of vLLM and PyTorch 2.28 to 2.31. Alpine has " +
    "musl and none of them. `ldd --version` shows which it is.",
  run({ platform: { glibc, musl } }) {
    if (glibc === null) {
      if (!musl) return [];
      return [finding(cLibrary, "error", {
        seen: "The C library is musl (Alpine).",
        breaks: "Neither beam's executable nor the wheels of vLLM and PyTorch start.",
        mend: "Use an image with glibc, such as `vllm/vllm-openai` or `python:3.12-slim`.",
      })];
    }
    if (!isOlder(glibc, VLLM_NEEDS)) return [];
    const none = isOlder(glibc, BEAM_NEEDS);
    return [finding(cLibrary, none ? "error" : "warning", {
      seen: `glibc is ${glibc}.`,
      breaks: none
        ? "beam's executable needs 2.27 or newer."
        : "Wheels of vLLM ask for 2.31 or newer: pip builds from source or fails.",
      mend: "Run in a container of a newer distribution, such as `vllm/vllm-openai`.",
    })];
  },
};

export const kernelFeatures: Check = {
  code: "BD046",
  name: "kernel",
  severity: "error",
  tells: "there is no /proc, or the kernel refuses what a node needs to end its workers' children",
  explain:
    "A node knows its processes by /proc, and is the reaper of what its workers leave behind " +
    "(PR_SET_CHILD_SUBREAPER, Linux 3.4), so that nothing keeps a GPU. Sandboxes and system call filters may " +
    "take either away. `ls /proc/self` and `grep Seccomp /proc/self/status` show it.",
  run({ platform }) {
    if (!platform.proc) {
      return [finding(kernelFeatures, "error", {
        seen: "There is no /proc.",
        breaks: "A node finds neither its processes nor their ends, and counts no GPU.",
        mend: "`sudo mount -t proc proc /proc`, in a container its engine's own default.",
      })];
    }
    if (platform.subreaper !== false) return [];
    return [finding(kernelFeatures, "warning", {
      seen: "The kernel, or a filter of system calls, refuses child subreapers (prctl).",
      breaks: "What a worker started may outlive it and keep its GPU.",
      mend: "Start the container with `--security-opt seccomp=unconfined`, or use another sandbox.",
    })];
  },
};

export const rayRuns: Check = {
  code: "BD035",
  name: "ray-processes",
  severity: "warning",
  tells: "a genuine Ray runs on this machine",
  explain:
    "Two clusters that both hand out the machine's GPUs give one GPU to two workers. Ray's head has port " +
    "6379, and programs with RAY_ADDRESS=auto may find the wrong one. `ps -ef | grep -E 'raylet|gcs_server'` shows it.",
  run({ processes }) {
    const rays = processes.filter(({ kind, ours }) => kind === "ray" && !ours);
    if (rays.length === 0) return [];
    return [finding(rayRuns, "warning", {
      seen: `Ray runs here: ${
        listText(rays.map(({ pid, command }) => `${command.split(/\s/)[0]} (process ${pid})`), 3)
      }.`,
      breaks:
        "It hands out the same GPUs, holds Ray's ports, and programs may find it in beam's place.",
      mend:
        "`ray stop --force` with the Ray that started it (its own environment), not with beam's.",
    })];
  },
};

/** Ports that beam takes by itself, with the flag that takes another. */
const OWN_PORTS: readonly { port: number; what: string; other: string }[] = [
  { port: 6379, what: "the head", other: "beam up --head --port 6381" },
  { port: 8265, what: "the dashboard", other: "beam up --head --dashboard-port 8266" },
];

export const portsTaken: Check = {
  code: "BD036",
  name: "ports",
  severity: "warning",
  tells: "another program holds the port of the head or of the dashboard",
  explain:
    "The head listens on 6379, which is also Redis' port and Ray's, and serves HTTP on 8265. " +
    "`sudo ss -ltnp 'sport = :6379'` shows who holds a port.",
  run({ node, listeners }) {
    if (node !== null) return []; // its head has its port, and says where it could not have another
    return OWN_PORTS.flatMap(({ port, what, other }) => {
      const holder = listeners.find((one) => one.port === port);
      if (holder === undefined) return [];
      return [finding(portsTaken, "warning", {
        seen: `${holderText(holder)} listens on port ${port}.`,
        breaks: `\`beam up --head\` cannot have it for ${what}.`,
        mend: `End that program, or \`${other}\`.`,
      })];
    });
  },
};

function holderText({ pid, command }: ListenerFacts): string {
  if (pid === null) return "A process of another user";
  return `Process ${pid} (${command ?? "?"})`;
}
