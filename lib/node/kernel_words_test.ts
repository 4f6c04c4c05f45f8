import assert from "assert";
import { kernelLinesAbout, oomKills, saysOutOfMemory } from "./kernel_words.ts";

function files(map: Record<string, string>) {
  return (path: string) => map[path];
}

Deno.test("out-of-memory kills are counted in version 2 and version 1 groups", () => {
  assert.equal(
    oomKills(files({
      "/proc/self/cgroup": "0::/a/b\n",
      "/sys/fs/cgroup/a/b/memory.events": "low 0\noom 3\noom_kill 2\noom_group_kill 0\n",
    })),
    2,
  );
  assert.equal(
    oomKills(files({
      "/proc/self/cgroup": "0::/../x\n",
      "/sys/fs/cgroup/memory.events": "oom_kill 5\n",
    })),
    5,
  );
  assert.equal(
    oomKills(files({
      "/proc/self/cgroup": "5:cpu,memory:/docker/1\n0::/\n",
      "/sys/fs/cgroup/memory/memory.oom_control": "under_oom 0\noom_kill 1\n",
    })),
    1,
  );
  assert.equal(oomKills(files({})), undefined);
});

Deno.test("only the kernel's lines about this process since its start are told", () => {
  const log = [
    "<3>[   10.0] Out of memory: Killed process 77 (python3) total-vm:1kB",
    "<3>[  100.5] Out of memory: Killed process 77 (python3) total-vm:1kB",
    "<4>[  101.0] NVRM: Xid (PCI:0000:01:00): 31, pid=77, name=python3, Ch 00000008",
    "<4>[  102.0] python3[77]: segfault at 0 ip 0 sp 0 error 4",
    "<4>[  103.0] Out of memory: Killed process 777 (python3)",
    "<6>[  104.0] eth0: link up pid 77",
  ].join("\n");
  const told = kernelLinesAbout(log, 77, 50);
  assert.deepEqual(told.map((line) => line.slice(0, 10)), [
    "Out of mem",
    "NVRM: Xid ",
    "python3[77",
  ]);
  assert.equal(saysOutOfMemory(told), true);
  assert.equal(saysOutOfMemory(told.slice(1)), false);
  assert.deepEqual(kernelLinesAbout(log, 78, 0), []);
});

Deno.test("faults of a device that name no process are told of those who have devices", () => {
  const log = [
    "<3>[  101.0] NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off",
    "<3>[  102.0] NVRM: Xid (PCI:0000:3b:00): 31, pid=99, name=python3, Ch 00000008",
    "<4>[  103.0] amdgpu 0000:43:00.0: amdgpu: GPU reset begin!",
    "<4>[  104.0] amdgpu 0000:43:00.0: amdgpu: SMU is initialized successfully!",
  ].join("\n");
  const told = kernelLinesAbout(log, 77, 50, 60);
  assert.equal(told.length, 2);
  assert.match(told[0]!, /: 79,/);
  assert.match(told[1]!, /reset begin/);
  assert.deepEqual(kernelLinesAbout(log, 77, 50), []);
  assert.equal(kernelLinesAbout(log, 77, 50, 102).length, 1);
});

Deno.test("the log's clock may lag behind the one that the worker's start is told in", () => {
  const log = "<3>[  100.0] Out of memory: Killed process 77 (python3) total-vm:1kB";
  assert.equal(kernelLinesAbout(log, 77, 100.3).length, 1);
  assert.equal(kernelLinesAbout(log, 77, 200).length, 0);
});
