/**
 * Network variables that vLLM, gloo and NCCL need and that nobody set. Each library otherwise picks
 * an interface by itself, and two nodes that pick differently wait for each other until a timeout.
 *
 * @module
 */

import type { Environment } from "./masks.ts";
import { isLoopback } from "../runtime/loopback.ts";
import { interfaceOf, type Network } from "./network.ts";

/** Interfaces that NCCL passes over by itself, so that they do not compete. */
const PASSED_OVER = /^(lo|docker)/;

/**
 * What to add to the environment of workers and of `beam run`, for the node's cluster `address`.
 * A variable that `env` has, even empty, is never in the result.
 */
export function networkVariables(
  address: string,
  network: Network,
  env: Environment,
): Record<string, string> {
  const derived: Record<string, string> = { VLLM_HOST_IP: address };
  const name = interfaceOf(address, network);
  if (name !== null) {
    derived.GLOO_SOCKET_IFNAME = name;
    // NCCL matches prefixes (eth1 finds eth10) unless the name follows an equals sign.
    if (!isLoopback(address) && competes(name, network)) derived.NCCL_SOCKET_IFNAME = `=${name}`;
  }
  return Object.fromEntries(Object.entries(derived).filter(([key]) => env[key] === undefined));
}

function competes(name: string, network: Network): boolean {
  return network.addresses.some((entry) =>
    entry.interface !== name && !entry.loopback && !entry.link_local &&
    !PASSED_OVER.test(entry.interface)
  );
}
