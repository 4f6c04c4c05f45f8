/** `ray stack`: what the workers and drivers of this machine are doing. */
import { type Command, EXIT } from "./command.ts";
import { withDaemon } from "./daemon_choice.ts";
import { print } from "./output.ts";
import { parse } from "./parse.ts";
import { daemonInfo } from "./patience.ts";
import { stacksOf, stacksText } from "./stack.ts";

const HELP =
  `Shows the Python stacks of all workers and drivers on this machine. \`beam stack\` has those of
other machines too, and of one actor.

Usage:
  ray stack`;

async function run(args: string[]): Promise<number> {
  parse({ program: "ray stack", flags: {} }, args);
  const { node_id: node } = await withDaemon({}, (link) => daemonInfo(link));
  print(stacksText(await stacksOf({ node })));
  return EXIT.done;
}

export const rayStack: Command = { name: "ray stack", help: HELP, flags: {}, run };
