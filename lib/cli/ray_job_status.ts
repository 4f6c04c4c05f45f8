/** `ray job status`: how a submitted job goes. */
import { type Command, EXIT } from "./command.ts";
import { addressLine, statusText } from "./job_text.ts";
import { print } from "./output.ts";
import { parse } from "./parse.ts";
import { JOB_FLAGS, JOB_OPTIONS, jobClient, oneId } from "./ray_job_flags.ts";

const HELP = `Shows how a job goes.

Usage:
  ray job status ID [OPTIONS]

Options:
${JOB_OPTIONS}`;

async function run(args: string[]): Promise<number> {
  const program = "ray job status";
  const { values, positionals } = parse({ program, flags: JOB_FLAGS, positionals: 1 }, args);
  const id = oneId(program, positionals);
  const client = await jobClient(values);
  print(addressLine(client.url));
  print(statusText(id, await client.details(id)));
  return EXIT.done;
}

export const rayJobStatus: Command = {
  name: "ray job status",
  help: HELP,
  flags: JOB_FLAGS,
  takes: ["job"],
  run,
};
