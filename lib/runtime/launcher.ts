/** How to start this program again, and the small scripts that others start it by. */
import { join } from "node:path";
import { type Env, processEnv } from "./paths.ts";
import { writeWhole } from "./whole_file.ts";

/** The command, without arguments, that starts this very program again. */
export function selfCommand(): string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  const root = join(import.meta.dirname!, "..", "..");
  return [
    Deno.execPath(),
    "run",
    "-A",
    "--quiet",
    "--config",
    join(root, "deno.json"),
    join(root, "main.ts"),
  ];
}

/**
 * The command for processes that start without our environment: from a checkout the script that
 * prepares it, where that started us.
 */
export function lastingCommand(env: Env = processEnv): string[] {
  const launcher = env("BEAM_LAUNCHER");
  return launcher && !Deno.build.standalone ? [launcher] : selfCommand();
}

/** A word as the shell reads it back unchanged. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The text of a script that runs `command`, in the runtime directory `runtime` unless told otherwise. */
export function launcherText(command: readonly string[], runtime: string): string {
  const program = shellWord(command[0]!);
  return `#!/bin/sh
# Written by beam. Starts the beam that last ran with this runtime directory.
if [ ! -x ${program} ]; then
  echo "beam: Cannot start "${program}": it is not there, or may not be executed." >&2
  echo "beam: Run \\\`beam shim-path\\\` with the beam that is there now; it writes this file again." >&2
  exit 127
fi
[ -n "\${BEAM_RUNTIME_DIR-}" ] || BEAM_RUNTIME_DIR=${shellWord(runtime)}
export BEAM_RUNTIME_DIR
exec ${command.map(shellWord).join(" ")} "$@"
`;
}

/** Writes `beam` and `ray` into the folder `bin`, where they are not there in the same words. */
export function writeLaunchers(bin: string, runtime: string, command = lastingCommand()): void {
  Deno.mkdirSync(bin, { recursive: true });
  for (const [name, words] of [["beam", command], ["ray", [...command, "ray"]]] as const) {
    const path = join(bin, name);
    const text = launcherText(words, runtime);
    if (currentText(path) !== text) writeWhole(path, text, 0o755);
  }
}

function currentText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
