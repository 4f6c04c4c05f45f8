import assert from "assert";
import { amdAcceleratorType, nvidiaAcceleratorType } from "./accelerator_type.ts";

Deno.test("NVIDIA names are Ray's", () => {
  // The right column is what Ray 2.60 prints for the left one.
  const names: [string, string][] = [
    ["NVIDIA H100 80GB HBM3", "H100"],
    ["NVIDIA H200", "H200"],
    ["NVIDIA A100-SXM4-40GB", "A100"],
    ["Tesla V100-SXM2-16GB", "V100"],
    ["Tesla T4", "T4"],
    ["NVIDIA A10G", "A10G"],
    ["NVIDIA L40S", "L40S"],
    ["NVIDIA GH200 480GB", "GH200"],
    ["NVIDIA GB10", "GB10"],
    ["NVIDIA RTX A6000", "RTX-A6000"],
    ["Quadro RTX 6000", "RTX-6000"],
    ["NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX-PRO-6000"],
    ["NVIDIA GeForce RTX 3090", "GeForce-RTX-3090"],
    ["NVIDIA TITAN V", "TITAN-V"],
    ["NVIDIA Thor", "Thor"],
    ["Orin (nvgpu)", "Orin-(nvgpu)"],
  ];
  for (const [model, type] of names) assert.equal(nvidiaAcceleratorType(model), type, model);
  assert.equal(nvidiaAcceleratorType(""), null);
});

Deno.test("AMD names go by device id; models Ray does not name have none", () => {
  assert.equal(amdAcceleratorType(29857), "AMD-Instinct-MI300X-OAM");
  assert.equal(amdAcceleratorType(0x75a0), "AMD-Instinct-MI350X-OAM");
  assert.equal(amdAcceleratorType(0x744c), null);
});
