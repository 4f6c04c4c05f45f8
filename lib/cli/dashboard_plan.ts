/** Whether and where a head serves HTTP, from the flags of `beam up` and `ray start`. */
import { isLoopback, LOOPBACK } from "../runtime/loopback.ts";
import { UsageError } from "./command.ts";
import { portNumber } from "./numbers.ts";
import type { Called } from "./parse.ts";
import { truth } from "./value_types.ts";

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
  include?: Called | undefined;
  host?: Called | undefined;
  port?: Called | undefined;
  /** A driver's own cluster: nobody looks for its port. */
  forDriver?: boolean;
  /** Names with commas or spaces between them. */
  names?: string | undefined;
}

/** The plan, or undefined for none. @throws {UsageError} for a value that cannot be used */
export function dashboardPlan(flags: DashboardFlags): DashboardPlan | undefined {
  const { include, host, port, forDriver } = flags;
  if (include && !truth(include.called, include.text)) return undefined;
  const names = (flags.names ?? "").split(/[\s,]+/).filter((name) => name !== "");
  if (host?.text.trim() === "") {
    throw new UsageError(
      `Cannot use ${host.called}: it needs an address of this machine, or 0.0.0.0 for all`,
      "Leave it out, and only this machine reaches the dashboard.",
    );
  }
  const plan: DashboardPlan = {
    host: host === undefined || isLoopback(host.text) ? LOOPBACK : host.text,
    port: portNumber(port?.called ?? "--dashboard-port", port?.text ?? PORT),
  };
  if (port && plan.port !== 0) plan.asked = true;
  else if (forDriver) plan.any = true;
  if (names.length > 0) plan.names = names;
  return plan;
}
