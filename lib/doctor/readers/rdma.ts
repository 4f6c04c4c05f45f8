/** RDMA devices that the kernel shows, and whether this process may open their nodes. */
import { numberOf, textOf } from "../../probe/host.ts";
import type { RdmaDevice, RdmaFacts, RdmaPort } from "../facts.ts";
import type { System } from "../system.ts";

const CLASS = "/sys/class/infiniband";
const VERBS = "/sys/class/infiniband_verbs";

export function readRdma(system: System): RdmaFacts {
  const nodes = new Map<string, string>();
  for (const node of system.list(VERBS)) {
    const device = textOf(system, `${VERBS}/${node}/ibdev`);
    if (device !== null) nodes.set(device, `/dev/infiniband/${node}`);
  }
  const names = system.list(CLASS).sort();
  return {
    devices: names.map((name) => readDevice(system, name, nodes.get(name) ?? null)),
    rdma_cm: names.length === 0 ? "ENOENT" : system.access("/dev/infiniband/rdma_cm"),
  };
}

function readDevice(system: System, name: string, node: string | null): RdmaDevice {
  const at = `${CLASS}/${name}`;
  const driver = /^DRIVER=(.*)$/m.exec(system.read(`${at}/device/uevent`).text ?? "")?.[1] ?? null;
  const ports = system.list(`${at}/ports`).filter((port) => /^\d+$/.test(port)).sort();
  return {
    name,
    node,
    access: node === null ? "ENOENT" : system.access(node),
    driver,
    ports: ports.map((port) => readPort(system, `${at}/ports/${port}`, Number(port))),
  };
}

function readPort(system: System, at: string, port: number): RdmaPort {
  const layer = textOf(system, `${at}/link_layer`);
  return {
    port,
    // `4: ACTIVE`
    state: textOf(system, `${at}/state`)?.replace(/^\d+:\s*/, "") ?? null,
    link_layer: layer === "Ethernet" || layer === "InfiniBand" ? layer : null,
    rate: textOf(system, `${at}/rate`),
    interface: textOf(system, `${at}/gid_attrs/ndevs/0`) ?? interfaceOfDevice(system, at, port),
  };
}

/** Where no address table says it: the device's only network interface. */
function interfaceOfDevice(system: System, at: string, port: number): string | null {
  const folder = `${at.replace(/\/ports\/\d+$/, "")}/device/net`;
  const names = system.list(folder);
  if (names.length === 1) return names[0]!;
  return names.find((name) => numberOf(system, `${folder}/${name}/dev_port`) === port - 1) ?? null;
}
