import assert from "assert";
import { probe } from "./gpus.ts";
import { AZURE_DOMAIN, V100_NUMA, WSL2 } from "./testdata/containers.ts";
import { DGX_SPARK, SPARK_MEMORY_KB } from "./testdata/dgx_spark.ts";
import {
  H100_CONTAINER_CDI_6,
  H100_CONTAINER_LEGACY_6,
  H100_CONTAINER_WITHOUT,
  H100_HOST,
  H100_MIG,
  H100_MINORS,
  h100Uuid,
} from "./testdata/h100.ts";
import { information, RTX_3090, RTX_3090_HOST } from "./testdata/nvidia_parts.ts";
import { merge, OPENS, refusing, type Tree, treeHost, without } from "./testdata/tree.ts";

function look(tree: Tree) {
  const found = probe({ host: treeHost(tree) });
  return { ...found, codes: found.notes.map((note) => note.code) };
}

Deno.test("H100 host: eight GPUs in PCI order, not in the order of minors", () => {
  const { vendor, gpus, codes, accelerator_types } = look(H100_HOST);
  assert.equal(vendor, "nvidia");
  assert.deepEqual(gpus.map((gpu) => gpu.id), ["0", "1", "2", "3", "4", "5", "6", "7"]);
  assert.deepEqual(gpus.map((gpu) => gpu.pci), H100_MINORS.map(([pci]) => pci));
  assert.deepEqual(gpus.map((gpu) => gpu.uuid), H100_MINORS.map(([, minor]) => h100Uuid(minor)));
  assert.deepEqual(accelerator_types, ["H100"]);
  assert.equal(gpus[0]!.name, "NVIDIA H100 80GB HBM3");
  assert.equal(gpus[0]!.integrated, false);
  assert.deepEqual(codes, []);
});

Deno.test("DGX Spark: one integrated GPU with the machine's memory, no override needed", () => {
  const { vendor, gpus, codes } = look(DGX_SPARK);
  assert.equal(vendor, "nvidia");
  assert.equal(gpus.length, 1);
  assert.equal(gpus[0]!.name, "NVIDIA GB10");
  assert.equal(gpus[0]!.accelerator_type, "GB10");
  assert.equal(gpus[0]!.pci, "000f:01:00.0");
  assert.equal(gpus[0]!.integrated, true);
  assert.equal(gpus[0]!.memory_bytes, SPARK_MEMORY_KB * 1024);
  assert.deepEqual(codes, []);
});

Deno.test("DGX Spark with the driver's files hidden is named by its PCI id", () => {
  const { gpus } = look(without(DGX_SPARK, /^\/proc\/driver/));
  assert.equal(gpus[0]?.accelerator_type, "GB10");
  assert.equal(gpus[0]?.pci, "000f:01:00.0");
});

Deno.test("an audio function of the same vendor is no GPU", () => {
  const { gpus, codes } = look(RTX_3090_HOST);
  assert.deepEqual(gpus.map((gpu) => gpu.accelerator_type), ["GeForce-RTX-3090"]);
  assert.deepEqual(codes, []);
});

Deno.test("container without GPUs: what /proc and PCI still list is told, not counted", () => {
  const { vendor, gpus, notes } = look(H100_CONTAINER_WITHOUT);
  assert.equal(vendor, null);
  assert.deepEqual(gpus, []);
  assert.deepEqual(notes.map((note) => note.code), ["nvidia-nodes-missing"]);
  assert.match(notes[0]!.text, /lists 8 GPUs, but no \/dev\/nvidiaN is here/);
});

Deno.test("container with nvidia6 by CDI: one GPU, handed out as 0, joined by its minor", () => {
  const { gpus, notes } = look(H100_CONTAINER_CDI_6);
  assert.equal(gpus.length, 1);
  assert.equal(gpus[0]!.id, "0");
  assert.equal(gpus[0]!.pci, "0000:88:00.0");
  assert.equal(gpus[0]!.uuid, h100Uuid(6));
  assert.match(notes[0]!.text, /only \/dev\/nvidia6 is here: 7 not counted/);
});

Deno.test("container with a hidden /proc/driver/nvidia: counted by the node, without a UUID", () => {
  const { gpus } = look(H100_CONTAINER_LEGACY_6);
  assert.equal(gpus.length, 1);
  assert.equal(gpus[0]!.id, "0");
  assert.equal(gpus[0]!.uuid, null);
  // Which of the eight cards it is cannot be seen, that they are all H100 can.
  assert.equal(gpus[0]!.pci, null);
  assert.equal(gpus[0]!.accelerator_type, "H100");
});

