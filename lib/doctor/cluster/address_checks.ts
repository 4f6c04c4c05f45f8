/** Whether the addresses by which nodes know each other are the right ones. */
import { isLoopback } from "../../runtime/loopback.ts";
import { type CheckText, type Finding, finding } from "../check.ts";
import { deviceOf, isAlone, isInNetworkOf, networkOf } from "./networks.ts";
import { about, type ClusterCheck, type ClusterPicture, type NodePicture } from "./picture.ts";
import { listText } from "../words.ts";

/** Bridges that software makes on many machines alike, so that their addresses lead nowhere else. */
const BRIDGE = /^(docker|br-|virbr|lxc|lxd|podman|cni)/;

const WRONG_ADDRESS: CheckText = {
  code: "BD058",
  name: "wrong-address",
  severity: "error",
  tells: "a node is known by an address that others cannot reach, and has another that they can",
  explain:
    "A node's address is the one by which it reaches the head, unless `--node-ip` or BEAM_NODE_IP says " +
    "otherwise. On a machine with several interfaces a given address may be that of a network which the other " +
    "machines are not in (management, storage, VPN).",
};
const LOCAL_ADDRESS: CheckText = {
  code: "BD059",
  name: "local-address",
  severity: "error",
  tells:
    "a node is known by an address that means another machine elsewhere: loopback, or a container bridge's",
  explain:
    "127.0.0.1 and the address of docker0 or virbr0 are on every machine: who dials them from another one " +
    "reaches itself. It happens where a host name resolves to 127.0.1.1 and is given as the node's address.",
};

/** Why nothing can be said of a node's ports: its address is not right. */
type Wrong = { is: "local"; device: string } | { is: "elsewhere"; address: string };

/** The nodes whose address is wrong, by id. */
export function misaddressed(picture: ClusterPicture): Map<string, Wrong> {
  const { nodes, pairs } = picture;
  const byId = new Map(nodes.map((node) => [node.node_id, node]));
  const spread = nodes.some(({ ip }) => !isLoopback(ip));
  const wrong = new Map<string, Wrong>();
  for (const node of nodes) {
    const { node_id, ip } = node;
    const tried = pairs.filter((one) => one.node_id === node_id && one.outcome !== "untried");
    const own = tried.filter(({ way }) => way !== "alias");
    const reached = new Set(own.filter((one) => one.outcome === "open").map(({ from }) => from));
    const shut = new Set(own.map(({ from }) => from).filter((from) => !reached.has(from)));
    const closed = shut.size > 0 && reached.size === 0;
    const device = isLoopback(ip) ? "lo" : deviceOf(node)?.name ?? "";
    if (isLoopback(ip) ? spread : closed && BRIDGE.test(device)) {
      wrong.set(node_id, { is: "local", device });
      continue;
    }
    const other = tried.find(({ way, outcome }) => way === "alias" && outcome === "open");
    // Who is in its network and does not reach it, where others do, meets a firewall.
    const isNear = (from: string) => {
      const asker = byId.get(from);
      return asker !== undefined && isInNetworkOf(asker, ip);
    };
    if (other && (closed || (shut.size > 0 && ![...shut].some(isNear)))) {
      wrong.set(node_id, { is: "elsewhere", address: other.host });
    }
  }
  return wrong;
}

/** Wrong addresses of both kinds. */
export const wrongAddress: ClusterCheck & { texts: readonly CheckText[] } = {
  ...WRONG_ADDRESS,
  texts: [WRONG_ADDRESS, LOCAL_ADDRESS],
  run: (picture) => {
    const wrong = misaddressed(picture);
    return picture.nodes.flatMap((node) => {
      const found = wrong.get(node.node_id);
      return found ? [about(node, wrongFinding(node, found, picture))] : [];
    });
  },
};

