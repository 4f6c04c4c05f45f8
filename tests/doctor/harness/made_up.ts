/** A machine that is not there: its files as they would be, and what is found on it. */
import { CHECKS } from "../../../lib/doctor/checks.ts";
import type { Finding } from "../../../lib/doctor/check.ts";
import { readFacts } from "../../../lib/doctor/read_facts.ts";
import { runChecks } from "../../../lib/doctor/run_checks.ts";
import type { ListedAddress, System } from "../../../lib/doctor/system.ts";
import { merge, OPENS, type Tree, treeHost } from "../../../lib/probe/testdata/tree.ts";

/** An interface as /sys and the kernel show it. */
export interface MadeUpInterface {
  name: string;
  /** `10.0.0.1/24`; absent: it has none. */
  cidr?: string;
  driver?: string;
  /** Mb/s. */
  speed?: number;
  up?: boolean;
  carrier?: boolean;
  mtu?: number;
}

/** A machine with these files and interfaces. */
export interface MadeUp {
  tree: Tree;
  interfaces: readonly MadeUpInterface[];
  /** Locked memory in bytes; absent: no limit. */
  memlock?: number;
}

/** What the workers' interpreter says of itself. */
const PYTHON = JSON.stringify({
  executable: "/usr/bin/python3",
  version: "3.12.3",
  packages: { vllm: "0.11.0", torch: "2.8.0" },
  torch_cuda: "12.8",
  torch_hip: null,
  ray: null,
  ray_is_beam: false,
  sys_path: [],
});

/** What all checks of a node find there. */
export async function diagnosed({ tree, interfaces, memlock }: MadeUp): Promise<Finding[]> {
  const whole = merge(
    {
      "/etc/os-release": "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=24.04\n",
      "/etc/hosts": "127.0.0.1 localhost\n10.0.0.1 spark-1\n",
      "/proc/sys/kernel/hostname": "spark-1\n",
      "/proc/sys/kernel/osrelease": "6.11.0-1016-nvidia\n",
      "/proc/self/limits": "Limit  Soft Limit  Hard Limit  Units\n" +
        "Max processes             unlimited            unlimited            processes\n" +
        "Max open files            65536                65536                files\n" +
        `Max locked memory         ${lock(memlock)}  ${lock(memlock)}  bytes\n`,
      "/proc/self/status": "CapEff:\t0000000000000000\n",
      "/proc/mounts": "tmpfs /dev/shm tmpfs rw,nosuid,nodev 0 0\n/dev/nvme0n1p2 / ext4 rw 0 0\n",
      "/proc/self/mounts":
        "tmpfs /dev/shm tmpfs rw,nosuid,nodev 0 0\n/dev/nvme0n1p2 / ext4 rw 0 0\n",
      "/sys/devices/system/cpu/online": "0-19\n",
      "/home/me/.beam": OPENS,
      "/proc/net/route":
        "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n" +
        "enP7s7 00000000 0100000A 0003 0 0 100 00000000 0 0 0\n",
    },
    ...interfaces.map(interfaceTree),
    tree,
  );
  const facts = await readFacts({
    node: null,
    runtime_dir: "/home/me/.beam",
    machine_dir: "/run/user/1000/beam",
    worker_command: ["python3", "-m", "ray._worker"],
    // The fast network is the cluster's.
    env: { BEAM_NODE_IP: "192.168.100.1" },
    shim_path: null,
    security: {
      open: null,
      tls: null,
      files: null,
      files_fault: null,
      listens_on: null,
      certificate_until: null,
    },
  }, { system: systemOf(whole, interfaces) });
  return await runChecks(CHECKS, facts);
}

function lock(bytes: number | undefined): string {
  return bytes === undefined ? "unlimited" : `${bytes}`;
}

function interfaceTree(one: MadeUpInterface): Tree {
  const { name, driver, speed = 10_000, up = true, carrier = true, mtu = 1500 } = one;
  const at = `/sys/class/net/${name}`;
  return {
    [`${at}/ifindex`]: "2\n",
    [`${at}/flags`]: up ? "0x1003\n" : "0x1002\n",
    [`${at}/operstate`]: up && carrier ? "up\n" : "down\n",
    [`${at}/mtu`]: `${mtu}\n`,
    ...up && { [`${at}/carrier`]: carrier ? "1\n" : "0\n" },
    ...up && carrier && { [`${at}/speed`]: `${speed}\n`, [`${at}/duplex`]: "full\n" },
    ...driver && { [`${at}/device/uevent`]: `DRIVER=${driver}\nPCI_SLOT_NAME=0000:01:00.0\n` },
  };
}

function systemOf(tree: Tree, interfaces: readonly MadeUpInterface[]): System {
  const listed = interfaces.flatMap(({ name, cidr }): ListedAddress[] =>
    cidr === undefined ? [] : [{ name, address: cidr.split("/")[0]!, family: "IPv4", cidr }]
  );
  const room = { size: 64 * 2 ** 30, free: 60 * 2 ** 30, inodes: 10 ** 7, inodes_free: 10 ** 7 };
  return {
    ...treeHost(tree, { "/dev/shm": room.free }),
    info: (path) =>
      path === "/home/me/.beam" ? { kind: "folder", mode: 0o700, uid: 1000, size: 0 } : null,
    link: () => null,
    room: () => room,
    interfaces:
      () => [{ name: "lo", address: "127.0.0.1", family: "IPv4", cidr: "127.0.0.1/8" }, ...listed],
    resolve: () => Promise.resolve(["10.0.0.1"]),
    clock: () => null,
    kernelLog: () => null,
    subreapers: () => true,
    run: ([program]) =>
      program === "/usr/bin/python3"
        ? Promise.resolve({ code: 0, stdout: PYTHON, stderr: "" })
        : Promise.reject(new Error("nothing else is run there")),
    find: (name) => name === "python3" ? "/usr/bin/python3" : null,
    now: () => 1_750_000_000_000,
    uid: () => 1000,
    pid: () => 4711,
  };
}

/** An RDMA card with a link, as the kernel shows it. */
export function rdmaCard(name: string, { node = OPENS, index = 0 } = {}): Tree {
  const at = `/sys/class/infiniband/${name}`;
  return {
    [`${at}/device/uevent`]: "DRIVER=mlx5_core\n",
    [`${at}/ports/1/state`]: "4: ACTIVE\n",
    [`${at}/ports/1/link_layer`]: "Ethernet\n",
    [`${at}/ports/1/rate`]: "200 Gb/sec (4X HDR)\n",
    [`/sys/class/infiniband_verbs/uverbs${index}/ibdev`]: `${name}\n`,
    [`/dev/infiniband/uverbs${index}`]: node,
    "/dev/infiniband/rdma_cm": OPENS,
  };
}
