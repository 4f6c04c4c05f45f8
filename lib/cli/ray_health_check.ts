/** `ray health-check`: exit code 0 where the head is there, else 1. Says nothing on standard output. */
import { Trouble } from "../runtime/errors.ts";
import { WireError } from "../wire/errors.ts";
import { type Command, EXIT } from "./command.ts";
import { chooseDaemon } from "./daemon_choice.ts";
import { checkHead } from "./head_check.ts";
import { hostAndPort } from "./numbers.ts";
import { say } from "./output.ts";
import { parse } from "./parse.ts";
import { isNoCluster, NO_CLUSTER, rayAddress } from "./ray_address.ts";
import { knownTokens } from "./status_source.ts";

const HELP = `Checks that a cluster's head is there and lets this machine in: exit code 0, else 1.

Usage:
  ray health-check [--address HOST:PORT]

Options:
  --address HOST:PORT     the head (RAY_ADDRESS, else that of this machine's node)
  --component NAME        accepted; the head is checked
  --skip-version-check    accepted; the protocol's version is always checked`;

const FLAGS = {
  address: { kind: "text" },
  component: { kind: "text" },
  "skip-version-check": { kind: "switch" },
  "redis-password": { kind: "text", hidden: true },
  "redis-username": { kind: "text", hidden: true },
} as const;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "ray health-check", flags: FLAGS }, args);
  try {
    const address = rayAddress(values.address) ??
      (await chooseDaemon({ anyNode: true })).record?.head_address;
    if (address === undefined) throw new Trouble(NO_CLUSTER);
    await checkHead(hostAndPort("--address", address), { tokens: knownTokens() });
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof Trouble || error instanceof WireError)) throw error;
    say(isNoCluster(error) ? NO_CLUSTER : `ray: ${error.message}.`);
    return EXIT.failed;
  }
}

export const rayHealthCheck: Command = { name: "ray health-check", help: HELP, flags: FLAGS, run };
