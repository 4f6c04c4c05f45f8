/** Interfaces, routes, the cluster's address, and what this machine's host name resolves to. */
import { type Environment } from "../../probe/masks.ts";
import { exists, numberOf, textOf } from "../../probe/host.ts";
import { interfaceOf, primaryAddress, readNetwork } from "../../probe/network.ts";
import { networkVariables } from "../../probe/network_variables.ts";
import { defaultInterface } from "../../probe/routes.ts";
import type {
  ClusterAddress,
  HostNameFacts,
  InterfaceFacts,
  NetworkFacts,
  NodeFacts,
} from "../facts.ts";
import { deadline, inTime } from "../in_time.ts";
import type { ListedAddress, System } from "../system.ts";

const CLASS = "/sys/class/net";
/** How long the resolver may take, in milliseconds: one that asks a name server that is gone takes many seconds. */
const RESOLVE_MS = 3000;
const IFF_UP = 0x1;
const IFF_LOOPBACK = 0x8;

/** @param env what nobody set is derived for */
export async function readNetworkFacts(
  system: System,
  env: Environment,
  node: NodeFacts | null,
): Promise<NetworkFacts> {
  const listed = system.interfaces();
  const network = readNetwork({ host: system, interfaces: listed });
  const address = node?.ip ?? (env.BEAM_NODE_IP || primaryAddress(network));
  const cluster: ClusterAddress = {
    address,
    interface: interfaceOf(address, network),
    source: node ? "node" : env.BEAM_NODE_IP ? "given" : "guess",
    derived: networkVariables(address, network, env),
  };
  return {
    interfaces: readInterfaces(system, listed),
    default_interface: defaultInterface(network.routes),
    routes: [...network.routes],
    cluster,
    host_name: await readHostName(system),
  };
}

/** Interfaces with an address, and those that /sys shows besides. */
export function readInterfaces(
  system: System,
  listed: readonly ListedAddress[],
): InterfaceFacts[] {
  // `eth0:1` is a second address of eth0.
  const bare = (name: string) => name.replace(/:.*$/, "");
  const names = new Set([...listed.map(({ name }) => bare(name)), ...folders(system)]);
  return [...names].sort().map((name) => ({
    ...linkOf(system, name),
    addresses: listed.filter((one) => bare(one.name) === name).map(({ address, family, cidr }) => ({
      address: address.replace(/%.*$/, ""),
      family,
      prefix: prefixOf(cidr),
      link_local: /^fe[89ab]/i.test(address) || address.startsWith("169.254."),
    })),
  }));
}

/** `bonding_masters` is a file among the interfaces' folders. */
function folders(system: System): string[] {
  return system.list(CLASS).filter((name) => exists(system, `${CLASS}/${name}/ifindex`));
}

function prefixOf(cidr: string | null): number | null {
  const found = /\/(\d+)$/.exec(cidr ?? "");
  return found === null ? null : Number(found[1]);
}

function linkOf(system: System, name: string): Omit<InterfaceFacts, "addresses"> {
  const at = `${CLASS}/${name}`;
  const flags = textOf(system, `${at}/flags`);
  const bits = flags === null ? null : Number(flags);
  const speed = textOf(system, `${at}/speed`);
  const duplex = textOf(system, `${at}/duplex`);
  const device = uevent(system, `${at}/device/uevent`);
  const loopback = bits === null ? name === "lo" : (bits & IFF_LOOPBACK) !== 0;
  return {
    name,
    kind: loopback ? "loopback" : exists(system, `${at}/device`) ? "physical" : "software",
    up: bits === null ? null : (bits & IFF_UP) !== 0,
    // The kernel answers EINVAL for an interface that is not up.
    carrier: { "0": false, "1": true }[textOf(system, `${at}/carrier`) ?? ""] ?? null,
    state: textOf(system, `${at}/operstate`),
    // -1 or 4294967295: the driver does not know.
    speed_mbps:
      speed !== null && /^\d+$/.test(speed) && Number(speed) > 0 && Number(speed) < 2 ** 31
        ? Number(speed)
        : null,
    duplex: duplex === "full" || duplex === "half" ? duplex : null,
    mtu: numberOf(system, `${at}/mtu`),
    driver: device.get("DRIVER") ?? null,
    pci: device.get("PCI_SLOT_NAME") ?? null,
    wireless: exists(system, `${at}/wireless`) || exists(system, `${at}/phy80211`),
  };
}

function uevent(system: System, path: string): Map<string, string> {
  const lines = (system.read(path).text ?? "").split("\n");
  return new Map(
    lines.filter((line) => line.includes("=")).map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

async function readHostName(system: System): Promise<HostNameFacts> {
  const name = textOf(system, "/proc/sys/kernel/hostname") ?? Deno.hostname();
  const hosts_line =
    (system.read("/etc/hosts").text ?? "").split("\n").find((line) =>
      line.replace(/#.*/, "").trim().split(/\s+/).slice(1).includes(name)
    )?.trim() ?? null;
  try {
    using until = deadline(RESOLVE_MS);
    const addresses = await inTime(system.resolve(name), until.signal);
    return { name, addresses, error: null, hosts_line };
  } catch (error) {
    return { name, addresses: [], error: (error as Error).message, hosts_line };
  }
}
