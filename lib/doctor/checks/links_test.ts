import { card, gpu, isQuiet, machine, tells, wired } from "../testdata/made_facts.ts";

const eth0 = wired("eth0", "10.0.0.1");

Deno.test("BD007: the cluster's interface is off or without a cable", async () => {
  const off = wired("eth0", "10.0.0.1", { up: false, carrier: null, state: "down" });
  await tells(
    "BD007",
    machine({ network: { interfaces: [off] } }),
    "error",
    /sudo ip link set eth0 up/,
  );
  const out = wired("eth0", "10.0.0.1", { carrier: false, state: "lowerlayerdown" });
  await tells("BD007", machine({ network: { interfaces: [out] } }), "error", /no cable/);
});

Deno.test("BD007: another interface matters where it has an address", async () => {
  const out = { carrier: false, state: "down" };
  const addressed = [eth0, wired("eth1", "192.168.0.1", out)];
  await tells("BD007", machine({ network: { interfaces: addressed } }), "warning", /eth1/);
  const unused = [eth0, wired("eth1", "", { ...out, addresses: [] })];
  await isQuiet("BD007", machine({ network: { interfaces: unused } }));
});

Deno.test("BD008: slow, half duplex, wireless", async () => {
  const at = (more: Parameters<typeof wired>[2]) =>
    machine({ network: { interfaces: [wired("eth0", "10.0.0.1", more)] } });
  await tells(
    "BD008",
    at({ speed_mbps: 100 }),
    "warning",
    /negotiated 100 Mb\/s/,
    /ethtool -r eth0/,
  );
  await tells("BD008", at({ duplex: "half" }), "warning", /half duplex/);
  await tells("BD008", at({ wireless: true, speed_mbps: null }), "warning", /wireless/);
  await isQuiet("BD008", at({ speed_mbps: null, duplex: null }));
});

Deno.test("BD008: a much faster link is idle, unless RDMA or NCCL's variable uses it", async () => {
  const interfaces = [
    wired("eth0", "10.0.0.1", { speed_mbps: 10_000 }),
    wired("enp1s0f0np0", "192.168.100.1", { speed_mbps: 200_000, driver: "mlx5_core" }),
  ];
  const network = { interfaces };
  const plain = machine({ network, rdma: { devices: [] } });
  await tells(
    "BD008",
    plain,
    "warning",
    /on eth0 \(10 Gb\/s\), while enp1s0f0np0 has 200 Gb\/s/,
    /--node-ip 192\.168\.100\.1/,
  );
  const port = { port: 1, state: "ACTIVE", link_layer: "Ethernet" as const, rate: null };
  const rdma = { devices: [card("mlx5_0", { ports: [{ ...port, interface: "enp1s0f0np0" }] })] };
  await isQuiet("BD008", machine({ network, rdma }));
  const chosen = { NCCL_SOCKET_IFNAME: "=enp1s0f0np0" };
  await isQuiet("BD008", machine({ network, rdma: { devices: [] }, env: chosen }));
});

const spark = [gpu(0, { name: "NVIDIA GB10", memory: null, integrated: true })];
const port = (name: string, address: string, more: Parameters<typeof wired>[2] = {}) =>
  wired(name, address, { driver: "mlx5_core", speed_mbps: 200_000, ...more });

Deno.test("BD009: both halves of a Spark's port are needed, each in a subnet of its own", async () => {
  const on = (...interfaces: ReturnType<typeof wired>[]) =>
    machine({ gpus: { devices: spark }, network: { interfaces: [eth0, ...interfaces] } });
  const off = { up: false, carrier: null, state: "down", addresses: [] };
  await tells(
    "BD009",
    on(port("enp1s0f0np0", "192.168.100.1"), port("enP2p1s0f0np0", "", off)),
    "warning",
    /the other half of the same port/,
    /sudo ip link set enP2p1s0f0np0 up/,
  );
  await tells(
    "BD009",
    on(port("enp1s0f0np0", "192.168.100.1"), port("enP2p1s0f0np0", "", { addresses: [] })),
    "warning",
    /enP2p1s0f0np0 has a link and no IPv4 address/,
  );
  await tells(
    "BD009",
    on(port("enp1s0f0np0", "192.168.100.1"), port("enP2p1s0f0np0", "192.168.100.11")),
    "warning",
    /in one subnet, 192\.168\.100\.0\/24/,
  );
  const other = port("enp1s0f1np1", "", { ...off, up: true, carrier: false });
  await isQuiet(
    "BD009",
    on(port("enp1s0f0np0", "192.168.100.1"), port("enP2p1s0f0np0", "192.168.101.1"), other),
  );
});

Deno.test("BD009: other machines may wire their cards as they like", async () => {
  const interfaces = [port("enp1s0f0np0", "192.168.100.1"), port("enp1s0f1np1", "192.168.100.2")];
  await isQuiet("BD009", machine({ network: { interfaces } }));
});
