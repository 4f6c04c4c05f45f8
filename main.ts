/** The command line's entry: it only reads the arguments and hands over. */

import { VERSION } from "./lib/runtime/version.ts";

const [command] = Deno.args;
if (command === "version") {
  console.log(VERSION);
} else {
  console.error(`beam: Cannot run "${command ?? ""}": it is not a command.`);
  console.error('beam: Commands are: "version".');
  Deno.exitCode = 2;
}
