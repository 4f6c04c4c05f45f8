/** After what silence a head takes a node for suspect and for dead, from flags and variables. */
import { DEFAULT_CONFIG } from "../cluster/config.ts";
import { type Env, processEnv } from "../runtime/paths.ts";
import type { LivenessConfig } from "../head/config.ts";
import { UsageError } from "./command.ts";
import { seconds, wholeNumber } from "./numbers.ts";

/** Values of flags as they were given, each with how it came in. */
export interface LivenessFlags {
  suspectAfter?: { called: string; text: string } | undefined;
  deadAfter?: { called: string; text: string } | undefined;
  env?: Env;
}

/** The shortest time that is not mistaken for a busy moment, in milliseconds. */
const SHORTEST = 2000;
/** Where only the time to death is given, a node is suspect after this part of it. */
const SUSPECT_PART = 0.6;
/** Ray's defaults, of which one may be set without the other. */
const RAY = { period_ms: 3000, threshold: 5 };

/**
 * What goes into the head's configuration; undefined: nobody said anything. Ray's
 * `RAY_health_check_period_ms` times `RAY_health_check_failure_threshold` is a time to death.
 * @throws {UsageError} for a value that cannot be used
 */
export function livenessPlan(flags: LivenessFlags): LivenessConfig | undefined {
  const { suspectAfter, deadAfter, env = processEnv } = flags;
  const dead = deadAfter ? seconds(deadAfter.called, deadAfter.text) : rayTime(env);
  if (dead === undefined && !suspectAfter) return undefined;
  const plan: LivenessConfig = {};
  if (suspectAfter) plan.suspect_ms = seconds(suspectAfter.called, suspectAfter.text);
  else if (dead !== undefined) plan.suspect_ms = Math.round(dead * SUSPECT_PART);
  if (dead !== undefined) plan.dead_ms = dead;
  for (const [flag, ms] of [[deadAfter, plan.dead_ms], [suspectAfter, plan.suspect_ms]] as const) {
    if (!flag || ms === undefined || ms >= SHORTEST) continue;
    throw new UsageError(
      `Cannot use ${flag.called}=${flag.text}: nodes say something every second, so it must be at ` +
        `least ${SHORTEST / 1000} s`,
      `Give seconds such as ${flag.called}=10.`,
    );
  }
  const end = dead ?? DEFAULT_CONFIG.dead_ms;
  if (suspectAfter && plan.suspect_ms! > end) {
    throw new UsageError(
      `Cannot use ${suspectAfter.called}=${suspectAfter.text}: a node is suspect before it is dead, ` +
        `which it is after ${end / 1000} s`,
      "Give a shorter time for it, or a longer one for --dead-after.",
    );
  }
  return plan;
}

function rayTime(env: Env): number | undefined {
  const number = (name: string) => {
    const text = env(name);
    return text === undefined || text === "" ? undefined : wholeNumber(name, text);
  };
  const period = number("RAY_health_check_period_ms");
  const threshold = number("RAY_health_check_failure_threshold");
  if (period === undefined && threshold === undefined) return undefined;
  return Math.max(SHORTEST, (period ?? RAY.period_ms) * (threshold ?? RAY.threshold));
}
