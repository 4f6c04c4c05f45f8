/** Variables that tell libraries which interface, card or address to use. */
import { isLoopback } from "../../runtime/loopback.ts";
import { type Check, type Finding, finding } from "../check.ts";
import type { Facts, InterfaceFacts } from "../facts.ts";
import { listText } from "../words.ts";

/** Variables that name interfaces exactly, in a list. */
const EXACT = ["GLOO_SOCKET_IFNAME", "TP_SOCKET_IFNAME"] as const;

export const interfaceVariables: Check = {
  code: "BD004",
  name: "interface-variables",
  severity: "error",
  tells: "a variable names an interface, RDMA device or address that this machine does not have",
  explain:
    "NCCL_SOCKET_IFNAME and NCCL_IB_HCA hold beginnings of names (`=eth0` exactly that one, `^docker` all " +
    "but those); GLOO_SOCKET_IFNAME and TP_SOCKET_IFNAME whole names; UCX_NET_DEVICES names of interfaces " +
    "or `mlx5_0:1`; VLLM_HOST_IP an address of this very machine. They are often copied from one machine " +
    "to another where interfaces are called differently. `ip -brief link` lists interfaces.",
  run(facts) {
    const { env, network, rdma } = facts;
    const found: Finding[] = [];
    const bad = (severity: "error" | "warning", name: string, what: string, breaks: string) => {
      found.push(finding(interfaceVariables, severity, {
        seen: `${name}=${env[name]}: ${what}.`,
        breaks,
        mend: mendOf(facts, name),
      }));
    };
    for (const name of EXACT) {
      const wanted = (env[name] ?? "").split(",").filter(Boolean);
      const fault = wanted.map((one) => faultOf(network.interfaces, one)).find((one) =>
        one !== null
      );
      if (fault === undefined) continue;
      bad("error", name, fault, `${name.startsWith("GLOO") ? "gloo" : "TensorPipe"} cannot start.`);
    }
    const nccl = env["NCCL_SOCKET_IFNAME"];
    if (nccl) {
      const fault = ncclFault(network.interfaces, nccl);
      if (fault !== null) {
        bad(
          "error",
          "NCCL_SOCKET_IFNAME",
          fault,
          "NCCL finds no socket interface and cannot start.",
        );
      }
    }
    const host = env["VLLM_HOST_IP"];
    const own = network.interfaces.flatMap((one) => one.addresses.map(({ address }) => address));
    if (host && own.length > 0 && !own.includes(host) && !isLoopback(host)) {
      bad(
        "error",
        "VLLM_HOST_IP",
        "no interface of this machine has that address",
        "vLLM takes this node for another machine: two nodes with one address, or a rendezvous that nobody serves.",
      );
    }
    const ucx = (env["UCX_NET_DEVICES"] ?? "").split(",").filter((one) => one && one !== "all");
    const absent = ucx.filter((one) => !isDevice(facts, one));
    if (absent.length > 0) {
      bad(
        "warning",
        "UCX_NET_DEVICES",
        `there is no ${listText(absent)}`,
        "UCX (NIXL's transfers of key-value caches) fails or takes another way.",
      );
    }
    const hca = env["NCCL_IB_HCA"];
    if (hca && env["NCCL_IB_DISABLE"] !== "1" && !hca.startsWith("^")) {
      const names = hca.replace(/^=/, "").split(",").filter(Boolean);
      const exact = hca.startsWith("=");
      const matches = names.some((name) =>
        rdma.devices.some((one) => matchesName(one.name, name.split(":")[0]!, exact))
      );
      if (!matches) {
        const there = listText(rdma.devices.map((one) => one.name));
        bad(
          "warning",
          "NCCL_IB_HCA",
          there === "" ? "this machine shows no RDMA device" : `there is only ${there}`,
          "NCCL goes over TCP sockets without a word, at a fraction of the speed.",
        );
      }
    }
    return found;
  },
};

function faultOf(interfaces: readonly InterfaceFacts[], name: string): string | null {
  const one = interfaces.find((each) => each.name === name);
  if (one === undefined) return `there is no interface ${name}`;
  if (one.up === false) return `${name} is down`;
  return one.addresses.length === 0 ? `${name} has no address` : null;
}

/** NCCL's own rule: `^` leaves out, `=` is exact, else the beginning of a name counts. */
function ncclFault(interfaces: readonly InterfaceFacts[], value: string): string | null {
  const except = value.startsWith("^");
  const rest = except ? value.slice(1) : value;
  const exact = rest.startsWith("=");
  const names = (exact ? rest.slice(1) : rest).split(",").filter(Boolean);
  const hit = ({ name }: InterfaceFacts) => names.some((one) => matchesName(name, one, exact));
  const chosen = interfaces.filter((one) => except ? !hit(one) : hit(one));
  const usable = chosen.filter((one) => one.up !== false && one.addresses.length > 0);
  if (usable.length > 0) return null;
  if (chosen.length === 0) {
    return except ? "it leaves no interface" : `there is no interface ${listText(names)}`;
  }
  return `${listText(chosen.map(({ name }) => name))} ${
    chosen.length === 1 ? "is down or has" : "are down or have"
  } no address`;
}

function matchesName(name: string, wanted: string, exact: boolean): boolean {
  return exact ? name === wanted : name.startsWith(wanted);
}

function isDevice({ network, rdma }: Facts, wanted: string): boolean {
  const [name, port] = wanted.split(":");
  return network.interfaces.some((one) => one.name === name) ||
    rdma.devices.some((one) =>
      one.name === name && (port === undefined || one.ports.some((each) => `${each.port}` === port))
    );
}

function mendOf({ network, rdma }: Facts, name: string): string {
  const { address, interface: at } = network.cluster;
  const free = `\`unset ${name}\` before \`beam up\``;
  if (name === "VLLM_HOST_IP") {
    return `${free}, and beam sets it to ${address}; do not pass one value to all machines.`;
  }
  if (name === "NCCL_IB_HCA") {
    return rdma.devices.length > 0
      ? `\`export NCCL_IB_HCA=${rdma.devices[0]!.name}\`, or ${free}.`
      : `${free}.`;
  }
  const value = name === "NCCL_SOCKET_IFNAME" ? `=${at}` : at;
  return at === null ? `${free}.` : `${free}, or \`export ${name}=${value}\` on this machine.`;
}
