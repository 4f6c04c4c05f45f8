/** `beam env`: the exports under which programs find the package and the network. */
import { shellWord } from "../runtime/launcher.ts";
import { type Command, EXIT } from "./command.ts";
import { print, printJson, say } from "./output.ts";
import { parse } from "./parse.ts";
import { programEnv } from "./program_env.ts";

const HELP =
  `Prints the exports for programs on this machine: PYTHONPATH with the package \`ray\`, PATH
with the command \`ray\`, and the network variables of this node where nobody set them.

Usage:
  eval "$(beam env)"

Options:
  --json     the same as a JSON object`;

const FLAGS = { json: { kind: "switch" } } as const;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "beam env", flags: FLAGS }, args);
  const { variables, hasNode } = await programEnv();
  if (values.json) printJson(variables);
  else print(exportLines(variables));
  if (!hasNode) say("beam: No node runs here, so the network variables are left out.");
  return EXIT.done;
}

/** One `export` per line, for the shell. */
export function exportLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables).map(([name, value]) => `export ${name}=${shellWord(value)}`)
    .join("\n");
}

export const env: Command = { name: "beam env", help: HELP, flags: FLAGS, run };
