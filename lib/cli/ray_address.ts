/** Which cluster a `ray` command means. */
import { Trouble } from "../runtime/errors.ts";
import { type Env, processEnv } from "../runtime/paths.ts";
import { addressText } from "../wire/address.ts";
import { hostAndPort } from "./numbers.ts";

/** Ray's words where there is no cluster to be found; scripts look for them. */
export const NO_CLUSTER =
  "ConnectionError: Could not find any running Ray instance. Please specify " +
  "the one to connect to by setting the `--address` flag or `RAY_ADDRESS` environment variable.";

/** The `host:port` of `--address`, else of RAY_ADDRESS; undefined where it is left to this machine. */
export function rayAddress(flag: string | undefined, env: Env = processEnv): string | undefined {
  const [called, text] = flag === undefined
    ? ["RAY_ADDRESS", env("RAY_ADDRESS")] as const
    : ["--address", flag] as const;
  if (!text || text === "auto" || text === "local") return undefined;
  return addressText(
    hostAndPort(called, text.replace(/^(ray|https?):\/\//, "").replace(/\/$/, "")),
  );
}

/** True for the error of {@link chooseDaemon} that says that nothing runs here. */
export function isNoCluster(error: unknown): boolean {
  return error instanceof Trouble && error.code === "none";
}
