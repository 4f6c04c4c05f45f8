import assert from "assert";
import { nvidiaDriverUp, nvidiaDriverVersion, nvidiaInformation } from "./nvidia_files.ts";
import { information, RTX_3090, V100, version } from "./testdata/nvidia_parts.ts";
import { treeHost } from "./testdata/tree.ts";

Deno.test("information: spaces and tabs around each label, lines that may be missing", () => {
  assert.deepEqual(nvidiaInformation(treeHost(information(RTX_3090))), [{
    pci: "0000:01:00.0",
    model: "NVIDIA GeForce RTX 3090",
    uuid: "GPU-eaf23aa1-4d3d-596c-da66-b86b0e5db584",
    minor: 0,
    excluded: false,
    memory_bytes: null,
  }]);
  const path = `/proc/driver/nvidia/gpus/${V100.pci}/information`;
  // An old driver's word (a Tesla K80's dump), and a file that came back empty.
  const old = treeHost({ [path]: "Model: \t\t Tesla K80\nBlacklisted:\t Yes\n" });
  assert.deepEqual(nvidiaInformation(old).map((gpu) => [gpu.excluded, gpu.minor]), [[true, null]]);
  assert.deepEqual(nvidiaInformation(treeHost({ [path]: "" })).map((gpu) => gpu.model), [null]);
});

Deno.test("driver version in every form that is written", () => {
  const lines: [string, string][] = [
    ["NVIDIA UNIX Open Kernel Module for x86_64  565.57.01  Release Build  (dvs)", "565.57.01"],
    ["NVIDIA UNIX Open Kernel Module for aarch64  35.3.1  Release Build  (b)  Sun", "35.3.1"],
    ["NVIDIA UNIX aarch64 Kernel Module  535.161.07  Sat Feb 17 23:29:15 UTC 2024", "535.161.07"],
  ];
  for (const [line, expected] of lines) {
    assert.equal(nvidiaDriverVersion(treeHost(version(line))), expected);
    assert.ok(nvidiaDriverUp(treeHost(version(line))));
  }
  assert.equal(nvidiaDriverVersion(treeHost({})), null);
  assert.equal(nvidiaDriverUp(treeHost({})), false);
});
