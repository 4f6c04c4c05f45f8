/** The network links that the cluster goes over. */
import { ipv4Number } from "../../probe/routes.ts";
import { type Check, type Finding, finding } from "../check.ts";
import type { Facts, InterfaceFacts } from "../facts.ts";
import { listText, speedText } from "../words.ts";
import { usableAddresses } from "./addresses.ts";

/** Below this, in Mb/s, even loading a model over the network is a wait. */
const SLOW = 1000;
/** How many times faster another link has to be to be worth a word. */
const FASTER = 4;

function ofCluster({ network }: Facts): InterfaceFacts | undefined {
  return network.interfaces.find(({ name }) => name === network.cluster.interface);
}

export const linkState: Check = {
  code: "BD007",
  name: "link-state",
  severity: "error",
  tells: "the cluster's interface is down, or an interface with an address has no cable",
  explain:
    "An interface keeps its address when its cable is out or the other side is off, so everything looks " +
    "right until something is sent. `ip -brief link` shows NO-CARRIER, `ethtool NAME` the link's state.",
  run(facts) {
    const found: Finding[] = [];
    for (const one of facts.network.interfaces) {
      const isCluster = one.name === facts.network.cluster.interface;
      const addressed = one.addresses.some(({ link_local }) => !link_local);
      if (one.kind === "loopback" || !isCluster && (one.kind !== "physical" || !addressed)) {
        continue;
      }
      const down = one.up === false;
      if (!down && one.carrier !== false && one.state !== "lowerlayerdown") continue;
      found.push(finding(linkState, isCluster ? "error" : "warning", {
        seen: `${one.name} (${listText(one.addresses.map(({ address }) => address))}) ${
          down ? "is switched off" : "has no carrier: no cable, or nobody at its other end"
        }.`,
        breaks: isCluster
          ? "This node cannot reach the others, nor they it."
          : "What is sent to its network goes nowhere, and programs that pick that address wait.",
        mend: down
          ? `\`sudo ip link set ${one.name} up\`.`
          : `Look at the cable and at the port of the switch; \`ethtool ${one.name}\` shows the link.`,
      }));
    }
    return found;
  },
};

export const linkSpeed: Check = {
  code: "BD008",
  name: "link-speed",
  severity: "warning",
  tells: "the cluster's interface is slow, half duplex or wireless, or a much faster one is idle",
  explain:
    "Tensor parallelism over two machines sends every layer's activations over the network. What goes by " +
    "sockets (NCCL without RDMA, gloo) takes the interface of the node's address. `ethtool NAME` shows " +
    "speed and duplex as they were negotiated.",
  run(facts) {
    const link = ofCluster(facts);
    if (link === undefined || link.kind === "loopback") return [];
    const found: Finding[] = [];
    const told = (seen: string, breaks: string, mend: string) =>
      found.push(finding(linkSpeed, "warning", { seen, breaks, mend }));
    const { name, speed_mbps: speed } = link;
    const slow = "Loading and every exchange between nodes is slow.";
    if (link.wireless) {
      told(`The cluster goes over ${name}, which is wireless.`, slow, otherAddress(facts));
    } else if (speed !== null && speed < SLOW) {
      told(
        `${name} has negotiated ${speedText(speed)}.`,
        slow,
        `Exchange the cable (it needs all four pairs), then \`sudo ethtool -r ${name}\`.`,
      );
    }
    if (link.duplex === "half") {
      told(
        `${name} runs half duplex.`,
        "Collisions: throughput falls to a small part under load.",
        `\`sudo ethtool -s ${name} autoneg on\`, on the switch's port too.`,
      );
    }
    const faster = idleFaster(facts, link);
    if (faster !== undefined) {
      const { address, at } = faster;
      told(
        `The cluster's address is on ${name} (${speedText(speed!)}), while ${at.name} has ${
          speedText(at.speed_mbps!)
        } and ${address}.`,
        "What goes over sockets between nodes takes the slower link.",
        `\`beam up --node-ip ${address} …\` on every node with its address of that network, or only for NCCL: ` +
          `\`export NCCL_SOCKET_IFNAME==${at.name}\` before \`beam up\`.`,
      );
    }
    return found;
  },
};

function otherAddress(facts: Facts): string {
  const wired = usableAddresses(facts).find(({ at }) => at.kind === "physical" && !at.wireless);
  return wired === undefined
    ? "Connect the machines by cable and start the node with `beam up --node-ip ADDRESS …`."
    : `\`beam up --node-ip ${wired.address} …\` (${wired.at.name}).`;
}

