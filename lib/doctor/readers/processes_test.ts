import assert from "assert";
import { madeSystem } from "../testdata/made_system.ts";
import { kindOf, readProcesses } from "./processes.ts";

const words = (text: string) => ({ name: "x", words: text.split(" ") });

Deno.test("processes are known by their commands", () => {
  const kinds: [string, ReturnType<typeof kindOf>][] = [
    ["/opt/venv/lib/python3.12/site-packages/ray/core/src/ray/raylet/raylet --a", "ray"],
    ["ray::IDLE", "ray"],
    ["/usr/bin/python -u /x/ray/dashboard/dashboard.py --host=127.0.0.1", "ray"],
    ["redis-server *:6379", "redis"],
    ["/usr/sbin/chronyd -F 1", "clock"],
    ["/opt/vllm/bin/python -m ray._worker", "beam-worker"],
    ["/usr/bin/python /home/me/.beam/shim/1/ray/_worker/start.py", "beam-worker"],
    ["/usr/bin/nv-fabricmanager -c /usr/share/nvidia/nvswitch/fabricmanager.cfg", "fabric-manager"],
    ["VLLM::EngineCore", "vllm"],
    ["/usr/bin/python3 /usr/local/bin/vllm serve m", "vllm"],
    ["/usr/local/bin/beam daemon", "beam-daemon"],
    ["/usr/local/bin/beam head", "beam-head"],
    ["/opt/beam-0.1.0-linux-x86_64 daemon", "beam-daemon"],
    ["/usr/lib/erlang/bin/beam.smp daemon", undefined],
    ["/usr/bin/deno run -A --quiet /src/beam/main.ts daemon", "beam-daemon"],
    ["/usr/bin/python train.py", undefined],
    ["vim /etc/beam/ray.conf", undefined],
    ["/usr/local/bin/beam doctor", undefined],
  ];
  for (const [text, kind] of kinds) assert.equal(kindOf(words(text)), kind, text);
});

const stat = (pid: number, ppid: number, name: string, state = "S") =>
  `${pid} (${name}) ${state} ${ppid} 0 0\n`;
const TREE = {
  "/proc/10/stat": stat(10, 1, "beam"),
  "/proc/10/cmdline": "/usr/local/bin/beam\0daemon\0",
  "/proc/11/stat": stat(11, 10, "python"),
  "/proc/11/cmdline": "python\0-m\0ray._worker\0",
  "/proc/12/stat": stat(12, 11, "VLLM::Worker"),
  "/proc/12/cmdline": "VLLM::Worker\0",
  "/proc/20/stat": stat(20, 1, "redis-server"),
  "/proc/20/cmdline": "redis-server *:6379\0--requirepass\0hunter2\0--x\0--y\0",
  "/proc/30/stat": stat(30, 1, "systemd"),
  "/proc/31/stat": stat(31, 30, "python"),
  "/proc/31/cmdline": "python\0-m\0ray._worker\0",
  "/proc/21/stat": stat(21, 1, "gone", "Z"),
  "/proc/20/fd/7": "",
  "/proc/net/tcp":
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
    "   0: 00000000:18EB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 555 1\n" +
    "   1: 0100007F:2049 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 556 1\n" +
    "   2: 0100007F:18EB 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 557 1\n",
};

Deno.test("a node's own are its processes and what descends from them", () => {
  const found = readProcesses(madeSystem({ tree: TREE }), [10]);
  assert.deepEqual(
    found.processes.map(({ pid, kind, ours, orphan }) => [pid, kind, ours, orphan]),
    [
      [10, "beam-daemon", true, true],
      [11, "beam-worker", true, false],
      [12, "vllm", true, false],
      [20, "redis", false, true],
      [31, "beam-worker", false, true],
    ],
  );
  assert.equal(found.isOurs(12), true);
  assert.equal(found.commandOf(21), null);
});

Deno.test("in a container, children of the program that is process 1 are no orphans", () => {
  const tree = {
    "/proc/1/stat": stat(1, 0, "vllm"),
    "/proc/1/cmdline": "/usr/bin/python3\0/usr/local/bin/vllm\0serve\0",
    "/proc/12/stat": stat(12, 1, "VLLM::EngineCore"),
    "/proc/12/cmdline": "VLLM::EngineCore\0",
  };
  const system = { ...madeSystem({ tree }), pid: () => 99 };
  const { processes } = readProcesses(system, []);
  assert.deepEqual(processes.map(({ pid, orphan }) => [pid, orphan]), [[1, false], [12, false]]);
});

Deno.test("listeners on beam's ports are told with who holds them, others are not", () => {
  const links = { "/proc/20/fd/7": "socket:[555]" };
  const { listeners } = readProcesses(madeSystem({ tree: TREE, links }), []);
  assert.deepEqual(listeners.map(({ port, address, pid }) => [port, address, pid]), [
    [6379, "0.0.0.0", 20],
    [8265, "127.0.0.1", null],
  ]);
});
