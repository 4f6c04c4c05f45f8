import assert from "assert";
import { isProcessLimit, processLimit } from "./process_limit.ts";

const reading = (files: Record<string, string>) => (path: string) => files[path];

const MACHINE = {
  "/proc/loadavg": "0.10 0.20 0.30 2/812 4711\n",
  "/proc/sys/kernel/threads-max": "96365\n",
  "/proc/sys/kernel/pid_max": "32768\n",
  "/proc/self/limits":
    "Max processes             4096                 8192                 processes\n",
};

Deno.test("a full control group is named, also one above, also in a container", () => {
  const group = { "/pids.max": "18\n", "/pids.current": "18\n" };
  const at = (folder: string) =>
    Object.fromEntries(Object.entries(group).map(([name, text]) => [folder + name, text]));
  for (
    const [cgroup, folder] of [
      ["0::/system.slice/beam.service", "/sys/fs/cgroup/system.slice"],
      ["0::/", "/sys/fs/cgroup"],
      ["9:name=systemd:/x\n8:pids:/docker/ab\n0::/", "/sys/fs/cgroup/pids/docker/ab"],
      ["4:cpu,pids:/docker/ab", "/sys/fs/cgroup/pids"],
    ] as const
  ) {
    const read = reading({ ...MACHINE, "/proc/self/cgroup": `${cgroup}\n`, ...at(folder) });
    const { text, mend } = processLimit(read, 1000);
    assert.match(text, /control group may have 18 processes and threads, and has 18/);
    assert.ok(text.includes(`${folder}/pids.max`), text);
    assert.match(mend, /--pids-limit.*podPidsLimit.*TasksMax/);
  }
});

Deno.test("where groups have room it is the machine's or the user's", () => {
  const full = { ...MACHINE, "/proc/sys/kernel/pid_max": "820\n" };
  assert.match(processLimit(reading(full), 1000).text, /the machine may have 820 .* has 812/);
  assert.match(processLimit(reading(full), 1000).mend, /sysctl kernel\.pid_max/);
  assert.match(processLimit(reading(MACHINE), 1000).text, /its user may have 4096/);
  assert.match(processLimit(reading(MACHINE), 0).mend, /ulimit -u.*pids\.max.*threads-max/);
  assert.match(processLimit(reading({}), 1000).text, /no more processes/);
});

Deno.test("the system's answer is known in each of its spellings", () => {
  for (
    const text of [
      "Failed to spawn '/bin/x': Resource temporarily unavailable (os error 11)",
      "spawn /bin/x EAGAIN",
      "Cannot fork a worker: [Errno 11] Resource temporarily unavailable",
    ]
  ) assert.ok(isProcessLimit(new Error(text)), text);
  assert.ok(!isProcessLimit(new Error("No such file or directory (os error 2)")));
});
