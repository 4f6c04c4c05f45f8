/**
 * The life of an actor as a table.
 *
 * Rules:
 * - it waits until its place is free, then one worker is started for it;
 * - a worker is first connectable (`ready`), then through `__init__` (`initialized`), in one
 *   report or in two;
 * - from every step but the last it can be set back to waiting (a restart, a new incarnation)
 *   or ended; nothing leaves `ended`.
 */

/** What the brain distinguishes. */
export type ActorStep = "waiting" | "starting" | "ready" | "running" | "ended";

/** What moves an actor. */
export type ActorMove = "placed" | "ready" | "initialized" | "again" | "end";

/** Ray's words, which everything outside the brain reads. */
export type ActorState = "PENDING_CREATION" | "ALIVE" | "RESTARTING" | "DEAD";

/** From a step, by a move, to a step; what is not listed is illegal. */
export const ACTOR_TABLE: Readonly<
  Record<ActorStep, Readonly<Partial<Record<ActorMove, ActorStep>>>>
> = {
  waiting: { placed: "starting", end: "ended" },
  starting: { ready: "ready", initialized: "running", again: "waiting", end: "ended" },
  ready: { initialized: "running", again: "waiting", end: "ended" },
  running: { again: "waiting", end: "ended" },
  ended: {},
};

/** The step after a move, or undefined where the move is illegal. */
export function nextStep(step: ActorStep, move: ActorMove): ActorStep | undefined {
  return ACTOR_TABLE[step][move];
}

/** Ray's word for a step of the given incarnation. */
export function stateOf(step: ActorStep, incarnation: number): ActorState {
  if (step === "running") return "ALIVE";
  if (step === "ended") return "DEAD";
  return incarnation > 1 ? "RESTARTING" : "PENDING_CREATION";
}

/** The table as a Mermaid state diagram, for `docs/architecture.md`. */
export function actorDiagram(): string {
  const lines = ["stateDiagram-v2", "    [*] --> waiting"];
  for (const [from, moves] of Object.entries(ACTOR_TABLE)) {
    for (const [move, to] of Object.entries(moves)) lines.push(`    ${from} --> ${to}: ${move}`);
  }
  lines.push("    ended --> [*]");
  return lines.join("\n") + "\n";
}
