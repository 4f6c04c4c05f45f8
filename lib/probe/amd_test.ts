import assert from "assert";
import { probe } from "./gpus.ts";
import {
  RAPHAEL_ALONE,
  RAPHAEL_AND_RX_6600,
  STRIX_GTT,
  STRIX_HALO,
  STRIX_HALO_AND_7900,
  STRIX_HALO_WITHOUT_KFD,
  STRIX_MEMORY_KB,
  VEGA_10,
} from "./testdata/amd_desktop.ts";
import {
  FOREIGN_KFD,
  MI300X_CONTAINER_2,
  MI300X_CONTAINER_WITHOUT,
  MI300X_NO_GROUP,
} from "./testdata/containers.ts";
import { CARDS, MI210, MI300X_CPX, MI300X_SPX, MI308X } from "./testdata/instinct.ts";
import { RTX_3090_HOST } from "./testdata/nvidia_parts.ts";
import { merge, range, refusing, type Tree, treeHost, without } from "./testdata/tree.ts";

const GiB = 2 ** 30;

function look(tree: Tree) {
  const found = probe({ host: treeHost(tree) });
  return { ...found, codes: found.notes.map((note) => note.code) };
}

Deno.test("MI300X whole: eight GPUs although there are 64 render nodes", () => {
  const { vendor, gpus, codes, accelerator_types } = look(MI300X_SPX);
  assert.equal(vendor, "amd");
  assert.deepEqual(gpus.map((gpu) => gpu.id), range(0, 8).map(String));
  assert.equal(gpus[0]!.pci, "0000:05:00.0");
  assert.equal(gpus[0]!.uuid, "GPU-3cbe002bd3b6313d");
  assert.equal(new Set(gpus.map((gpu) => gpu.pci)).size, 8);
  assert.deepEqual(accelerator_types, ["AMD-Instinct-MI300X-OAM"]);
  assert.equal(gpus[7]!.memory_bytes, 192 * GiB);
  assert.deepEqual(codes, []);
});

Deno.test("MI300X partitioned: 63 GPUs of eight cards, none with a UUID that selects it", () => {
  const { gpus, notes } = look(MI300X_CPX);
  assert.equal(gpus.length, 63);
  assert.equal(gpus[62]!.id, "62");
  // Node 10 follows node 9: folders sort as numbers.
  assert.equal(gpus[8]!.pci, "0000:27:00.0");
  assert.deepEqual(
    [...new Set(gpus.map((gpu) => gpu.pci))],
    CARDS.map((location) => `0000:${(location >> 8).toString(16).padStart(2, "0")}:00.0`),
  );
  assert.equal(gpus[0]!.memory_bytes, 24 * GiB);
  assert.ok(gpus.every((gpu) => gpu.uuid === null));
  assert.deepEqual(notes.map((note) => note.code), ["amd-partitioned"]);
  assert.match(notes[0]!.text, /8 AMD cards are partitioned \(CPX\): each of the 63 partitions/);
});

Deno.test("MI308X partitioned: two PCI domains and gaps in the render minors", () => {
  const { gpus } = look(MI308X);
  assert.equal(gpus.length, 32);
  assert.equal(gpus[31]!.pci, "0001:c9:00.0");
  assert.equal(gpus[0]!.memory_bytes, 51539607552);
});

Deno.test("MI210: KFD's order of nodes, which is not PCI's", () => {
  const { gpus } = look(MI210);
  assert.deepEqual(gpus.slice(0, 3).map((gpu) => gpu.pci), [
    "0000:63:00.0",
    "0000:43:00.0",
    "0000:03:00.0",
  ]);
  assert.equal(gpus[0]!.accelerator_type, "AMD-Instinct-MI210");
});

Deno.test("a small integrated GPU beside a card is left out and keeps its number", () => {
  const { gpus, notes } = look(RAPHAEL_AND_RX_6600);
  assert.equal(gpus.length, 1);
  // ROCm numbers the integrated one 0: handing out 0 would hand out the wrong one.
  assert.equal(gpus[0]!.id, "1");
  assert.equal(gpus[0]!.index, 0);
  assert.equal(gpus[0]!.integrated, false);
  assert.equal(gpus[0]!.memory_bytes, 8573157376);
  assert.deepEqual(notes.map((note) => note.code), ["integrated-left-out"]);
  assert.match(notes[0]!.text, /2 compute units/);
});

Deno.test("a small integrated GPU alone is left out too, and a count brings it back", () => {
  assert.deepEqual(look(RAPHAEL_ALONE).gpus, []);
  const { vendor, gpus } = probe({ host: treeHost(RAPHAEL_ALONE), override: 1 });
  assert.equal(vendor, "amd");
  assert.deepEqual(gpus.map((gpu) => [gpu.id, gpu.integrated]), [["0", true]]);
});

