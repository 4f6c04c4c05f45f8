import { bare, isQuiet, machine, tells } from "../testdata/made_facts.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

Deno.test("BD010: Docker's 64 MB, less than the GPUs need, none, full", async () => {
  await tells(
    "BD010",
    machine({ shm: { size: 64 * MIB, free: 64 * MIB }, platform: { container: "docker" } }),
    "error",
    /has 64 MiB/,
    /docker run --shm-size=16g/,
  );
  await tells(
    "BD010",
    machine({ shm: { size: GIB, free: GIB }, platform: { container: "kubernetes" } }),
    "warning",
    /emptyDir: \{medium: Memory/,
  );
  await tells("BD010", machine({ shm: null }), "error", /mount -t tmpfs/);
  await tells("BD010", machine({ shm: { free: GIB } }), "warning", /1 GiB of 512 GiB left/);
  await isQuiet("BD010", machine({ shm: { size: 16 * GIB, free: 15 * GIB } }));
});

Deno.test("BD011: files that may be open", async () => {
  await tells(
    "BD011",
    machine({ limits: { open_files: { soft: 256, hard: 256 } } }),
    "warning",
    /256 files/,
    /ulimit -n 65536/,
  );
  const usual = machine({ limits: { open_files: { soft: 1024, hard: 1_048_576 } } });
  await tells("BD011", usual, "info");
  await isQuiet("BD011", machine({ limits: { open_files: { soft: null, hard: null } } }));
});

Deno.test("BD012: processes and threads, of the group and of the user", async () => {
  await tells(
    "BD012",
    machine({
      limits: { cgroup_pids: { max: 2048, current: 12 } },
      platform: { container: "podman" },
    }),
    "warning",
    /allows 2048.*12 of them/,
    /podman run --pids-limit=-1/,
  );
  await tells(
    "BD012",
    machine({
      limits: { cgroup_pids: { max: 1024, current: 1 } },
      platform: { container: "kubernetes" },
    }),
    "warning",
    /podPidsLimit/,
  );
  const limits = { processes: { soft: 1024, hard: 1024 } };
  await tells("BD012", machine({ limits }), "warning", /ulimit -u unlimited/);
  await isQuiet("BD012", machine({ limits, platform: { uid: 0 } }));
});

Deno.test("BD013: a control group with little memory", async () => {
  await tells(
    "BD013",
    machine({
      memory: { cgroup_limit: 16 * GIB, cgroup_used: GIB },
      platform: { container: "docker" },
    }),
    "warning",
    /16 GiB of the machine's 1 TiB/,
    /docker run --memory=64g/,
  );
  await tells(
    "BD013",
    machine({ memory: { cgroup_limit: 512 * GIB, cgroup_used: 500 * GIB } }),
    "warning",
    /12 GiB are left/,
  );
  await isQuiet(
    "BD013",
    machine({ memory: { cgroup_limit: 512 * GIB, cgroup_used: GIB } }),
    "info",
  );
});

Deno.test("BD014: fewer CPUs than workers", async () => {
  await tells(
    "BD014",
    machine({ cpus: { quota: 4 }, platform: { container: "docker" } }),
    "warning",
    /4 of 128 CPUs.*8 GPUs/,
    /--cpus=128/,
  );
  await tells("BD014", machine({ cpus: { online: 8, allowed: 8 } }), "warning", /--num-gpus/);
  await isQuiet("BD014", machine({ cpus: { quota: 64 } }), "info");
  await isQuiet("BD014", bare({ cpus: { online: 2, allowed: 2 }, gpus: { devices: [] } }));
});
