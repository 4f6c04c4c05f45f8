/** Which address the cluster uses, and whether the host name agrees with it. */
import { isLoopback } from "../../runtime/loopback.ts";
import { type Check, finding } from "../check.ts";
import type { Facts, InterfaceFacts } from "../facts.ts";
import { containerLine } from "../mends.ts";
import { listText, speedText } from "../words.ts";

/** Bridges of container engines: they rarely lead to another node. */
const BRIDGES =
  /^(docker|br-|veth|virbr|cni|flannel|cali|podman|lxc|lxd|kube|nerdctl|tailscale|wg)/;

/** Addresses by which other machines may reach this one, with their interfaces. */
export function usableAddresses({ network }: Facts): { address: string; at: InterfaceFacts }[] {
  return network.interfaces.filter((one) => one.kind !== "loopback" && one.up !== false)
    .flatMap((at) =>
      at.addresses.filter(({ link_local }) => !link_local).map(({ address }) => ({ address, at }))
    );
}

function shown(address: string, { name, speed_mbps }: InterfaceFacts): string {
  return `${address} (${name}${speed_mbps === null ? "" : `, ${speedText(speed_mbps)}`})`;
}

export const clusterAddress: Check = {
  code: "BD002",
  name: "cluster-address",
  severity: "error",
  tells: "the address that other nodes are given is loopback, no interface's, or one of several",
  explain:
    "Other nodes reach this one at a single address: the one by which it reaches the head, unless " +
    "`--node-ip` or BEAM_NODE_IP says otherwise. `ip -brief address` lists what there is.",
  run(facts) {
    const { cluster, default_interface } = facts.network;
    const usable = usableAddresses(facts);
    const others = usable.filter(({ address }) => address !== cluster.address);
    const list = listText(usable.map(({ address, at }) => shown(address, at)));
    if (cluster.interface === null && isLoopback(cluster.address)) {
      return [finding(clusterAddress, "error", {
        seen: "No interface of this machine is up, not even loopback.",
        breaks: "No node can start here: its own processes reach it over loopback.",
        mend: "`sudo ip link set lo up`, then bring the network up.",
      })];
    }
    if (cluster.interface === null && cluster.address !== "") {
      const given = cluster.source === "given";
      return [finding(clusterAddress, given ? "error" : "warning", {
        seen: given
          ? `BEAM_NODE_IP=${cluster.address}, which no interface of this machine has.`
          : `The node's address ${cluster.address} is no longer on any interface of this machine.`,
        breaks: "Other nodes cannot reach this one, and nothing here can listen on that address.",
        mend: others.length > 0
          ? `\`export BEAM_NODE_IP=${others[0]!.address}\` before \`beam up\` (there is ${list}).`
          : "Give the machine that address again, or unset BEAM_NODE_IP.",
      })];
    }
    if (isLoopback(cluster.address)) {
      if (others.length === 0) {
        return [finding(clusterAddress, "info", {
          seen: "This machine has no address but loopback.",
          breaks: "No other machine can join or be joined.",
          mend: "Nothing for a cluster of one machine; else bring a network up.",
        })];
      }
      return [finding(clusterAddress, "warning", {
        seen: `The node's address is ${cluster.address}, and the machine has ${list}.`,
        breaks: "Only this machine can reach it: no other node can join or exchange tensors.",
        mend: `\`beam up --node-ip ${others[0]!.address} …\` (or unset BEAM_NODE_IP).`,
      })];
    }
    const rivals = others.filter(({ at }) =>
      !BRIDGES.test(at.name) && at.name !== cluster.interface
    );
    if (rivals.length === 0) return [];
    const lost = cluster.source === "guess" && default_interface === null;
    return [finding(clusterAddress, lost ? "warning" : "info", {
      seen: `${usable.length} addresses: ${list}. The cluster ${
        cluster.source === "guess" ? "would use" : "uses"
      } ${cluster.address} (${cluster.interface})${
        lost ? ", the first, since there is no default route" : ""
      }.`,
      breaks: "Nodes that take addresses of different networks wait for each other.",
      mend: `To use another: \`export BEAM_NODE_IP=${rivals[0]!.address}\` before \`beam up\`.`,
    })];
  },
};

export const hostName: Check = {
  code: "BD003",
  name: "host-name",
  severity: "warning",
  tells: "this machine's host name does not resolve, or leads to loopback or to another machine",
  explain:
    "PyTorch's gloo, without GLOO_SOCKET_IFNAME, and many programs listen on the address that the host " +
    "name resolves to. Debian and Ubuntu write the name beside 127.0.1.1 in /etc/hosts, so that other " +
    "machines are then told a loopback address and wait for ever. beam sets GLOO_SOCKET_IFNAME for its " +
    "workers, so under beam this matters only where somebody else set that variable, or to other " +
    "programs. `getent hosts $(hostname)` shows what it resolves to.",
  run(facts) {
    const { host_name, cluster } = facts.network;
    const { name, addresses, error, hosts_line } = host_name;
    const own = new Set(
      facts.network.interfaces.flatMap((one) => one.addresses.map(({ address }) => address)),
    );
    const add = `echo '${cluster.address} ${name}' | sudo tee -a /etc/hosts`;
    const { container } = facts.platform;
    // There the engine writes /etc/hosts, and nobody else can.
    const start = containerLine(facts.platform, {
      docker: `--add-host ${name}:${cluster.address}`,
      kubernetes:
        `Name it in the pod: \`hostAliases: [{ip: ${cluster.address}, hostnames: [${name}]}]\`.`,
    });
    // The name leaves the lines of loopback, whatever else stands there, and gets one of its own.
    const leave = `sudo sed -i '/^127\\./s/[[:space:]]${
      name.replaceAll(".", "\\.")
    }\\([[:space:]]\\|$\\)/\\1/' /etc/hosts`;
    const change = hosts_line === null ? `\`${add}\`` : `\`${leave} && ${add}\``;
    if (error !== null) {
      return [finding(hostName, "warning", {
        seen: `The host name ${name} does not resolve (${error}).`,
        breaks:
          "Programs that look up their own machine fail, or wait some seconds for a name server first.",
        mend: container === null ? `\`${add}\`.` : start,
      })];
    }
    if (isLoopback(cluster.address) || addresses.length === 0) return [];
    if (addresses.every(isLoopback)) {
      const covered = Boolean(facts.env["GLOO_SOCKET_IFNAME"]);
      return [finding(hostName, covered ? "info" : "warning", {
        seen: `The host name ${name} resolves to ${listText(addresses)}${
          hosts_line === null ? "" : ` (/etc/hosts: \`${hosts_line.replace(/\s+/g, " ")}\`)`
        }${covered ? "" : ", and GLOO_SOCKET_IFNAME is empty"}.`,
        breaks: covered
          ? "Nothing under beam, which sets GLOO_SOCKET_IFNAME; programs started otherwise may listen on loopback only."
          : "gloo tells other nodes a loopback address, and they wait for each other until a timeout.",
        mend: `${covered ? "" : "`unset GLOO_SOCKET_IFNAME`; or: "}${
          container === null ? `${change}.` : start
        }`,
      })];
    }
    const reachable = addresses.filter((address) => !isLoopback(address));
    if (!reachable.some((address) => own.has(address))) {
      return [finding(hostName, "warning", {
        seen: `The host name ${name} resolves to ${
          listText(reachable)
        }, which this machine does not have.`,
        breaks:
          "Programs that listen on what their host name resolves to fail or lead to another machine.",
        mend: container === null ? `${change}.` : start,
      })];
    }
    return [];
  },
};