Deno.test("Strix Halo counts, with its carve-out and what it may borrow", () => {
  const { vendor, gpus, codes } = look(STRIX_HALO);
  assert.equal(vendor, "amd");
  assert.equal(gpus.length, 1);
  assert.equal(gpus[0]!.integrated, true);
  assert.equal(gpus[0]!.memory_bytes, 2147483648 + STRIX_GTT);
  assert.ok(STRIX_GTT < STRIX_MEMORY_KB * 1024);
  assert.equal(gpus[0]!.name, "AMD gfx1151 (1002:1586)");
  assert.deepEqual(codes, []);
});

Deno.test("Strix Halo with a card: both count, the card first, numbers stay ROCm's", () => {
  const { gpus } = look(STRIX_HALO_AND_7900);
  assert.deepEqual(gpus.map((gpu) => [gpu.id, gpu.integrated]), [["1", false], ["0", true]]);
  assert.deepEqual(gpus.map((gpu) => gpu.index), [0, 1]);
});

Deno.test("a GPU in DRM and PCI without KFD is told, not counted", () => {
  const { gpus, notes } = look(STRIX_HALO_WITHOUT_KFD);
  assert.deepEqual(gpus, []);
  assert.deepEqual(notes.map((note) => note.code), ["amd-no-kfd"]);
  assert.match(notes[0]!.text, /0000:c6:00\.0/);
});

Deno.test("container with two of eight: masked nodes are passed over and numbers close up", () => {
  const { gpus, notes } = look(MI300X_CONTAINER_2);
  assert.deepEqual(gpus.map((gpu) => gpu.id), ["0", "1"]);
  assert.deepEqual(gpus.map((gpu) => gpu.pci), ["0000:47:00.0", "0000:a7:00.0"]);
  assert.deepEqual(notes.map((note) => note.code), ["amd-masked"]);
  assert.match(notes[0]!.text, /6 KFD nodes \(2, 3, 5, 6, 8, 9\) refuse to be read \(EPERM\)/);
});

Deno.test("container without AMD nodes has none", () => {
  const { gpus, notes } = look(MI300X_CONTAINER_WITHOUT);
  assert.deepEqual(gpus, []);
  assert.deepEqual(notes.map((note) => note.code), ["amd-kfd-missing"]);
  const masked = refusing(MI300X_CONTAINER_WITHOUT, /\/nodes\/[2-9]\/gpu_id$/, "EPERM");
  assert.deepEqual(look(masked).codes, ["amd-masked"]);
});

Deno.test("no membership in the owning group: the note says which", () => {
  const { gpus, notes } = look(MI300X_NO_GROUP);
  assert.deepEqual(gpus, []);
  assert.match(notes[0]!.text, /\/dev\/kfd cannot be opened \(EACCES\).*group that owns it/);
});

Deno.test("/dev/kfd that opens but a render node that does not: that GPU is not there", () => {
  const missing = look(without(MI300X_SPX, /renderD136$/));
  assert.equal(missing.gpus.length, 7);
  assert.deepEqual(missing.codes, ["amd-render-missing"]);
  const refused = look(refusing(MI300X_SPX, /renderD1(28|36)$/, "EPERM"));
  assert.deepEqual(refused.gpus.map((gpu) => gpu.id), range(0, 6).map(String));
  assert.deepEqual(refused.codes, ["amd-render-refused", "amd-render-refused"]);
});

Deno.test("a /dev/kfd that exists and fails is as good as none", () => {
  const { gpus, codes } = look(refusing(MI300X_SPX, /^\/dev\/kfd$/, "EINVAL"));
  assert.deepEqual(gpus, []);
  assert.deepEqual(codes, ["amd-kfd-refused"]);
});

Deno.test("an old kernel's node without target version still counts", () => {
  const { gpus } = look(VEGA_10);
  assert.equal(gpus.length, 1);
  assert.equal(gpus[0]!.memory_bytes, 17163091968);
});

Deno.test("a KFD node of another vendor is no AMD GPU", () => {
  const { gpus, codes } = look(FOREIGN_KFD);
  assert.deepEqual(gpus, []);
  assert.deepEqual(codes, ["kfd-foreign"]);
});

Deno.test("an NVIDIA card beside AMD graphics: NVIDIA's are offered, AMD's named", () => {
  const { vendor, gpus, codes } = look(merge(RAPHAEL_ALONE, RTX_3090_HOST));
  assert.equal(vendor, "nvidia");
  assert.equal(gpus.length, 1);
  assert.deepEqual(codes, ["amd-beside-nvidia"]);
});
