import { card, isQuiet, machine, tells } from "../testdata/made_facts.ts";

Deno.test("BD005: a card with a link that cannot be opened", async () => {
  const absent = [card("mlx5_0", { access: "ENOENT" })];
  await tells(
    "BD005",
    machine({ rdma: { devices: absent }, platform: { container: "docker" } }),
    "warning",
    /uverbs0: ENOENT/,
    /docker run --device=\/dev\/infiniband --cap-add=IPC_LOCK --ulimit memlock=-1/,
  );
  await tells(
    "BD005",
    machine({ rdma: { devices: absent }, platform: { container: "kubernetes" } }),
    "warning",
    /rdma\/hca/,
  );
  await tells("BD005", machine({ rdma: { devices: absent } }), "warning", /modprobe ib_uverbs/);
  const refused = [card("mlx5_0", { access: "EACCES" })];
  await tells("BD005", machine({ rdma: { devices: refused } }), "warning", /usermod -aG rdma/);
});

Deno.test("BD005: without a link, or without GPUs, a closed card is nobody's loss", async () => {
  const port = { port: 1, state: "DOWN", link_layer: null, rate: null, interface: null };
  await isQuiet(
    "BD005",
    machine({ rdma: { devices: [card("a", { access: "EACCES", ports: [port] })] } }),
  );
  const login = machine({
    rdma: { devices: [card("mlx5_0", { access: "EACCES" })] },
    gpus: { devices: [] },
    node: { gpus: 0 },
  });
  await isQuiet("BD005", login, "info");
});

Deno.test("BD006: little memory may be locked where cards can be used", async () => {
  const limits = { locked_memory: { soft: 8 * 2 ** 20, hard: 8 * 2 ** 20 } };
  await tells(
    "BD006",
    machine({ limits }),
    "error",
    /8 MiB/,
    /ulimit -l unlimited/,
    /LimitMEMLOCK=infinity/,
  );
  await tells(
    "BD006",
    machine({ limits, platform: { container: "docker" } }),
    "error",
    /docker run --ulimit memlock=-1/,
  );
  await isQuiet("BD006", machine({ limits: { ...limits, may_lock: true } }));
  await isQuiet("BD006", machine({ limits, rdma: { devices: [] } }));
});
