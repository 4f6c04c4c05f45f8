/** `ray status`: the cluster in Ray's words, for scripts that read them. */
import { Trouble } from "../runtime/errors.ts";
import { givenToken } from "../runtime/token.ts";
import { askStatus } from "./cluster_status.ts";
import { type Command, EXIT } from "./command.ts";
import { withDaemon } from "./daemon_choice.ts";
import { checkHead } from "./head_check.ts";
import { hostAndPort } from "./numbers.ts";
import { print, say } from "./output.ts";
import { parse } from "./parse.ts";
import { isNoCluster, NO_CLUSTER, rayAddress } from "./ray_address.ts";
import { rayStatusText } from "./ray_status_text.ts";

const HELP = `Shows the cluster as \`ray status\` does. Exit code 1 where there is none.

Usage:
  ray status [--address HOST:PORT] [-v]

Options:
  --address HOST:PORT    the cluster whose head is there (RAY_ADDRESS)
  -v, --verbose          usage node by node`;

const FLAGS = {
  address: { kind: "text" },
  verbose: { kind: "switch", short: "v" },
  "redis-password": { kind: "text" },
} as const;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "ray status", flags: FLAGS }, args);
  const address = rayAddress(values.address);
  try {
    const begun = performance.now();
    const status = await withDaemon({ address, anyNode: true }, (link) => askStatus(link));
    const took = performance.now() - begun;
    print(rayStatusText(status, new Date(), { verbose: values.verbose, took }));
    return EXIT.done;
  } catch (error) {
    if (!isNoCluster(error)) throw error;
    if (address === undefined) {
      say(NO_CLUSTER);
      return EXIT.failed;
    }
    await explainAbsence(address);
    throw error;
  }
}

/** Tells a head that cannot be reached from one that has no node on this machine. */
export async function explainAbsence(address: string): Promise<void> {
  const given = givenToken();
  await checkHead(hostAndPort("--address", address), { tokens: given ? [given.token] : [] });
  throw new Trouble(
    `Cannot show the cluster at ${address}: it is up, but this machine has no node of it`,
    `Run this on one of its machines, or start a node here: \`ray start --address=${address}\`.`,
    { code: "elsewhere" },
  );
}

export const rayStatus: Command = { name: "ray status", help: HELP, run };
