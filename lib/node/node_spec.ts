/** What this machine offers: probed once, then told to the head at every join. */
import { type Amounts, toAmounts } from "../cluster/amounts.ts";
import type { NodeSpec } from "../cluster/node.ts";
import { type GpuProbe, probe } from "../probe/gpus.ts";
import { type MachineFacts, machineFacts } from "../probe/machine.ts";
import type { DaemonConfig } from "./config.ts";
import type { Environment } from "./worker_env.ts";

/** What the probe saw. */
export interface Machine {
  gpus: GpuProbe;
  facts: MachineFacts;
}

/** Probes the machine. @throws GpuCountError for a count that cannot be. */
export function probeMachine(config: DaemonConfig, env: Environment): Machine {
  return {
    gpus: probe({ env, override: config.num_gpus ?? null }),
    facts: machineFacts({ env }),
  };
}

/** What {@link nodeSpec} is made from. */
export interface NodeSpecParts {
  config: DaemonConfig;
  machine: Machine;
  node_id: string;
  node_ip: string;
  aliases: string[];
  /** Kept by the head beside the node: ports and versions. */
  extra: Record<string, unknown>;
}

/** The node as the head's brain counts it. */
export function nodeSpec(parts: NodeSpecParts): NodeSpec {
  const { config, machine, node_id, node_ip } = parts;
  const { gpus } = machine;
  return {
    node_id,
    ip: node_ip,
    aliases: parts.aliases.filter((alias) => alias !== node_ip),
    hostname: machine.facts.hostname,
    is_head: config.role === "head",
    total: total(config, machine, node_ip),
    gpu_ids: gpus.gpus.map((gpu) => gpu.id),
    labels: {
      "ray.io/node-id": node_id,
      ...(gpus.accelerator_types[0] === undefined
        ? {}
        : { "ray.io/accelerator-type": gpus.accelerator_types[0] }),
      ...config.labels,
    },
    extra: {
      ...parts.extra,
      ...(config.node_name !== undefined && { node_name: config.node_name }),
    },
  };
}

function total(config: DaemonConfig, { gpus, facts }: Machine, node_ip: string): Amounts {
  const store = config.object_store_memory ?? facts.object_store_bytes;
  const types = gpus.accelerator_types.map((type) => [`accelerator_type:${type}`, 1]);
  return toAmounts({
    ...config.resources,
    CPU: config.num_cpus ?? facts.cpus,
    GPU: gpus.gpus.length,
    memory: config.memory ?? Math.max(0, Math.floor(facts.memory_available_bytes - store)),
    object_store_memory: Math.floor(store),
    ...Object.fromEntries(types),
    [`node:${node_ip}`]: 1,
    ...(config.role === "head" ? { "node:__internal_head__": 1 } : {}),
  });
}
