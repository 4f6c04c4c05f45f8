/** `beam man`: the manual page. */
import { VERSION } from "../runtime/version.ts";
import { type Command, EXIT, type SubCommands } from "./command.ts";
import { manPage } from "./man_page.ts";
import { printPart } from "./output.ts";
import { parse } from "./parse.ts";

const HELP = `Prints the manual page beam(1), made from the helps of all commands.

Usage:
  beam man | man -l -                                  read it
  beam man > ~/.local/share/man/man1/beam.1            keep it for \`man beam\``;

async function run(args: string[], all: SubCommands): Promise<number> {
  parse({ program: "beam man", flags: {} }, args);
  printPart(await manPage(all, VERSION));
  return EXIT.done;
}

export const man: Command = { name: "beam man", help: HELP, flags: {}, run };