/** One that NCCL would not use by RDMA anyhow, and that nobody chose. */
function idleFaster(facts: Facts, { name, speed_mbps }: InterfaceFacts) {
  if (speed_mbps === null) return undefined;
  const chosen = facts.env["NCCL_SOCKET_IFNAME"] ?? "";
  const derived = facts.network.cluster.derived["NCCL_SOCKET_IFNAME"];
  if (chosen !== "" && chosen !== derived && !chosen.includes(name)) return undefined;
  const byRdma = new Set(
    facts.rdma.devices.filter(({ access }) => access === "ok").flatMap(({ ports }) =>
      ports.map((port) => port.interface)
    ),
  );
  return usableAddresses(facts).filter(({ at }) =>
    at.kind === "physical" && at.carrier === true && !byRdma.has(at.name) &&
    (at.speed_mbps ?? 0) >= FASTER * speed_mbps
  ).sort((a, b) => b.at.speed_mbps! - a.at.speed_mbps!)[0];
}

export const sparkCables: Check = {
  code: "BD009",
  name: "spark-cables",
  severity: "warning",
  tells: "on a DGX Spark, a ConnectX port with a cable is off, has no address, or shares a subnet",
  explain:
    "Each of a DGX Spark's two QSFP ports shows up as two interfaces (enp1s0f0np0 and enP2p1s0f0np0 are one " +
    "port), because the ConnectX-7 hangs on two PCIe links: only both together carry the full 200 Gb/s of " +
    "one cable. Each needs an address in a subnet of its own, since Linux sends everything for one subnet " +
    "through one interface. `ibdev2netdev` and `ip -brief address` show them.",
  run(facts) {
    if (!facts.gpus.devices.some(({ name }) => /GB10/.test(name))) return [];
    const ports = facts.network.interfaces.filter(({ driver, kind }) =>
      driver === "mlx5_core" && kind === "physical"
    );
    const live = ports.filter(({ carrier }) => carrier === true);
    const found: Finding[] = [];
    const told = (seen: string, breaks: string, mend: string) =>
      found.push(finding(sparkCables, "warning", { seen, breaks, mend }));
    const half = "Half of what the cable can carry is not used, or NCCL's second rail fails.";
    for (const port of live) {
      const twin = ports.find(({ name }) => name !== port.name && cage(name) === cage(port.name));
      if (twin !== undefined && twin.up === false) {
        told(
          `${port.name} has a link, and ${twin.name}, the other half of the same port, is switched off.`,
          half,
          `\`sudo ip link set ${twin.name} up\`, and give it an address in a subnet of its own.`,
        );
      }
      if (port.addresses.every(({ family }) => family !== "IPv4")) {
        told(
          `${port.name} has a link and no IPv4 address.`,
          half,
          `\`sudo ip address add ${freeSubnet(ports)}.1/24 dev ${port.name}\` (.2 on the other ` +
            "Spark), and the same in netplan to keep it.",
        );
      }
    }
    for (const [a, b] of pairs(live)) {
      const shared = sharedSubnet(a, b);
      if (shared === null) continue;
      told(
        `${a.name} and ${b.name} have addresses in one subnet, ${shared}.`,
        "Linux sends everything for it through one of them, and RDMA over the other finds no way back.",
        `Give ${b.name} an address in another subnet, on both Sparks: \`sudo ip address replace ` +
          `${freeSubnet(ports)}.1/24 dev ${b.name}\`.`,
      );
    }
    return found;
  },
};

/** The physical port: `f0` of enp1s0f0np0 and enP2p1s0f0np0. */
function cage(name: string): string {
  return /f(\d)np\d$/.exec(name)?.[1] ?? name;
}

function pairs<T>(list: readonly T[]): [T, T][] {
  return list.flatMap((a, at) => list.slice(at + 1).map((b): [T, T] => [a, b]));
}

function sharedSubnet(a: InterfaceFacts, b: InterfaceFacts): string | null {
  const subnets = (one: InterfaceFacts) =>
    one.addresses.filter(({ family, prefix, link_local }) =>
      family === "IPv4" && prefix !== null && !link_local
    ).map(({ address, prefix }) => subnetOf(address, prefix!));
  return subnets(a).find((subnet) => subnets(b).includes(subnet)) ?? null;
}

/** The beginning of a subnet that none of them has an address in: `192.168.101`. */
function freeSubnet(ports: readonly InterfaceFacts[]): string {
  const all = ports.flatMap(({ addresses }) => addresses.map(({ address }) => address));
  for (let at = 100;; at++) {
    if (!all.some((address) => address.startsWith(`192.168.${at}.`))) return `192.168.${at}`;
  }
}

/** `192.168.100.0/24` */
function subnetOf(address: string, prefix: number): string {
  const mask = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  const number = ((ipv4Number(address) ?? 0) & mask) >>> 0;
  return `${[24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".")}/${prefix}`;
}