function wrongFinding(node: NodePicture, wrong: Wrong, { head }: ClusterPicture): Finding {
  const breaks =
    "Other nodes cannot connect to what runs there: vLLM, gloo and NCCL hang at their start.";
  const again = (ip: string) =>
    `On that machine: \`beam down && beam up ${
      node.is_head ? "--head" : `--join ${head.address}`
    } --node-ip ${ip}\`.`;
  if (wrong.is === "elsewhere") {
    return finding(WRONG_ADDRESS, "error", {
      seen:
        `Node ${node.name} is known by ${node.ip}, which other nodes cannot reach; they reach it at ` +
        `${wrong.address}.`,
      breaks,
      mend: again(wrong.address),
    });
  }
  return finding(LOCAL_ADDRESS, "error", {
    seen: isLoopback(node.ip)
      ? `Node ${node.name} is known by ${node.ip}, which on every other machine is that machine itself.`
      : `Node ${node.name} is known by ${node.ip} of ${wrong.device}, a bridge that reaches only this machine.`,
    breaks,
    mend: again("ADDRESS") +
      " Take the address of the interface that leads to the other machines; `ip -br address` lists them.",
  });
}

const NETWORKS: CheckText = {
  code: "BD060",
  name: "networks",
  severity: "info",
  tells: "nodes are in different networks",
  explain:
    "Where routers join them that works. What looks for its peers by an interface's network " +
    "(NCCL over several interfaces, RDMA without routing) does not cross, and it is often a sign of an address taken " +
    "from the wrong interface.",
};

/** Nodes in different networks. */
export const networks: ClusterCheck = {
  ...NETWORKS,
  run: (picture) => {
    const wrong = misaddressed(picture);
    const found = new Map<string, NodePicture[]>();
    for (const node of picture.nodes) {
      const network = networkOf(node);
      if (isLoopback(node.ip) || isAlone(network) || wrong.has(node.node_id)) continue;
      found.set(network, [...found.get(network) ?? [], node]);
    }
    if (found.size < 2) return [];
    const text = [...found].map(([network, nodes]) =>
      `${network} (${listText(nodes.map(({ name }) => name))})`
    );
    return [finding(NETWORKS, "info", {
      seen: `The nodes are in ${found.size} networks: ${listText(text)}.`,
      breaks: "RDMA without routing, and NCCL over several interfaces, do not cross between them.",
      mend: "Where one network joins all machines, give its addresses with `--node-ip`.",
    })];
  },
};

const TWICE: CheckText = {
  code: "BD061",
  name: "same-name",
  severity: "error",
  tells: "two machines have the same address or host name",
  explain:
    "Machines made from one image often keep its host name, and sometimes its address. Two with one address take " +
    "each other's connections; of two with one name, what programs look up by name is one of them.",
};

/** Machines that cannot be told apart. */
export const sameName: ClusterCheck = {
  ...TWICE,
  run: ({ nodes }) =>
    (["ip", "hostname"] as const).flatMap((what) => {
      const known = new Map<string, NodePicture[]>();
      for (const node of nodes) {
        // Several nodes of one machine are somebody's wish.
        if (node.ready?.boot_id === undefined || isLoopback(node.ip)) continue;
        known.set(node[what], [...known.get(node[what]) ?? [], node]);
      }
      return [...known].flatMap(([value, same]) => {
        const machines = new Set(same.map(({ ready }) => ready!.boot_id));
        return machines.size < 2 ? [] : [twiceFinding(what, value, machines.size)];
      });
    }),
};

function twiceFinding(what: "ip" | "hostname", value: string, count: number): Finding {
  return what === "ip"
    ? finding(TWICE, "error", {
      seen: `${count} machines have the address ${value}.`,
      breaks: "Which of them a connection reaches changes from moment to moment.",
      mend: "Give each an address of its own, then start its node again.",
    })
    : finding(TWICE, "warning", {
      seen: `${count} machines are called ${value}.`,
      breaks:
        "Programs that look machines up by name reach the wrong one; lists show one name twice.",
      mend: "On all but one: `sudo hostnamectl set-hostname NAME`, then start its node again.",
    });
}
