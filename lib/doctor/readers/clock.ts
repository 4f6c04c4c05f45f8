/** Who keeps this machine's clock, and whether the kernel believes it. */
import { exists } from "../../probe/host.ts";
import type { ClockFacts, ProcessFacts } from "../facts.ts";
import type { System } from "../system.ts";

/** @param processes those of kind `clock` are looked at */
export function readClock(system: System, processes: readonly ProcessFacts[]): ClockFacts {
  const state = system.clock();
  const keeper = processes.find(({ kind }) => kind === "clock")?.command.split(/\s/)[0];
  const timesyncd = exists(system, "/run/systemd/timesync/synchronized");
  return {
    synchronized: state?.synchronized ?? (timesyncd ? true : null),
    max_error_ms: state?.max_error_ms ?? null,
    kept_by: keeper?.slice(keeper.lastIndexOf("/") + 1) ?? (timesyncd ? "systemd-timesyncd" : null),
  };
}
