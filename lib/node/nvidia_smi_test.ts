import assert from "assert";
import { join } from "node:path";
import { NvidiaSmi, parseSmi } from "./nvidia_smi.ts";

const H100 = "GPU-0e6d4a1c-52b6-0f4a-9d0c-1d2e3f405162";
const GPUS = `${H100}, 00000000:18:00.0, NVIDIA H100 80GB HBM3, 97, 81559, 70123, 61, 689.12\n` +
  "GPU-1, 0000000F:01:00.0, NVIDIA GB10, 12, [N/A], [N/A], 45, 18.5\n";
const APPS = `${H100}, 4242, 70000\n${H100}, 4243, [N/A]\nGPU-1, [N/A], 5\n`;
const MIB = 2 ** 20;

/** A command of that name in a folder of its own. */
class Command implements Disposable {
  readonly folder = Deno.makeTempDirSync();
  readonly path = join(this.folder, "nvidia-smi");

  constructor(script: string) {
    Deno.writeTextFileSync(this.path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  file(name: string, text: string): string {
    const path = join(this.folder, name);
    Deno.writeTextFileSync(path, text);
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

Deno.test("the command's tables are read; what it has no number for is left out", () => {
  assert.deepEqual(parseSmi(GPUS, APPS), [
    {
      uuid: H100,
      pci: "0000:18:00.0",
      name: "NVIDIA H100 80GB HBM3",
      busy_percent: 97,
      memory_total: 81559 * MIB,
      memory_used: 70123 * MIB,
      temperature_c: 61,
      power_w: 689.12,
      processes: [{ pid: 4242, memory_used: 70000 * MIB }, { pid: 4243 }],
    },
    {
      uuid: "GPU-1",
      pci: "000f:01:00.0",
      name: "NVIDIA GB10",
      busy_percent: 12,
      temperature_c: 45,
      power_w: 18.5,
      processes: [],
    },
  ]);
  const sick = "GPU-2, 0000:19:00.0, NVIDIA H100, [GPU requires reset], [Unknown Error], 1, , -1\n";
  assert.deepEqual(parseSmi(`${sick}No devices were found\n`, "nonsense"), [{
    uuid: "GPU-2",
    pci: "0000:19:00.0",
    name: "NVIDIA H100",
    memory_used: MIB,
    processes: [],
  }]);
});

Deno.test("it is asked once for all who ask within a few seconds", async () => {
  using command = new Command('case "$1" in *apps*) cat "$0.apps";; *) cat "$0.gpus"; esac');
  command.file("nvidia-smi.gpus", GPUS);
  command.file("nvidia-smi.apps", APPS);
  let now = 0;
  const smi = new NvidiaSmi({ command: command.path, now: () => now });
  const [one, other] = await Promise.all([smi.read(60_000), smi.read(60_000)]);
  assert.deepEqual(one, parseSmi(GPUS, APPS));
  assert.deepEqual(other, one);
  command.file("nvidia-smi.gpus", "");
  now = 3000;
  assert.equal((await smi.read(60_000)).length, 2);
  now = 5000;
  assert.equal((await smi.read(60_000)).length, 0);
});

Deno.test("one that hangs is ended, and holds nobody up meanwhile", async () => {
  using command = new Command("exec sleep 1000");
  const smi = new NvidiaSmi({ command: command.path, timeout: 300 });
  assert.deepEqual(await smi.read(1), []);
  assert.equal(smi.pids.length, 2, "who reaps orphans must know them");
  assert.deepEqual(await smi.read(60_000), [], "it waits for the run that is under way");
  assert.match(smi.fault ?? "", /did not answer within 0.3 s/);
  assert.deepEqual(smi.pids, []);
});

Deno.test("one that fails tells why, one that is not there is not looked for each time", async () => {
  using command = new Command("exit 9");
  const failing = new NvidiaSmi({ command: command.path });
  assert.deepEqual(await failing.read(60_000), []);
  assert.match(failing.fault ?? "", /ended with code 9/);

  let now = 0;
  const path = join(command.folder, "later");
  const absent = new NvidiaSmi({ command: path, now: () => now });
  assert.deepEqual(await absent.read(60_000), []);
  Deno.writeTextFileSync(path, `#!/bin/sh\necho '${GPUS.split("\n")[0]}'\n`, { mode: 0o755 });
  now = 10_000;
  assert.deepEqual(await absent.read(60_000), []);
  now = 400_000;
  assert.equal((await absent.read(60_000)).length, 1);
});
