import assert from "assert";
import { probe } from "../probe/gpus.ts";
import { RAPHAEL_AND_RX_6600, STRIX_GTT, STRIX_HALO } from "../probe/testdata/amd_desktop.ts";
import { merge, type Tree, treeHost } from "../probe/testdata/tree.ts";
import { amdReadings } from "./amd_readings.ts";

function readingsOf(tree: Tree) {
  const host = treeHost(tree);
  return amdReadings(host, probe({ host }).gpus);
}

Deno.test("a card's use, heat, power and processes are read from its files", () => {
  const at = "/sys/bus/pci/devices/0000:03:00.0";
  const [gpu, ...others] = readingsOf(merge(RAPHAEL_AND_RX_6600, {
    [`${at}/gpu_busy_percent`]: "83\n",
    [`${at}/mem_info_vram_used`]: "4294967296\n",
    [`${at}/hwmon/hwmon3/temp1_input`]: "71000\n",
    [`${at}/hwmon/hwmon3/power1_average`]: "118000000\n",
    "/sys/class/kfd/kfd/proc/77/vram_20002": "4000000000\n",
    "/sys/class/kfd/kfd/proc/78/vram_20001": "5\n",
    "/sys/class/kfd/kfd/proc/9/vram_20002": "0\n",
  }));
  assert.deepEqual(others, []);
  assert.equal(gpu!.name, "AMD gfx1032 (1002:73ff)");
  const { name: _, uuid: __, ...reading } = gpu!;
  assert.deepEqual(reading, {
    index: 0,
    busy_percent: 83,
    memory_total: 8573157376,
    memory_used: 4294967296,
    temperature_c: 71,
    power_w: 118,
    processes: [{ pid: 77, memory_used: 4000000000 }],
  });
});

Deno.test("an integrated GPU uses its own memory and what it borrows", () => {
  const at = "/sys/bus/pci/devices/0000:c6:00.0";
  const [gpu] = readingsOf(merge(STRIX_HALO, {
    [`${at}/mem_info_vram_used`]: "1073741824\n",
    [`${at}/mem_info_gtt_used`]: "64000000000\n",
    [`${at}/hwmon/hwmon1/power1_input`]: "54000000\n",
  }));
  assert.equal(gpu!.memory_used, 65073741824);
  assert.ok(gpu!.memory_total! > STRIX_GTT);
  assert.equal(gpu!.power_w, 54);
  assert.equal(gpu!.busy_percent, undefined);
});

Deno.test("without those files a GPU has its name only", () => {
  const [gpu] = readingsOf(RAPHAEL_AND_RX_6600);
  assert.deepEqual(Object.keys(gpu!).sort(), ["index", "name", "processes", "uuid"]);
});
