import assert from "assert";
import { OPENS, refuses } from "../../probe/testdata/tree.ts";
import { madeSystem } from "../testdata/made_system.ts";
import { readClock } from "./clock.ts";
import { readLimits } from "./limits.ts";
import { readCpus, readMemory } from "./memory.ts";
import { readFirewall, readPlatform } from "./platform.ts";
import { readRdma } from "./rdma.ts";

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             96365                unlimited            processes
Max open files            1024                 1048576              files
Max locked memory         unlimited            unlimited            bytes
`;

Deno.test("limits are those of this process and of its control groups", () => {
  const limits = readLimits(madeSystem({
    tree: {
      "/proc/self/limits": LIMITS,
      "/proc/self/status": "CapEff:\t0000000000004000\nCpus_allowed_list:\t0-3,8\n",
      "/proc/self/cgroup": "0::/user.slice/job\n",
      "/sys/fs/cgroup/user.slice/job/pids.max": "max\n",
      "/sys/fs/cgroup/user.slice/job/pids.current": "3\n",
      "/sys/fs/cgroup/user.slice/pids.max": "2048\n",
      "/sys/fs/cgroup/user.slice/pids.current": "40\n",
    },
  }));
  assert.deepEqual(limits.processes, { soft: 96365, hard: null });
  assert.deepEqual(limits.open_files, { soft: 1024, hard: 1_048_576 });
  assert.deepEqual(limits.locked_memory, { soft: null, hard: null });
  assert.equal(limits.may_lock, true);
  assert.deepEqual(limits.cgroup_pids, { max: 2048, current: 40 });
});

Deno.test("in a container the limit lies where the group is mounted", () => {
  const limits = readLimits(madeSystem({
    tree: {
      "/proc/self/cgroup": "0::/\n",
      "/sys/fs/cgroup/pids.max": "1024\n",
      "/sys/fs/cgroup/pids.current": "7\n",
    },
  }));
  assert.deepEqual(limits.cgroup_pids, { max: 1024, current: 7 });
  assert.equal(limits.open_files, null);
  assert.equal(limits.may_lock, null);
});

Deno.test("the tightest group's memory and CPU count, of both versions", () => {
  const v2 = madeSystem({
    tree: {
      "/proc/meminfo":
        "MemTotal: 1000 kB\nMemFree: 300 kB\nMemAvailable: 500 kB\nSwapTotal: 0 kB\n" +
        "HugePages_Total: 2\nHugepagesize: 2048 kB\n",
      "/proc/self/cgroup": "0::/a/b\n",
      "/proc/self/status": "Cpus_allowed_list:\t0-3,8\n",
      "/sys/devices/system/cpu/online": "0-15\n",
      "/sys/fs/cgroup/a/memory.max": "400000\n",
      "/sys/fs/cgroup/a/memory.current": "390000\n",
      "/sys/fs/cgroup/a/memory.stat": "anon 100\ninactive_file 300000\nactive_file 89900\n",
      "/sys/fs/cgroup/a/b/memory.max": "max\n",
      "/sys/fs/cgroup/a/cpu.max": "250000 100000\n",
      "/sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
    },
  });
  const memory = readMemory(v2);
  assert.deepEqual([memory.total, memory.free, memory.available], [1_024_000, 307_200, 512_000]);
  assert.deepEqual([memory.cgroup_limit, memory.cgroup_used], [400_000, 100]);
  assert.equal(memory.huge_pages, 2 * 2048 * 1024);
  assert.deepEqual(readCpus(v2), { online: 16, allowed: 5, quota: 2.5 });
  const v1 = madeSystem({
    tree: {
      "/proc/self/cgroup": "4:memory:/\n2:cpu,cpuacct:/\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      "/sys/devices/system/cpu/online": "0\n",
    },
  });
  assert.equal(readMemory(v1).cgroup_limit, null);
  assert.deepEqual(readCpus(v1), { online: 1, allowed: null, quota: null });
});

Deno.test("RDMA cards with the nodes that they have, and whether these open", () => {
  const at = "/sys/class/infiniband/mlx5_0";
  const tree = {
    [`${at}/device/uevent`]: "DRIVER=mlx5_core\n",
    [`${at}/ports/1/state`]: "4: ACTIVE\n",
    [`${at}/ports/1/link_layer`]: "Ethernet\n",
    [`${at}/ports/1/rate`]: "200 Gb/sec (4X HDR)\n",
    [`${at}/ports/1/gid_attrs/ndevs/0`]: "enp1s0f0np0\n",
    "/sys/class/infiniband_verbs/uverbs3/ibdev": "mlx5_0\n",
    "/dev/infiniband/uverbs3": refuses("EPERM"),
    "/dev/infiniband/rdma_cm": OPENS,
  };
  assert.deepEqual(readRdma(madeSystem({ tree })), {
    rdma_cm: "ok",
    devices: [{
      name: "mlx5_0",
      node: "/dev/infiniband/uverbs3",
      access: "EPERM",
      driver: "mlx5_core",
      ports: [{
        port: 1,
        state: "ACTIVE",
        link_layer: "Ethernet",
        rate: "200 Gb/sec (4X HDR)",
        interface: "enp1s0f0np0",
      }],
    }],
  });
  assert.deepEqual(readRdma(madeSystem()).devices, []);
});

Deno.test("distribution, C library, container and guards", () => {
  const ubuntu = readPlatform(
    madeSystem({
      tree: {
        "/etc/os-release": 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n',
        "/proc/sys/kernel/osrelease": "6.8.0-41-generic\n",
        "/lib/x86_64-linux-gnu/libc.so.6":
          "…GNU C Library (Ubuntu GLIBC 2.39-0ubuntu8.3) stable release version 2.39.\n…",
        "/.dockerenv": "",
        "/proc/self/attr/current": "docker-default (enforce)\n",
        "/sys/kernel/security/apparmor/profiles": "",
        "/proc/sys/kernel/dmesg_restrict": "1\n",
        "/proc/self/status": "CapEff:\t0000000000000000\n",
      },
    }),
    {},
  );
  const { distribution, distribution_like, glibc, musl, wsl, container, apparmor, kernel_log } =
    ubuntu;
  assert.deepEqual({
    distribution,
    distribution_like,
    glibc,
    musl,
    wsl,
    container,
    apparmor,
    kernel_log,
  }, {
    distribution: "ubuntu",
    distribution_like: ["debian"],
    glibc: "2.39",
    musl: false,
    wsl: false,
    container: "docker",
    apparmor: "docker-default (enforce)",
    kernel_log: false,
  });
  const alpine = readPlatform(
    madeSystem({
      tree: {
        "/lib/ld-musl-x86_64.so.1": "",
        "/proc/sys/kernel/osrelease": "5.15.167.4-microsoft-standard-WSL2\n",
        "/sys/fs/selinux/enforce": "1\n",
      },
    }),
    { KUBERNETES_SERVICE_HOST: "10.96.0.1" },
  );
  assert.deepEqual(
    [alpine.glibc, alpine.musl, alpine.wsl, alpine.container, alpine.selinux],
    [null, true, true, "kubernetes", "enforcing"],
  );
});

Deno.test("the firewall that is on, by its own files", () => {
  const kind = (tree: Record<string, string>) => readFirewall(madeSystem({ tree })).kind;
  assert.equal(
    kind({ "/etc/ufw/ufw.conf": "# on\nENABLED=yes\n", "/run/firewalld.pid": "9" }),
    "ufw",
  );
  assert.equal(
    kind({ "/etc/ufw/ufw.conf": "ENABLED=no\n", "/run/firewalld.pid": "9" }),
    "firewalld",
  );
  const wants = "/etc/systemd/system/multi-user.target.wants";
  assert.equal(kind({ [`${wants}/nftables.service`]: "" }), "nftables");
  assert.equal(kind({ "/proc/net/ip_tables_names": "nat\nfilter\n" }), "iptables");
  assert.equal(kind({ "/proc/net/ip_tables_names": "nat\n" }), null);
});

Deno.test("who keeps the clock", () => {
  const chrony = {
    pid: 1,
    ppid: 1,
    uid: 0,
    kind: "clock" as const,
    command: "/usr/sbin/chronyd -F 1",
    ours: false,
    orphan: true,
  };
  const clock = { synchronized: false, max_error_ms: 16_000 };
  assert.deepEqual(readClock(madeSystem({ clock }), [chrony]), { ...clock, kept_by: "chronyd" });
  const tree = { "/run/systemd/timesync/synchronized": "" };
  assert.deepEqual(readClock(madeSystem({ tree }), []), {
    synchronized: true,
    max_error_ms: null,
    kept_by: "systemd-timesyncd",
  });
  assert.equal(readClock(madeSystem(), []).synchronized, null);
});
