/** `ray job stop`: ends a submitted job. */
import { type Command, EXIT } from "./command.ts";
import { addressLine, statusText } from "./job_text.ts";
import { print } from "./output.ts";
import { parse } from "./parse.ts";
import { JOB_FLAGS, JOB_OPTIONS, jobClient, oneId } from "./ray_job_flags.ts";

const HELP = `Ends a job: SIGTERM to all its processes, SIGKILL after three seconds.

Usage:
  ray job stop ID [--no-wait] [OPTIONS]

Options:
  --no-wait            return before it has ended
${JOB_OPTIONS}`;

const FLAGS = { ...JOB_FLAGS, "no-wait": { kind: "switch" } } as const;
/** How often it is asked whether the job has ended, in milliseconds. */
const INTERVAL = 250;

async function run(args: string[]): Promise<number> {
  const program = "ray job stop";
  const { values, positionals } = parse({ program, flags: FLAGS, positionals: 1 }, args);
  const id = oneId(program, positionals);
  const client = await jobClient(values);
  print(addressLine(client.url));
  print(`Attempting to stop job '${id}'`);
  await client.stop(id);
  if (values["no-wait"]) return EXIT.done;
  print(`Waiting for job '${id}' to exit (disable with --no-wait):`);
  for (let told = "";;) {
    const details = await client.details(id);
    if (details.end_time !== null) {
      print(statusText(id, details));
      return EXIT.done;
    }
    if (details.status !== told) print(`Job has not exited yet. Status: ${details.status}`);
    told = details.status;
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
}

export const rayJobStop: Command = {
  name: "ray job stop",
  help: HELP,
  flags: FLAGS,
  takes: ["job"],
  run,
};
