/** `beam ray …`: what `ray …` and `python3 -m ray …` call. */
import { RAY_VERSION } from "../runtime/ray_version.ts";
import { type Command, EXIT, type SubCommands, UsageError } from "./command.ts";
import { nearest } from "./nearest.ts";
import { print } from "./output.ts";
import { runCommand } from "./run_command.ts";

const HELP = `The commands of \`ray\` that beam has.

Usage:
  ray start           start a node on this machine
  ray stop            end every node of this user on this machine
  ray status          show the cluster
  ray list            list nodes, actors, placement groups, jobs, workers, tasks and more
  ray get             show one of them
  ray summary         count tasks or actors by state
  ray job             submit jobs, follow and end them
  ray logs            show logs of nodes, actors, workers and jobs
  ray stack           what this machine's workers are doing
  ray memory          what large values take
  ray health-check    exit code 0 where the head is there
  ray get-auth-token  the token that Ray's variables say; --generate makes one
  ray --version       the version of Ray whose interface this is

Each has --help.`;

/** Commands of Ray's that are not there, with what to do instead. */
const ABSENT: Readonly<Record<string, string>> = {
  "symmetric-run": "Run `beam up` on each machine, then `beam wait --nodes N`, then the program.",
  timeline: "Call ray.timeline() in a program.",
  "kill-actor": "Use `ray.kill` in a program.",
  "drain-node": "Use `beam drain NODE`.",
  "check-open-ports": "One port must be reachable, the head's; `beam status` shows it.",
  "sanity-check": "There is no counterpart.",
  submit: "There is no cluster launcher here.",
  attach: "There is no cluster launcher here.",
  exec: "There is no cluster launcher here.",
  up: "There is no cluster launcher here; `beam up` starts a node.",
  down: "There is no cluster launcher here; `ray stop` ends this machine's nodes.",
};

const NAMES = [
  "start",
  "stop",
  "status",
  "list",
  "get",
  "summary",
  "job",
  "logs",
  "stack",
  "memory",
  "health-check",
  "get-auth-token",
] as const;

async function run(args: string[], all: SubCommands): Promise<number> {
  const [name, ...rest] = args;
  const command = await load(name);
  if (command) return await runCommand(command, rest, all);
  if (name === "--version" || name === "version") {
    print(`ray, version ${RAY_VERSION}`);
    return EXIT.done;
  }
  if (name === undefined) {
    print(HELP);
    return EXIT.usage;
  }
  if (Object.hasOwn(ABSENT, name)) {
    throw new UsageError(
      `Cannot run \`ray ${name}\`: beam does not have this command`,
      ABSENT[name]!,
    );
  }
  const near = nearest(name, NAMES);
  throw new UsageError(
    `Cannot run \`ray ${name}\`: there is no such command`,
    near ? `Did you mean \`ray ${near}\`? See \`ray --help\`.` : "See `ray --help`.",
  );
}

async function load(name: string | undefined): Promise<Command | undefined> {
  switch (name) {
    case "start":
      return (await import("./ray_start.ts")).rayStart;
    case "stop":
      return (await import("./ray_stop.ts")).rayStop;
    case "status":
      return (await import("./ray_status.ts")).rayStatus;
    case "list":
      return (await import("./ray_list.ts")).rayList;
    case "get":
      return (await import("./ray_get.ts")).rayGet;
    case "summary":
      return (await import("./ray_summary.ts")).raySummary;
    case "job":
      return (await import("./ray_job.ts")).rayJob;
    case "logs":
      return (await import("./ray_logs.ts")).rayLogs;
    case "stack":
      return (await import("./ray_stack.ts")).rayStack;
    case "memory":
      return (await import("./ray_memory.ts")).rayMemory;
    case "get-auth-token":
      return (await import("./ray_get_auth_token.ts")).rayGetAuthToken;
    case "health-check":
      return (await import("./ray_health_check.ts")).rayHealthCheck;
    default:
      return undefined;
  }
}

export const ray: Command = { name: "ray", help: HELP, commands: { names: NAMES, load }, run };
