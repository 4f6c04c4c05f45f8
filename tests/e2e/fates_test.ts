/** Ends whose causes are known: made for real, and named in the error with what to do. */
import assert from "assert";
import { join } from "node:path";
import { openLibc } from "../../lib/node/libc.ts";
import type { Node } from "./harness/node.ts";
import { theme } from "./harness/scenario.ts";

let head: Node;
const { place, test } = theme("fates", async (place) => {
  head = await place.head({ gpus: 1 });
});

const FATES: [fate: string, cause: RegExp, mend: RegExp][] = [
  ["module", /exited with code 1: its Python has no module no_such_module/, /BEAM_WORKER_CMD/],
  ["library", /the library libnosuch\.so\.7 is missing/, /LD_LIBRARY_PATH/],
  ["port", /a port it needed is in use/, /ss -ltnp/],
  ["disk", /a disk or \/dev\/shm is full/, /df -h/],
  ["bus", /SIGBUS: mapped memory could not be had/, /--shm-size/],
];

test("an error names the cause and what to do", async () => {
  const driver = head.driver("fates.py", [head.ip, ...FATES.map(([fate]) => fate)]);
  for (const [wanted, cause, mend] of FATES) {
    const { fate, error } = await driver.said();
    assert.equal(fate, wanted);
    assert.equal(error.type, "ActorDiedError");
    assert.match(error.text, cause);
    assert.match(error.text, mend);
  }
  await driver.ok();
});

test("a fault of a GPU in the kernel's log goes before what the program says of it", async () => {
  const driver = head.driver("fates.py", [head.ip, "fault"], { input: true });
  const { pid } = await driver.said();
  const line = `NVRM: Xid (PCI:0000:3b:00): 31, pid=${pid}, name=python3, Ch 00000008, MMU Fault`;
  const logged = kernelLogs(line);
  await driver.tell("\n");
  const { error } = await driver.said();
  await driver.ok();
  if (!logged) return console.log("    the kernel's log cannot be written, or not read, here");
  assert.match(error.text, /outside of its memory \(Xid 31 of PCI:0000:3b:00\)/);
  assert.match(error.text, /CUDA_LAUNCH_BLOCKING/);
  assert.match(error.text, /kernel: NVRM: Xid/);
});

test("the kernel's kill for lack of memory is told from any other kill", async () => {
  const node = await place.head({ ip: "127.0.0.3" });
  using group = memoryGroup(400 * 2 ** 20);
  if (!group) return console.log("    no control group for memory can be made here");
  group.add([node.record.pid, ...node.templatePids]);
  const driver = node.driver("fates.py", [node.ip, "memory"]);
  const { error } = await driver.said();
  await driver.ok();
  assert.match(error.text, /ended by SIGKILL: the kernel killed it for lack of memory/);
  assert.match(error.text, /raise the memory limit/);
  const other = node.driver("elsewhere.py", [node.ip]);
  await other.said();
  await other.said("waiting");
  const { actors } = await node.status();
  Deno.kill(actors.find(({ class_name }) => class_name === "Far")!.pid, "SIGKILL");
  const later = await other.said();
  assert.match(later.error.text, /SIGKILL: somebody or something on that machine sent it/);
  await other.ok();
  await node.down();
});

/** Writes a line into the kernel's log; false where that may not be, or where it is not seen then. */
function kernelLogs(line: string): boolean {
  try {
    Deno.writeTextFileSync("/dev/kmsg", `<3>${line}\n`);
  } catch {
    return false;
  }
  using libc = openLibc();
  return libc?.kernelLog()?.text.includes(line) ?? false;
}

/** A control group below this process's own with a limit of memory, where one can be made. */
function memoryGroup(bytes: number) {
  const lines = Deno.readTextFileSync("/proc/self/cgroup").split("\n");
  const own = (kinds: string) => lines.find((line) => line.split(":")[1] === kinds)?.split(":")[2];
  const [root, path, file] = own("memory") !== undefined
    ? ["/sys/fs/cgroup/memory", own("memory")!, "memory.limit_in_bytes"]
    : ["/sys/fs/cgroup", own("") ?? "/", "memory.max"];
  const folder = join(root, path, `beam-deaths-${crypto.randomUUID().slice(0, 8)}`);
  try {
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(join(folder, file), String(bytes));
  } catch {
    try {
      Deno.removeSync(folder);
    } catch { /* it was not made */ }
    return undefined;
  }
  return {
    add(pids: number[]) {
      for (const pid of pids) Deno.writeTextFileSync(join(folder, "cgroup.procs"), `${pid}\n`);
    },
    [Symbol.dispose]() {
      const parent = join(folder, "..", "cgroup.procs");
      for (const pid of Deno.readTextFileSync(join(folder, "cgroup.procs")).split("\n")) {
        try {
          if (pid !== "") Deno.writeTextFileSync(parent, `${pid}\n`);
        } catch { /* it has ended */ }
      }
      Deno.removeSync(folder);
    },
  };
}
