/** `ray job …`: jobs that are submitted to the head over HTTP. */
import { type Command, EXIT, type SubCommands, UsageError } from "./command.ts";
import { nearest } from "./nearest.ts";
import { print } from "./output.ts";
import { runCommand } from "./run_command.ts";

const HELP = `Submits jobs to a cluster and shows them.

Usage:
  ray job submit -- CMD     run a command on the cluster, and follow its output
  ray job status ID         how it goes
  ray job logs ID           its output; --follow until it ends
  ray job stop ID           end it
  ray job list              all jobs
  ray job delete ID         forget one that has ended

Each has --help. All take --address URL (RAY_API_SERVER_ADDRESS, RAY_ADDRESS; else this machine's
cluster, else http://localhost:8265), --headers JSON and --verify. The token is RAY_AUTH_TOKEN or
BEAM_TOKEN; this user's own head on this machine needs none.`;

const NAMES = ["submit", "status", "logs", "stop", "list", "delete"] as const;

async function run(args: string[], all: SubCommands): Promise<number> {
  const [name, ...rest] = args;
  const command = await load(name);
  if (command) return await runCommand(command, rest, all);
  if (name === undefined || name === "--help" || name === "-h") {
    print(HELP);
    return name === undefined ? EXIT.usage : EXIT.done;
  }
  const near = nearest(name, NAMES);
  throw new UsageError(
    `Cannot run \`ray job ${name}\`: there is no such command`,
    near ? `Did you mean \`ray job ${near}\`? See \`ray job --help\`.` : "See `ray job --help`.",
  );
}

async function load(name: string | undefined): Promise<Command | undefined> {
  switch (name) {
    case "submit":
      return (await import("./ray_job_submit.ts")).rayJobSubmit;
    case "status":
      return (await import("./ray_job_status.ts")).rayJobStatus;
    case "logs":
      return (await import("./ray_job_logs.ts")).rayJobLogs;
    case "stop":
      return (await import("./ray_job_stop.ts")).rayJobStop;
    case "list":
      return (await import("./ray_job_list.ts")).rayJobList;
    case "delete":
      return (await import("./ray_job_delete.ts")).rayJobDelete;
    default:
      return undefined;
  }
}

export const rayJob: Command = {
  name: "ray job",
  help: HELP,
  commands: { names: NAMES, load },
  run,
};
