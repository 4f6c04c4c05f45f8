/** `ray job logs`: what a submitted job has written, or writes. */
import { type Command, EXIT } from "./command.ts";
import { addressLine, statusText } from "./job_text.ts";
import { print, printPart } from "./output.ts";
import { parse } from "./parse.ts";
import { JOB_FLAGS, JOB_OPTIONS, jobClient, oneId } from "./ray_job_flags.ts";

const HELP = `Shows what a job has written.

Usage:
  ray job logs ID [--follow] [OPTIONS]

Options:
  -f, --follow         show what it writes until it ends
${JOB_OPTIONS}`;

const FLAGS = { ...JOB_FLAGS, follow: { kind: "switch", short: "f" } } as const;

async function run(args: string[]): Promise<number> {
  const program = "ray job logs";
  const { values, positionals } = parse({ program, flags: FLAGS, positionals: 1 }, args);
  const id = oneId(program, positionals);
  const client = await jobClient(values);
  print(addressLine(client.url));
  if (!values.follow) {
    printPart(await client.logs(id));
    return EXIT.done;
  }
  await client.details(id); // a job that is not there is told of, not waited for
  await client.follow(id, printPart);
  print(statusText(id, await client.details(id)));
  return EXIT.done;
}

export const rayJobLogs: Command = {
  name: "ray job logs",
  help: HELP,
  flags: FLAGS,
  takes: ["job"],
  run,
};
