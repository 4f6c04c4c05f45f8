/** Whether and where a head serves HTTP, from the flags of `beam up` and `ray start`. */
import { isLoopback, LOOPBACK } from "../runtime/loopback.ts";
import { type Env, processEnv } from "../runtime/paths.ts";
import { UsageError } from "./command.ts";
import { portNumber } from "./numbers.ts";

/** The port that Ray's tools look for. */
const PORT = "8265";

/** What goes into the head's configuration. */
export interface DashboardPlan {
  host: string;
  /** 0: any that is free. */
  port: number;
  /** Somebody named this port: without it the head does not start. */
  asked?: boolean;
  /** Where the port is taken, any other will do. */
  any?: boolean;
  /** Names by which it may be called, besides its addresses. */
  names?: string[];
}

/** Values of flags as they were given, each with how it came in. */
export interface DashboardFlags {
  include?: { called: string; text: string } | undefined;
  host?: string | undefined;
  port?: { called: string; text: string } | undefined;
  /** A driver's own cluster: nobody looks for its port. */
  forDriver?: boolean;
  env?: Env;
}

/** The plan, or undefined for none. @throws {UsageError} for a value that cannot be used */
export function dashboardPlan(flags: DashboardFlags): DashboardPlan | undefined {
  const { include, host, port, forDriver, env = processEnv } = flags;
  if (include && !isTrue(include)) return undefined;
  const names = (env("BEAM_DASHBOARD_NAMES") ?? "").split(/[\s,]+/).filter((name) => name !== "");
  const plan: DashboardPlan = {
    host: host === undefined || isLoopback(host) ? LOOPBACK : host,
    port: portNumber(port?.called ?? "--dashboard-port", port?.text ?? PORT),
  };
  if (port && plan.port !== 0) plan.asked = true;
  else if (forDriver) plan.any = true;
  if (names.length > 0) plan.names = names;
  return plan;
}

/** A truth as Ray's command line reads it. */
function isTrue({ called, text }: { called: string; text: string }): boolean {
  if (/^(1|true|t|yes|y|on)$/i.test(text)) return true;
  if (/^(0|false|f|no|n|off)$/i.test(text)) return false;
  throw new UsageError(`Cannot use ${called}=${text}: it must be true or false`, "Leave it out.");
}
