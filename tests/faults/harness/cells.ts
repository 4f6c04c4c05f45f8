/** The matrix: which process is hit by what at which step of an actor's life, and what must come of it. */

/** Who is hit. `daemon` is that of the actor's node; `home daemon` that of the driver's and the actor's node. */
export const VICTIMS = [
  "worker",
  "template",
  "daemon",
  "home daemon",
  "head",
  "driver",
  "supervisor",
  "block",
] as const;
export type Victim = typeof VICTIMS[number];

/** Where the actor is then. */
export const STEPS = [
  "placing",
  "starting",
  "init",
  "idle",
  "call",
  "streaming",
  "killed",
  "restarting",
] as const;
export type Step = typeof STEPS[number];

/** What is done: killed; stopped for a moment; stopped until others have noticed. */
export const FAULTS = ["SIGKILL", "SIGSTOP", "frozen"] as const;
export type Fault = typeof FAULTS[number];

/** One entry of the matrix. */
export interface Cell {
  victim: Victim;
  step: Step;
  fault: Fault;
}

/** What an error must be. */
export interface Told {
  type: RegExp;
  text: RegExp;
}

/** What must come of a cell: the call is `done`, its error tells the cause, or nobody is left to be told. */
export interface Expected {
  call: "done" | "nobody" | Told;
  /** The same for a new actor of the same driver, afterwards. */
  again: "done" | "nobody" | Told;
}

/** All cells that there are. */
export function allCells(): Cell[] {
  return VICTIMS.flatMap((victim) =>
    FAULTS.flatMap((fault) => STEPS.map((step) => ({ victim, fault, step })))
  ).filter(exists);
}

function exists({ victim, step, fault }: Cell): boolean {
  // Before it is placed it has no worker.
  if (victim === "worker" && step === "placing") return false;
  // Others notice only of whom they hear every second.
  return fault !== "frozen" || victim === "daemon" || victim === "head";
}

const KILLED_BY_CALLER: Told = { type: /^ActorDiedError$/, text: /ray\.kill|SIGKILL/ };

/** What must come of a cell. */
export function expected({ victim, step, fault }: Cell): Expected {
  const calm = step === "killed" ? KILLED_BY_CALLER : "done";
  if (fault === "SIGSTOP" || victim === "head") return { call: calm, again: "done" };
  switch (victim) {
    case "driver":
    case "supervisor":
      return { call: "nobody", again: "nobody" };
    case "home daemon": {
      const lost: Told = { type: /^(RaySystemError|DaemonLost|ActorDiedError)$/, text: /daemon/ };
      return { call: lost, again: lost };
    }
    case "worker":
      return {
        call: step === "killed"
          ? KILLED_BY_CALLER
          : { type: /^ActorDiedError$/, text: /SIGKILL.*127\.0\.0\.2|127\.0\.0\.2.*SIGKILL/s },
        again: "done",
      };
    case "template":
      return {
        // What waits to be placed has not died with anybody.
        call: step === "placing"
          ? "done"
          : { type: /^ActorDiedError$/, text: /ray\.kill|process that started it.*SIGKILL/s },
        again: "done",
      };
    case "daemon":
    case "block":
      return {
        call: step === "placing"
          ? "done"
          : { type: /^ActorDiedError$/, text: /ray\.kill|[nN]ode.*127\.0\.0\.2/s },
        again: "done",
      };
  }
}
