import { bare, foundBy, isQuiet, machine, tells } from "../testdata/made_facts.ts";
import assert from "assert";

const GIB = 2 ** 30;

Deno.test("BD027: what beam up refuses", async () => {
  await tells("BD027", machine({ runtime_dir: { mode: 0o755 } }), "error", /chmod 700/);
  await isQuiet("BD027", machine({ runtime_dir: { mode: 0o710 } }));
  await tells("BD027", machine({ runtime_dir: { uid: 0 } }), "error", /belongs to user 0/);
  await tells("BD027", machine({ runtime_dir: { writable: false } }), "error", /cannot be written/);
  await tells(
    "BD027",
    machine({ runtime_dir: { machine_dir_fault: "its mode must be 700, and is 755" } }),
    "error",
    /XDG_RUNTIME_DIR/,
  );
});

Deno.test("BD027: disks that are full, of room or of names, noexec, on a network", async () => {
  const on = (file_system: Record<string, unknown>, more = {}) =>
    machine({ runtime_dir: { file_system }, ...more });
  await tells("BD027", on({ free: GIB }), "warning", /1 GiB of 1000 GiB left/, /du -xh/);
  await tells("BD027", on({ free: 1e6 }), "error");
  await tells("BD027", on({ inodes_free: 3 }), "warning", /3 names/);
  await tells("BD027", on({ options: ["rw", "noexec"] }), "warning", /remount,exec/);
  const nfs = { type: "nfs4", source: "server:/home" };
  await tells("BD027", on(nfs), "warning", /nfs4 \(server:\/home\)/, /journal/);
  await isQuiet("BD027", on(nfs, { node: { is_head: false } }), "info");
  await isQuiet("BD027", machine({}));
});

Deno.test("BD028: other machines in the same directory are a note", async () => {
  await tells(
    "BD028",
    machine({ runtime_dir: { other_hosts: ["gpu-2", "gpu-3"] } }),
    "info",
    /gpu-2 and gpu-3/,
  );
  await isQuiet("BD028", machine({}));
});

Deno.test("BD048: a folder of sockets that goes with a login, before it has gone", async () => {
  const going = { runtime_dir: { until_logout_of: "me" } };
  await tells(
    "BD048",
    machine(going),
    "warning",
    /user me logs out/,
    /`loginctl enable-linger me`/,
  );
  await tells("BD048", bare(going), "warning");
  await isQuiet("BD048", machine({}));
});

Deno.test("BD034: values and records that ended daemons left", async () => {
  const store = {
    kind: "object-store" as const,
    path: "/dev/shm/beam-1000-a-9-1",
    bytes: 20 * GIB,
    pid: 9,
  };
  await tells("BD034", machine({ leftovers: [store] }), "warning", /20 GiB/, /rm -r/);
  await isQuiet("BD034", machine({ leftovers: [{ ...store, bytes: 5000 }] }), "info");
  const record = {
    kind: "instance" as const,
    path: "/run/user/1000/beam/0abc",
    bytes: null,
    pid: 9,
  };
  await isQuiet("BD034", machine({ leftovers: [record] }), "info");
  assert.equal((await foundBy("BD034", machine({ leftovers: [record] }))).length, 1);
});

Deno.test("BD034: what a killed vLLM leaves; a server that init started is none", async () => {
  const engine = {
    pid: 90,
    ppid: 1,
    uid: 1000,
    kind: "vllm" as const,
    command: "VLLM::EngineCore",
    ours: false,
    orphan: true,
  };
  await tells("BD034", bare({ processes: [engine] }), "warning", /process 90 \(VLLM::EngineCore\)/);
  await isQuiet("BD034", bare({ processes: [{ ...engine, orphan: false }] }));
  const server = { ...engine, command: "/usr/bin/python3 /usr/local/bin/vllm serve" };
  await isQuiet("BD034", bare({ processes: [server] }));
});

Deno.test("BD034: workers whose daemon is gone", async () => {
  const worker = (pid: number, ppid: number) => ({
    pid,
    ppid,
    orphan: ppid === 1,
    uid: 1000,
    kind: "beam-worker" as const,
    command: "python -m ray._worker",
    ours: false,
  });
  const daemon = { ...worker(50, 1), kind: "beam-daemon" as const, command: "beam daemon" };
  await tells(
    "BD034",
    bare({ processes: [worker(70, 1), worker(71, 70)] }),
    "warning",
    /process 70/,
    /`kill 70`/,
  );
  await isQuiet("BD034", bare({ processes: [daemon, worker(60, 50), worker(61, 60)] }));
});
