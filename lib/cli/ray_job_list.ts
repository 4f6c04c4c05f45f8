/** `ray job list`: all jobs, also those of drivers that nobody submitted. */
import { type Command, EXIT } from "./command.ts";
import { addressLine, listText } from "./job_text.ts";
import { print } from "./output.ts";
import { parse } from "./parse.ts";
import { JOB_FLAGS, JOB_OPTIONS, jobClient } from "./ray_job_flags.ts";

const HELP = `Lists jobs.

Usage:
  ray job list [OPTIONS]

Options:
${JOB_OPTIONS}`;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "ray job list", flags: JOB_FLAGS }, args);
  const client = await jobClient(values);
  print(addressLine(client.url));
  print(listText(await client.list()));
  return EXIT.done;
}

export const rayJobList: Command = { name: "ray job list", help: HELP, flags: JOB_FLAGS, run };
