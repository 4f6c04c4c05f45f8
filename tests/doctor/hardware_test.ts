/** What the doctor finds of hardware that no namespace has: on machines made up of their files. */
import assert from "assert";
import { DGX_SPARK } from "../../lib/probe/testdata/dgx_spark.ts";
import { merge, refuses } from "../../lib/probe/testdata/tree.ts";
import { diagnosed, type MadeUp, type MadeUpInterface, rdmaCard } from "./harness/made_up.ts";

/** As good as none: told on every machine of that kind. */
const NOTES = (found: Awaited<ReturnType<typeof diagnosed>>) =>
  found.filter(({ severity }) => severity !== "info");

const MANAGEMENT: MadeUpInterface = { name: "enP7s7", cidr: "10.0.0.1/24", driver: "r8127" };
/** Both halves of one port's cable. */
const HALVES: readonly [MadeUpInterface, MadeUpInterface] = [
  { name: "enp1s0f0np0", cidr: "192.168.100.1/24", driver: "mlx5_core", speed: 200_000, mtu: 9000 },
  {
    name: "enP2p1s0f0np0",
    cidr: "192.168.101.1/24",
    driver: "mlx5_core",
    speed: 200_000,
    mtu: 9000,
  },
];

const SPARK: MadeUp = {
  tree: merge(DGX_SPARK, rdmaCard("rocep1s0f0"), rdmaCard("roceP2p1s0f0", { index: 1 })),
  interfaces: [MANAGEMENT, ...HALVES],
};

async function finds(machine: MadeUp, code: string, seen: RegExp, mend = /./): Promise<void> {
  const found = NOTES(await diagnosed(machine));
  assert.deepEqual(found.map((one) => one.code), [code], JSON.stringify(found, null, 2));
  assert.match(found[0]!.seen, seen);
  assert.match(found[0]!.mend, mend);
}

Deno.test("hardware: a DGX Spark that is right gives no warning", async () => {
  assert.deepEqual(NOTES(await diagnosed(SPARK)), []);
});

Deno.test("hardware: half of a DGX Spark's cable without an address", async () => {
  const { cidr: _, ...bare } = HALVES[1];
  await finds(
    { ...SPARK, interfaces: [MANAGEMENT, HALVES[0], bare] },
    "BD009",
    /enP2p1s0f0np0/,
    /192\.168\.101\.1/,
  );
});

Deno.test("hardware: half of a DGX Spark's cable that is switched off", async () => {
  const { cidr: _, ...off } = { ...HALVES[1], up: false };
  await finds({ ...SPARK, interfaces: [MANAGEMENT, HALVES[0], off] }, "BD009", /switched off/);
});

Deno.test("hardware: both halves of a DGX Spark's cable in one subnet", async () => {
  const same = { ...HALVES[1], cidr: "192.168.100.2/24" };
  await finds(
    { ...SPARK, interfaces: [MANAGEMENT, HALVES[0], same] },
    "BD009",
    /one subnet/,
    /192\.168\.101\.1/,
  );
});

Deno.test("hardware: RDMA cards, and a low limit of locked memory", async () => {
  await finds({ ...SPARK, memlock: 8 * 2 ** 20 }, "BD006", /8 MiB/);
});

Deno.test("hardware: RDMA cards that a container may not open", async () => {
  const tree = merge(SPARK.tree, {
    "/dev/infiniband/uverbs0": refuses("EPERM"),
    "/dev/infiniband/uverbs1": refuses("EPERM"),
  });
  await finds({ ...SPARK, tree }, "BD005", /EPERM/);
});

Deno.test("hardware: an interface with an address and no cable", async () => {
  const loose = { name: "eno2", cidr: "10.1.0.1/24", driver: "igb", carrier: false };
  await finds({ ...SPARK, interfaces: [...SPARK.interfaces, loose] }, "BD007", /eno2/);
});
