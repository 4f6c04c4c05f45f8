import assert from "assert";
import { address, madeSystem } from "../testdata/made_system.ts";
import { readInterfaces, readNetworkFacts } from "./network.ts";

const NET = "/sys/class/net";
const link = (name: string, files: Record<string, string>) =>
  Object.fromEntries(
    Object.entries({ ifindex: "2\n", ...files }).map((
      [file, text],
    ) => [`${NET}/${name}/${file}`, text]),
  );

const TREE = {
  "/proc/sys/kernel/hostname": "gpu-1\n",
  "/etc/hosts": "127.0.0.1 localhost\n127.0.1.1\tgpu-1.lan gpu-1 # Debian's\n10.0.0.9 gpu-10\n",
  "/proc/net/route":
    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n" +
    "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n" +
    "eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n",
  ...link("lo", { flags: "0x9\n", operstate: "unknown\n", mtu: "65536\n" }),
  ...link("eth0", {
    flags: "0x1003\n",
    operstate: "up\n",
    carrier: "1\n",
    speed: "10000\n",
    duplex: "full\n",
    mtu: "9000\n",
    "device/uevent": "DRIVER=mlx5_core\nPCI_SLOT_NAME=0000:01:00.0\n",
  }),
  ...link("wlan0", { flags: "0x1002\n", operstate: "down\n", speed: "-1\n", "wireless/x": "" }),
  [`${NET}/bonding_masters`]: "bond0\n",
};

const ADDRESSES = [
  address("lo", "127.0.0.1/8"),
  address("eth0", "10.0.0.1/24"),
  address("eth0:1", "10.0.0.2/24"),
  address("eth0", "fe80::1/64"),
];

Deno.test("an interface's state, speed, driver and addresses come from its files", () => {
  const found = readInterfaces(madeSystem({ tree: TREE }), ADDRESSES);
  assert.deepEqual(found.map(({ name, kind }) => [name, kind]), [
    ["eth0", "physical"],
    ["lo", "loopback"],
    ["wlan0", "software"],
  ]);
  const [eth0, , wlan0] = found;
  assert.deepEqual(
    eth0!.addresses.map(({ address, prefix, link_local }) => [address, prefix, link_local]),
    [
      ["10.0.0.1", 24, false],
      ["10.0.0.2", 24, false],
      ["fe80::1", 64, true],
    ],
  );
  const { up, carrier, speed_mbps, duplex, mtu, driver, pci } = eth0!;
  assert.deepEqual({ up, carrier, speed_mbps, duplex, mtu, driver, pci }, {
    up: true,
    carrier: true,
    speed_mbps: 10_000,
    duplex: "full",
    mtu: 9000,
    driver: "mlx5_core",
    pci: "0000:01:00.0",
  });
  assert.deepEqual([wlan0!.up, wlan0!.carrier, wlan0!.speed_mbps, wlan0!.wireless], [
    false,
    null,
    null,
    true,
  ]);
});

Deno.test("the cluster's address is the node's, else the one that was given, else a guess", async () => {
  const system = madeSystem({
    tree: TREE,
    interfaces: ADDRESSES,
    names: { "gpu-1": ["127.0.1.1"] },
  });
  const guess = await readNetworkFacts(system, {}, null);
  assert.deepEqual([guess.cluster.address, guess.cluster.interface, guess.cluster.source], [
    "10.0.0.1",
    "eth0",
    "guess",
  ]);
  assert.equal(guess.cluster.derived["GLOO_SOCKET_IFNAME"], "eth0");
  assert.equal(guess.default_interface, "eth0");
  assert.deepEqual(guess.host_name, {
    name: "gpu-1",
    addresses: ["127.0.1.1"],
    error: null,
    hosts_line: "127.0.1.1\tgpu-1.lan gpu-1 # Debian's",
  });
  const given = await readNetworkFacts(system, { BEAM_NODE_IP: "10.9.9.9" }, null);
  assert.deepEqual([given.cluster.interface, given.cluster.source], [null, "given"]);
});

Deno.test("a host name that does not resolve is a fact too", async () => {
  const facts = await readNetworkFacts(madeSystem({ tree: TREE }), {}, null);
  assert.match(facts.host_name.error ?? "", /ENOTFOUND/);
});