Deno.test("all eight nodes with a hidden /proc: names come from PCI", () => {
  const { gpus } = look(without(H100_HOST, /^\/proc\/driver/));
  assert.equal(gpus.length, 8);
  assert.deepEqual(new Set(gpus.map((gpu) => gpu.accelerator_type)), new Set(["H100"]));
});

Deno.test("nodes that may not be opened are not there", () => {
  const some = look(refusing(H100_HOST, /^\/dev\/nvidia[0-5]$/, "EPERM"));
  assert.deepEqual(some.gpus.map((gpu) => gpu.pci), ["0000:88:00.0", "0000:8b:00.0"]);
  assert.deepEqual(some.gpus.map((gpu) => gpu.id), ["0", "1"]);
  assert.deepEqual(some.codes, ["nvidia-refused"]);
  const none = look(refusing(H100_HOST, /^\/dev\/nvidia\d$/, "EPERM"));
  assert.deepEqual(none.gpus, []);
  assert.deepEqual(none.codes, ["nvidia-refused"]);
});

Deno.test("a control node that refuses leaves no GPU usable", () => {
  const { gpus, codes } = look(refusing(H100_HOST, /^\/dev\/nvidiactl$/, "EACCES"));
  assert.deepEqual(gpus, []);
  assert.deepEqual(codes, ["nvidia-control-refused"]);
});

Deno.test("nvidia-uvm not loaded yet: counted, and told", () => {
  const { gpus, codes } = look(without(H100_HOST, /nvidia-uvm/));
  assert.equal(gpus.length, 8);
  assert.deepEqual(codes, ["nvidia-uvm-missing"]);
});

Deno.test("a GPU that the driver excludes is not counted", () => {
  const excluded = information({ ...RTX_3090, excluded: "Yes" });
  const { gpus, codes } = look(merge(RTX_3090_HOST, excluded));
  assert.deepEqual(gpus, []);
  assert.deepEqual(codes, ["nvidia-excluded"]);
});

Deno.test("a node left over from a GPU that is gone is not counted", () => {
  const { gpus, codes } = look(merge(RTX_3090_HOST, { "/dev/nvidia1": OPENS }));
  assert.deepEqual(gpus.map((gpu) => gpu.pci), ["0000:01:00.0"]);
  assert.deepEqual(codes, ["nvidia-stale"]);
});

Deno.test("hardware without driver, and nodes under a driver container's root", () => {
  const bare = without(RTX_3090_HOST, /^\/(dev|proc)\//);
  assert.deepEqual(look(bare).codes, ["nvidia-driver-missing"]);
  const elsewhere = merge(bare, { "/run/nvidia/driver/dev/nvidia0": OPENS });
  assert.deepEqual(look(elsewhere).codes, ["nvidia-driver-missing", "nvidia-driver-root"]);
});

Deno.test("a missing UUID line leaves the UUID open and the GPU counted", () => {
  const { gpus } = look(merge(RTX_3090_HOST, information({ ...RTX_3090, uuid: null })));
  assert.equal(gpus.length, 1);
  assert.equal(gpus[0]!.uuid, null);
});

Deno.test("MIG: the GPU counts as one and the note says how to hand out instances", () => {
  const { gpus, notes } = look(H100_MIG);
  assert.equal(gpus.length, 8);
  assert.deepEqual(notes.map((note) => note.code), ["mig"]);
  assert.match(notes[0]!.text, /\/dev\/nvidia0 is split into 1 MIG instance /);
});

Deno.test("memory that is a NUMA node is read in hex", () => {
  assert.equal(look(V100_NUMA).gpus[0]!.memory_bytes, 15.75 * 2 ** 30);
});

Deno.test("a 32-bit PCI domain joins the driver's folder by its low half", () => {
  const { gpus, codes } = look(AZURE_DOMAIN);
  assert.deepEqual(gpus.map((gpu) => gpu.accelerator_type), ["P100"]);
  assert.equal(gpus[0]!.pci, "cfdd:00:00.0");
  assert.deepEqual(codes, []);
});

Deno.test("WSL2: said, not guessed", () => {
  const { gpus, codes } = look(WSL2);
  assert.deepEqual(gpus, []);
  assert.deepEqual(codes, ["wsl2"]);
});
