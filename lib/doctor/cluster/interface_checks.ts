/** Whether the interfaces that nodes talk over fit each other. */
import { isLoopback } from "../../runtime/loopback.ts";
import { type CheckText, type Finding, finding } from "../check.ts";
import type { InterfaceFacts } from "../facts.ts";
import { misaddressed } from "./address_checks.ts";
import { deviceOf, isAlone, networkOf, subnetOf } from "./networks.ts";
import { type ClusterCheck, type NodePicture } from "./picture.ts";
import { listText } from "../words.ts";
import { aboutOddOnes, byValue, valuesText } from "./values.ts";

const MTU: CheckText = {
  code: "BD062",
  name: "mtu",
  severity: "warning",
  tells: "interfaces of one network have different MTUs",
  explain:
    "TCP agrees on the smaller one when it connects. UDP and RDMA over Ethernet do not: what the larger one sends is " +
    "dropped by the smaller. And the machine with the smaller one sends several times as many packets.",
};

/** MTUs of the interfaces that carry the nodes' addresses. */
export const mtu: ClusterCheck = {
  ...MTU,
  run: ({ nodes }) => {
    const byNetwork = new Map<string, NodePicture[]>();
    for (const node of nodes) {
      const network = networkOf(node);
      if (isLoopback(node.ip) || isAlone(network)) continue;
      byNetwork.set(network, [...byNetwork.get(network) ?? [], node]);
    }
    return [...byNetwork].flatMap(([network, there]) => mtuFindings(network, there));
  },
};

function mtuFindings(network: string, nodes: NodePicture[]): Finding[] {
  const values = byValue(nodes, (node) => {
    const bytes = deviceOf(node)?.mtu;
    return bytes === undefined || bytes === null ? undefined : `${bytes}`;
  });
  if (values.size < 2) return [];
  const smallest = Math.min(...[...values.keys()].map(Number));
  const largest = Math.max(...[...values.keys()].map(Number));
  const device = deviceOf(values.get(`${smallest}`)![0]!)!.name;
  return [finding(MTU, "warning", {
    seen: `In ${network} the MTU is ${valuesText(values)}.`,
    breaks: "RDMA and UDP lose what is larger than the smallest; TCP takes the smallest.",
    mend: `On ${listText(values.get(`${smallest}`)!.map(({ name }) => name))}: ` +
      `\`sudo ip link set dev ${device} mtu ${largest}\`, where the switch takes that; else ${smallest} on all.`,
  })];
}

const VARIABLES: CheckText = {
  code: "BD063",
  name: "network-variables",
  severity: "warning",
  tells:
    "variables of NCCL or gloo lead nodes to different networks, or turn a transport off on some only",
  explain:
    "Each process of a group reads these variables on its own machine. Where one looks for its peers on " +
    "another network, or has a transport that the others lack, the group stands still at its start or takes a slow way.",
};

/** Variables that name interfaces. */
const NAMING = ["NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME", "TP_SOCKET_IFNAME"] as const;
/** Variables that must be the same everywhere. */
const SAME = ["NCCL_IB_DISABLE", "NCCL_NET", "NCCL_P2P_DISABLE", "NCCL_NET_PLUGIN"] as const;

/** See the text. */
export const networkVariables: ClusterCheck = {
  ...VARIABLES,
  run: (picture) => {
    const wrong = misaddressed(picture);
    const nodes = picture.nodes.filter(({ node_id }) => !wrong.has(node_id));
    return [...NAMING.flatMap((name) => naming(name, nodes)), ...differing(nodes)];
  },
};

function naming(name: string, nodes: NodePicture[]): Finding[] {
  const isOwn = ({ facts }: NodePicture) =>
    facts?.env[name] !== undefined && facts.env[name] !== facts.network.cluster.derived[name];
  // What beam set fits each node's address.
  if (!nodes.some(isOwn)) return [];
  const values = byValue(nodes.filter(({ ip }) => !isLoopback(ip)), (node) => {
    const given = node.facts?.env[name];
    if (given === undefined) return undefined;
    const found = node.facts!.network.interfaces.filter((one) => isNamed(one, given));
    const networks = found.flatMap(({ addresses }) =>
      addresses.filter(({ family }) => family === "IPv4")
        .map(({ address, prefix }) => subnetOf(address, prefix ?? 32))
    );
    // One that names no interface is told of by that node itself.
    return networks.length === 0 || networks.some(isAlone) ? undefined : networks.sort().join(", ");
  });
  const sets = [...values.keys()].map((text) => new Set(text.split(", ")));
  const common = sets.reduce((all, one) => all.intersection(one), sets[0] ?? new Set());
  if (values.size < 2 || common.size > 0) return [];
  const found = finding(VARIABLES, "warning", {
    seen: `${name} leads to ${valuesText(values)}.`,
    breaks:
      "These nodes look for each other on networks that do not meet, and wait until a timeout.",
    mend:
      `Take ${name} out of the environment where nodes are started (\`unset ${name}\`): beam sets it to fit, ` +
      "on each machine.",
  });
  return [aboutOddOnes(values, found)];
}

/** As NCCL and gloo read it: `^` leaves out, `=` asks for the very name, else beginnings of names. */
function isNamed({ name }: InterfaceFacts, given: string): boolean {
  const out = given.startsWith("^");
  const exact = /^\^?=/.test(given);
  const wanted = given.replace(/^\^?=?/, "").split(",").map((one) => one.trim());
  if (out && name === "lo") return false;
  return wanted.some((one) => exact ? name === one : name.startsWith(one)) !== out;
}

function differing(nodes: NodePicture[]): Finding[] {
  const known = nodes.filter(({ facts }) => facts && facts.gpus.devices.length > 0);
  return SAME.flatMap((name) => {
    const values = byValue(known, ({ facts }) => facts!.env[name] ?? "not set");
    if (values.size < 2) return [];
    const found = finding(VARIABLES, "warning", {
      seen: `${name} is ${valuesText(values)}.`,
      breaks:
        "NCCL's processes do not agree on a transport: they fail at their start, or take the slowest.",
      mend: `Set ${name} alike on all machines before \`beam up\`, or nowhere.`,
    });
    return [aboutOddOnes(values, found)];
  });
}
