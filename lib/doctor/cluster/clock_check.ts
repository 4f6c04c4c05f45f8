/** Whether the machines' clocks agree. */
import { type CheckText, finding } from "../check.ts";
import { about, type ClusterCheck } from "./picture.ts";
import { span } from "./standing_checks.ts";

/** Less than this is not told, in milliseconds. */
const BOUND = 2000;

const CLOCK: CheckText = {
  code: "BD064",
  name: "clock",
  severity: "warning",
  tells: "a node's clock is more than two seconds from the head's machine's",
  explain:
    "beam itself measures only how much time has passed. But logs and death reports of two machines are read side by " +
    "side, and certificates are refused where a clock is a day off. The doctor asks each node for its time and allows " +
    "for half of what the question took.",
};

/** Clocks that differ from the head's machine's. */
export const clock: ClusterCheck = {
  ...CLOCK,
  run: ({ nodes }) =>
    nodes.flatMap((node) => {
      if (!node.clock) return [];
      const { ahead_ms, margin_ms } = node.clock;
      if (Math.abs(ahead_ms) - margin_ms < BOUND) return [];
      const way = ahead_ms > 0 ? "ahead of" : "behind";
      return [about(
        node,
        finding(CLOCK, "warning", {
          seen: `The clock of ${node.name} is ${
            span(Math.abs(ahead_ms))
          } ${way} that of the head's machine.`,
          breaks:
            "Its lines in logs and events stand in the wrong place; a day off, TLS refuses it.",
          mend:
            "On the machine that is wrong: `sudo timedatectl set-ntp true` (or start chronyd), then `timedatectl`.",
        }),
      )];
    }),
};
