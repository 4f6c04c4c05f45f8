/** `beam shim-path`: where the Python package is. */
import { runtimeDir } from "../runtime/paths.ts";
import { ensureShim } from "../runtime/shim.ts";
import { type Command, EXIT } from "./command.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";

const HELP =
  `Writes the Python package \`ray\` to the runtime directory, once per build, and prints the
folder that belongs into PYTHONPATH, alone.

Usage:
  PYTHONPATH=$(beam shim-path) python program.py

Options:
  --json     {"shim_path": "…"}`;

const FLAGS = { json: { kind: "switch" } } as const;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "beam shim-path", flags: FLAGS }, args);
  const path = await ensureShim(runtimeDir());
  if (values.json) printJson({ shim_path: path });
  else print(path);
  return EXIT.done;
}

export const shimPath: Command = { name: "beam shim-path", help: HELP, flags: FLAGS, run };
