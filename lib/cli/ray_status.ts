/** `ray status`: the cluster in Ray's words, for scripts that read them. */
import { type Command, EXIT } from "./command.ts";
import { print, say } from "./output.ts";
import { parse } from "./parse.ts";
import { isNoCluster, NO_CLUSTER, rayAddress } from "./ray_address.ts";
import { rayStatusText } from "./ray_status_text.ts";
import { clusterStatus } from "./status_source.ts";

const HELP = `Shows the cluster as \`ray status\` does. Exit code 1 where there is none.

Usage:
  ray status [--address HOST:PORT] [-v]

Options:
  --address HOST:PORT    the cluster whose head is there, also from a machine without a
                         node of it, given its token (RAY_ADDRESS)
  -v, --verbose          usage node by node`;

const FLAGS = {
  address: { kind: "text" },
  verbose: { kind: "switch", short: "v" },
  "redis-password": { kind: "text", hidden: true },
} as const;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "ray status", flags: FLAGS }, args);
  const address = rayAddress(values.address);
  try {
    const begun = performance.now();
    const status = await clusterStatus(address);
    const took = performance.now() - begun;
    print(rayStatusText(status, new Date(), { verbose: values.verbose, took }));
    return EXIT.done;
  } catch (error) {
    if (!isNoCluster(error)) throw error;
    say(NO_CLUSTER);
    return EXIT.failed;
  }
}

export const rayStatus: Command = { name: "ray status", help: HELP, flags: FLAGS, run };
