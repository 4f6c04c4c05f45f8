/** `beam debug`: one file for a bug report. */
import { existsSync } from "node:fs";
import { Trouble } from "../runtime/errors.ts";
import { reasonOf, runtimeDir } from "../runtime/paths.ts";
import { allRecords } from "../runtime/records.ts";
import { removeQuietly } from "../runtime/whole_file.ts";
import { type Command, EXIT, type SubCommands } from "./command.ts";
import { archive, cleaned, redactorFor, removedIn } from "./debug_bundle.ts";
import { debugParts } from "./debug_parts.ts";
import { wholeNumber } from "./numbers.ts";
import { print, printJson, say } from "./output.ts";
import { parse } from "./parse.ts";

const HELP =
  `Packs what a bug report needs into one file: state and events of the cluster, deaths, settings and
their sources, stacks of all workers and drivers, what the doctor finds, facts of this machine, and the
ends of all logs of all nodes. Tokens, keys and passwords are taken out; look through it before you
send it all the same. Works without a cluster too, with what this machine has.

Usage:
  beam debug [-o FILE] [--lines N] [--json]

Options:
  -o, --output FILE   the file (default beam-debug-DATE.tar.gz, here)
  -n, --lines N       how many lines of each log (default 2000)
  --json              what is in it, for programs`;

const FLAGS = {
  output: { kind: "text", short: "o" },
  lines: { kind: "text", short: "n" },
  json: { kind: "switch" },
} as const;

/** Logs of one node: the newest. */
const MOST_LOGS = 100;
/** Of all logs together. */
const MOST_CHARACTERS = 64 * 2 ** 20;

async function run(args: string[], all: SubCommands): Promise<number> {
  const { values } = parse({ program: "beam debug", flags: FLAGS }, args);
  const lines = wholeNumber("--lines", values.lines ?? "2000");
  const name = `beam-debug-${new Date().toISOString().slice(0, 19).replace(/[-:]/g, "")}`;
  const path = values.output ?? `${name}.tar.gz`;
  const limits = { lines, logs: MOST_LOGS, characters: MOST_CHARACTERS };
  const { parts, status } = await debugParts(all, limits, (what) => say(`Reading ${what} …`));
  const dirs = (await allRecords()).map(({ runtime_dir }) => runtime_dir);
  const redactor = redactorFor(Deno.env.toObject(), status, [runtimeDir(), ...dirs]);
  const files = cleaned(parts, redactor);
  const bytes = await archive(files, name);
  keep(path, bytes);
  const removed = removedIn(files);
  if (values.json) {
    const list = files.map(({ name, text }) => ({ name, length: text.length }));
    printJson({ path, bytes: bytes.length, removed, files: list });
  } else {
    print(`${path}: ${files.length} files, ${(bytes.length / 1024).toFixed(0)} KiB.`);
    print(
      `${removed} values that are or may be secrets were taken out. A program may have printed`,
    );
    print("others: look through it before you send it.");
    print(`  tar xzf ${path} && less ${name}/README.txt`);
  }
  return EXIT.done;
}

/** @throws {Trouble} where there is no room or no right; a part of a new file does not stay */
function keep(path: string, bytes: Uint8Array): void {
  const isNew = !existsSync(path);
  try {
    Deno.writeFileSync(path, bytes, { mode: 0o600 });
  } catch (error) {
    if (isNew) removeQuietly(path);
    throw new Trouble(
      `Cannot write ${path} (${(bytes.length / 1024).toFixed(0)} KiB): ${reasonOf(error)}`,
      "Make room, or name a file elsewhere with -o FILE.",
      { code: "output", cause: error },
    );
  }
}

export const debug: Command = { name: "beam debug", help: HELP, flags: FLAGS, run };
