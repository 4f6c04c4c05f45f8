/** `ray job delete`: forgets a job that has ended. */
import { type Command, EXIT } from "./command.ts";
import { addressLine } from "./job_text.ts";
import { print } from "./output.ts";
import { parse } from "./parse.ts";
import { JOB_FLAGS, JOB_OPTIONS, jobClient, oneId } from "./ray_job_flags.ts";

const HELP = `Forgets a job that has ended. Its log stays on the node's disk.

Usage:
  ray job delete ID [OPTIONS]

Options:
${JOB_OPTIONS}`;

async function run(args: string[]): Promise<number> {
  const program = "ray job delete";
  const { values, positionals } = parse({ program, flags: JOB_FLAGS, positionals: 1 }, args);
  const id = oneId(program, positionals);
  const client = await jobClient(values);
  print(addressLine(client.url));
  await client.delete(id);
  print(`Job '${id}' deleted successfully`);
  return EXIT.done;
}

export const rayJobDelete: Command = {
  name: "ray job delete",
  help: HELP,
  flags: JOB_FLAGS,
  takes: ["job"],
  run,
};
