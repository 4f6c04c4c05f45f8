/** What a node says of itself: to who looks for it, to its clients, its doctor, and its successor. */
import { dirname, join } from "node:path";
import type { FactsRequest } from "../doctor/read_facts.ts";
import type { HeadReady } from "../head/config.ts";
import { type Network, readNetwork } from "../probe/network.ts";
import { type DaemonRecord, startTicks } from "../runtime/records.ts";
import { buildName } from "../runtime/version.ts";
import { addressText } from "../wire/address.ts";
import type { Keyring } from "../wire/keyring.ts";
import type { Reply } from "../wire/messages.ts";
import { headAliases, isHere, lostAddressMend, nodeAliases } from "./addresses.ts";
import type { NodeFacts } from "./assignment.ts";
import type { DaemonConfig } from "./config.ts";
import type { HeadLink } from "./head_link.ts";
import type { HeadProcess } from "./head_process.ts";
import type { Instance } from "./instance.ts";
import type { Machine } from "./node_spec.ts";
import { type Environment, nodeEnv } from "./worker_env.ts";

/** A node as it is now. */
export interface NodeSelf {
  node_id: string;
  node_ip: string;
  /** Empty before the first join. */
  cluster: string;
  head_ip: string;
  head_port: number;
  log_dir: string;
  /** The folder of the Python package. */
  shim: string;
  network_env: Environment;
  config: DaemonConfig;
  instance: Instance;
  machine: Machine;
  network: Network;
  keys: Keyring;
  /** Where the head is this node's. */
  head: HeadProcess | undefined;
  head_ready: HeadReady | undefined;
}

/** The record by which others find it. */
export function recordOf(self: NodeSelf): DaemonRecord {
  const { config, instance, node_ip } = self;
  const address = headAddressOf(self);
  const aliases = nodeAliases(config, node_ip, self.network);
  return {
    pid: Deno.pid,
    start_ticks: startTicks(Deno.pid) ?? 0,
    node_id: self.node_id,
    node_ip,
    aliases,
    cluster: self.cluster,
    head_address: address,
    head_aliases: headAliases(config, { address, port: self.head_port }, aliases),
    is_head: config.role === "head",
    runtime_dir: instance.runtime,
    socket: instance.paths.socket,
    shim_path: self.shim,
    build: buildName(),
    standing: config.standing,
    ...headFacts(self.head_ready),
    ...authorityFact(self),
  };
}

/** What its workers and drivers are told. */
export function factsOf(self: NodeSelf): NodeFacts {
  return {
    node_id: self.node_id,
    node_ip: self.node_ip,
    cluster: self.cluster,
    gcs_address: headAddressOf(self),
    runtime_dir: self.instance.runtime,
    log_dir: self.log_dir,
    dashboard_url: self.head_ready?.dashboard ?? "",
    network_env: self.network_env,
    gpu_ids_masked: self.machine.gpus.masked_by !== null,
  };
}

/** `daemon.info`. */
export function infoOf(self: NodeSelf, link: HeadLink): Reply<"daemon.info"> {
  const { runtime } = self.instance;
  const info: Reply<"daemon.info"> = {
    node_id: self.node_id,
    node_ip: self.node_ip,
    cluster: self.cluster,
    head_address: headAddressOf(self),
    is_head: self.config.role === "head",
    pid: Deno.pid,
    runtime_dir: runtime,
    log_dir: self.log_dir,
    connected: link.isJoined,
    build: buildName(),
    network_env: self.network_env,
    ...authorityFact(self),
  };
  const { head } = self;
  if (head?.pid !== undefined) info.head_pid = head.pid;
  if (head?.ready) info.head_build = head.ready.build;
  const { away } = link;
  const fault = head?.fault;
  if (away) info.away = fault ? { ...away, why: fault.message, mend: fault.mend } : { ...away };
  const { host } = self.config.head;
  if (away && !fault && info.is_head && host === self.node_ip && !isHere(host, readNetwork())) {
    info.away = { ...away, mend: lostAddressMend(host) };
  }
  if (!self.keys.isOpen) info.token_file = join(runtime, "token");
  return info;
}

/** What only the parts of a running node know. */
export interface RunningParts {
  connected: boolean;
  /** For direct streams. */
  port: number;
  /** Milliseconds since the epoch. */
  certificate_until: number | undefined;
  worker_command: string[];
  env: Environment;
  /** Processes that are this node's, besides the head. */
  pids: number[];
}

/** What its doctor is told. */
export function doctorRequestOf(self: NodeSelf, parts: RunningParts): FactsRequest {
  const { config, machine, instance } = self;
  const isHead = config.role === "head";
  const until = parts.certificate_until ?? Infinity;
  return {
    node: {
      node_id: self.node_id,
      name: config.node_name ?? machine.facts.hostname,
      ip: self.node_ip,
      aliases: nodeAliases(config, self.node_ip, self.network),
      port: parts.port,
      is_head: isHead,
      head_address: headAddressOf(self),
      connected: parts.connected,
      cluster: self.cluster,
      build: buildName(),
      pid: Deno.pid,
      gpus: machine.gpus.gpus.length,
      gpus_given: config.num_gpus ?? null,
      shim_path: self.shim,
      object_store: config.object_store_memory ?? machine.facts.object_store_bytes,
      pids: [...self.head?.pid === undefined ? [] : [self.head.pid], ...parts.pids],
    },
    runtime_dir: instance.runtime,
    machine_dir: dirname(instance.paths.dir),
    worker_command: parts.worker_command,
    env: nodeEnv(parts.env, {}),
    shim_path: self.shim,
    security: {
      open: self.keys.isOpen,
      tls: config.tls !== undefined,
      files: config.tls?.files ?? null,
      listens_on: isHead ? config.head.host : null,
      certificate_until: Number.isFinite(until) ? until : null,
    },
  };
}

/**
 * The configuration of who takes its place: as this one was configured, at the ports that it has got.
 * @param joinedBy the join token by which its machine came in
 */
export function successorConfigOf(self: NodeSelf, joinedBy: string | undefined): DaemonConfig {
  const config = { ...self.config, head: { ...self.config.head, port: self.head_port } };
  if (joinedBy !== undefined) config.joined_by = joinedBy;
  const address = self.head?.ready?.dashboard;
  if (config.dashboard && address !== undefined) {
    const port = Number(address.slice(address.lastIndexOf(":") + 1));
    config.dashboard = { ...config.dashboard, port };
  }
  return config;
}

function headAddressOf({ head_ip, head_port }: NodeSelf): string {
  return addressText({ host: head_ip, port: head_port });
}

/** Whose certificates this node believes, where the cluster makes its own. */
function authorityFact({ config, head_ready }: NodeSelf): Partial<DaemonRecord> {
  const authority = head_ready?.authority ?? config.tls?.authority;
  return authority === undefined ? {} : { authority };
}

/** What the record says of the head's HTTP server and journal. */
function headFacts(head: HeadReady | undefined): Partial<DaemonRecord> {
  const facts: Partial<DaemonRecord> = {};
  if (head?.dashboard !== undefined) facts.dashboard = head.dashboard;
  if (head?.dashboard_fault !== undefined) facts.dashboard_fault = head.dashboard_fault;
  if (head?.journal_fault !== undefined) facts.journal_fault = head.journal_fault;
  return facts;
}
