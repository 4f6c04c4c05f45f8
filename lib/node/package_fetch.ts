/**
 * Brings a package here that a driver brought to another node: from the driver's node, else from
 * whichever node has it. A package that was brought here stays, so that others find it when the
 * driver's node is gone.
 */
import type { PackageStore } from "../runtime/packages.ts";
import { RequestFailed } from "../wire/errors.ts";
import type { Courier } from "./courier.ts";
import type { HeadAsks } from "./head_asks.ts";
import { type Loose, textIn } from "./order.ts";

/** The source of packages between nodes, see {@link Courier}. */
export const PACKAGE_SOURCE = "package";

/** What fetching needs of its node. */
export interface PackageFetchHost {
  node_id(): string;
  node_ip(): string;
  store: PackageStore;
  courier: Pick<Courier, "fetch">;
  asks: Pick<HeadAsks, "askOwn">;
}

/**
 * Brings the package `name` into the store.
 * @param first the node where the job's driver runs
 * @throws {RequestFailed} code `environment` where no node has it; the signal's reason
 */
export async function fetchPackage(
  host: PackageFetchHost,
  name: string,
  first: string,
  signal: AbortSignal,
): Promise<void> {
  const asked = new Set([host.node_id(), ""]);
  const reasons: string[] = [];
  const from = async (nodes: string[]): Promise<boolean> => {
    for (const node of nodes) {
      if (asked.has(node)) continue;
      asked.add(node);
      try {
        const wanted = { source: PACKAGE_SOURCE, name, node };
        await host.store.bring(
          name,
          (path) => host.courier.fetch(wanted, path, { signal }).then(() => {}),
        );
        return true;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof RequestFailed)) throw error;
        reasons.push(error.message);
      }
    }
    return false;
  };
  if (await from([first]) || await from(await otherNodes(host, signal))) return;
  throw new RequestFailed(
    "environment",
    `Failed to download runtime_env file package gcs://${name} to ${host.node_ip()}: no node of ` +
      `the cluster has it${reasons.length > 0 ? ` (${reasons.join("; ")})` : ""}.`,
    "Start the job again: its driver brings the package along.",
  );
}

/** All that live, the head's first: submitted jobs bring theirs there. */
async function otherNodes(host: PackageFetchHost, signal: AbortSignal): Promise<string[]> {
  const { body } = await host.asks.askOwn({ kind: "query.nodes" }, signal);
  const nodes = JSON.parse(new TextDecoder().decode(body)) as Loose[];
  return nodes.filter((node) => node["alive"] === true)
    .sort((a, b) => Number(b["is_head"] === true) - Number(a["is_head"] === true))
    .map((node) => textIn(node, "node_id"));
}
