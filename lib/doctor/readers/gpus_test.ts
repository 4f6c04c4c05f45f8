import assert from "assert";
import { OPENS } from "../../probe/testdata/tree.ts";
import { type MadeSystem, madeSystem, says } from "../testdata/made_system.ts";
import { readGpus } from "./gpus.ts";

const INFORMATION = `Model: \t\t NVIDIA H100 80GB HBM3
GPU UUID: \t GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3b
Device Minor: \t 0
GPU Excluded:\t No
`;
const TREE = {
  "/dev/nvidia0": OPENS,
  "/dev/nvidiactl": OPENS,
  "/dev/nvidia-uvm": OPENS,
  "/proc/driver/nvidia/version":
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build\n",
  "/proc/driver/nvidia/gpus/0000:62:00.0/information": INFORMATION,
  "/sys/bus/pci/devices/0000:62:00.0/vendor": "0x10de\n",
  "/sys/bus/pci/devices/0000:62:00.0/device": "0x2330\n",
  "/sys/bus/pci/devices/0000:62:00.0/class": "0x030200\n",
  "/usr/lib/x86_64-linux-gnu/libcuda.so.570.86.15": "",
  "/usr/lib/x86_64-linux-gnu/libcuda.so.1": "",
};
const GPUS =
  "GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3b, 00000000:62:00.0, NVIDIA H100 80GB HBM3, 0, 81559, 70000, 33, 80\n";
const APPS = "GPU-9221d5d1-b60b-a624-bf14-0a1819cfda3b, 4242, 69000\n";

const read = (made: MadeSystem, env: Record<string, string> = {}) =>
  readGpus(madeSystem(made), {
    env: { PATH: "/usr/bin", ...env },
    given: null,
    processes: { processes: [], commandOf: (pid) => `command of ${pid}`, isOurs: () => false },
    signal: new AbortController().signal,
    tool_ms: 30,
  });

Deno.test("files, libraries, the vendor's command and holders of memory in one picture", async () => {
  const smi = (words: readonly string[]) => says(words[0]!.includes("apps") ? APPS : GPUS)();
  const gpus = await read({ tree: TREE, commands: { "/usr/bin/nvidia-smi": smi } });
  assert.equal(gpus.vendor, "nvidia");
  assert.equal(gpus.driver_version, "570.86.15");
  assert.deepEqual(gpus.nodes, ["/dev/nvidia0"]);
  assert.deepEqual(gpus.on_pci, { nvidia: 1, amd: 0 });
  assert.deepEqual(gpus.tool, { name: "nvidia-smi", count: 1, error: null });
  assert.deepEqual(gpus.libraries.map(({ name, version }) => [name, version]), [[
    "libcuda",
    "570.86.15",
  ]]);
  assert.equal(gpus.devices[0]!.memory, 81559 * 2 ** 20);
  assert.deepEqual(gpus.processes, [{
    pid: 4242,
    gpu: 0,
    memory: 69000 * 2 ** 20,
    command: "command of 4242",
    ours: false,
  }]);
});

Deno.test("a command that fails is told with its words, one that is not there is none", async () => {
  const words =
    "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 575.51\n";
  const failed = await read({ tree: TREE, commands: { "/usr/bin/nvidia-smi": says(words, 18) } });
  assert.match(failed.tool?.error ?? "", /version mismatch NVML library version: 575\.51$/);
  assert.equal(failed.devices.length, 1, "files are looked at all the same");
  assert.equal((await read({ tree: TREE })).tool, null);
});

Deno.test("a command that hangs is told, and what files say is there all the same", async () => {
  const never = () => new Promise<never>(() => {});
  const hung = await read({ tree: TREE, commands: { "/usr/bin/nvidia-smi": never } });
  assert.equal(hung.tool?.error, "there was no answer within 0.03 s");
  assert.equal(hung.devices.length, 1);
});

Deno.test("NVSwitches without a fabric manager, and faults in the kernel's log", async () => {
  const at = "/sys/bus/pci/devices/0000:05:00.0";
  const tree = {
    ...TREE,
    [`${at}/vendor`]: "0x10de\n",
    [`${at}/device`]: "0x22a3\n",
    [`${at}/class`]: "0x068000\n",
  };
  const kernelLog =
    "<4>[ 9.1] NVRM: Xid (PCI:0000:62:00): 79, pid='<unknown>', GPU has fallen off the bus.\n";
  const gpus = await read({ tree, kernelLog });
  assert.deepEqual([gpus.nvswitches, gpus.fabric_manager], [1, false]);
  assert.match(gpus.faults[0]!.text, /fallen off the bus \(Xid 79 of PCI:0000:62:00\)/);
});

Deno.test("a count that a mask does not bear does not keep the rest from being read", async () => {
  const env = { CUDA_VISIBLE_DEVICES: "0", BEAM_NUM_GPUS: "4" };
  const gpus = await read({ tree: TREE }, env);
  assert.equal(gpus.devices.length, 1);
  assert.equal(gpus.masked_by, "CUDA_VISIBLE_DEVICES");
});
