/** `beam uninstall`: takes back what `install.sh` put on this machine. */
import { Trouble } from "../runtime/errors.ts";
import { reasonOf, runtimeDir } from "../runtime/paths.ts";
import { allRecords, type DaemonRecord } from "../runtime/records.ts";
import { type Command, EXIT } from "./command.ts";
import { endingOrder, endNode } from "./ending.ts";
import { type Installed, installedFiles, owningPackage, runs, runtimeFiles } from "./installed.ts";
import type { UninstallOutput } from "./json_output.ts";
import { print, printJson, say } from "./output.ts";
import { parse } from "./parse.ts";

const HELP =
  `Removes beam from this machine: its executable, completions and manual page. What programs and
nodes left in the runtime directory (token, journal, logs) stays, unless --purge says otherwise.

Usage:
  beam uninstall [--purge] [--force] [--yes]

Options:
  --purge        the runtime directory's contents too; they are shown before
  -f, --force    end the nodes that run by it first; else nothing is removed while one runs
  -y, --yes      do not ask
  --json         print what was removed, for programs`;

const FLAGS = {
  purge: { kind: "switch" },
  force: { kind: "switch", short: "f" },
  yes: { kind: "switch", short: "y" },
  json: { kind: "switch" },
} as const;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "beam uninstall", flags: FLAGS }, args);
  const executable = installedExecutable();
  const files = installedFiles(executable);
  const runtime = values.purge ? runtimeFiles(runtimeDir()) : [];
  const asks = !values.yes && !values.json && Deno.stdin.isTerminal() && Deno.stdout.isTerminal();
  if (runtime.length > 0) {
    say(`beam: The runtime directory ${runtimeDir()} has:`);
    for (const { path, what, bytes } of runtime) say(`  ${path}: ${what}, ${sizeText(bytes)}`);
    if (!asks && !values.yes) {
      throw new Trouble(
        "Cannot remove the runtime directory unasked",
        "Say --yes, or leave out --purge.",
      );
    }
  }
  if (asks && !confirmed(`Remove ${executable}${runtime.length > 0 ? " and all of that" : ""}?`)) {
    return EXIT.failed;
  }
  const concerned = (await allRecords()).filter(({ pid, runtime_dir }) =>
    runs(pid, executable) || (values.purge && runtime_dir === runtimeDir())
  );
  await endNodes(concerned, values.force || (asks && "ask"));
  const removed: Installed[] = [];
  // The executable last: where something cannot be removed, the command is there to be run again.
  for (const file of [...runtime, ...files]) {
    remove(file.path);
    removed.push(file);
  }
  if (values.purge) removeEmpty(runtimeDir());
  if (values.json) {
    const listed = removed.map(({ path, what }) => ({ path, what }));
    printJson({ removed: listed } satisfies UninstallOutput);
  } else {
    for (const { path, what } of removed) print(`Removed ${path}: ${what}.`);
    const left = values.purge ? [] : runtimeFiles(runtimeDir()).map(({ what }) => what);
    if (left.length > 0) {
      print(`Left ${runtimeDir()} (${left.join(", ")}); \`rm -r\` takes it away.`);
    }
  }
  return EXIT.done;
}

/** @throws {Trouble} where this beam was not installed by `install.sh` */
function installedExecutable(): string {
  if (!Deno.build.standalone) {
    throw new Trouble(
      "Cannot uninstall: this beam runs from a checkout",
      "Remove the checkout, and ~/.cache/beam with what it fetched.",
    );
  }
  const path = Deno.execPath();
  const owner = owningPackage(path);
  if (owner) {
    throw new Trouble(
      `Cannot uninstall ${path}: it belongs to the package ${owner.name}`,
      `Use \`${owner.removal}\`.`,
    );
  }
  return path;
}

async function endNodes(records: readonly DaemonRecord[], how: boolean | "ask"): Promise<void> {
  if (records.length === 0) return;
  const list = records.map(({ node_ip, pid }) => `${node_ip} (pid ${pid})`).join(", ");
  const ends = how === true || (how === "ask" && confirmed(`End the nodes that run: ${list}?`));
  if (!ends) {
    throw new Trouble(
      `Cannot uninstall while a node runs here: ${list}`,
      "End it with `beam down --all`, or say --force.",
    );
  }
  for (const record of endingOrder(records)) {
    await endNode(record, { force: true });
    say(`beam: Ended the node ${record.node_ip}.`);
  }
}

function confirmed(question: string): boolean {
  return /^y(es)?$/i.test(prompt(`${question} [y/N]`)?.trim() ?? "");
}

function remove(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new Trouble(
      `Cannot remove ${path}: ${reasonOf(error)}`,
      "Run it as the user who installed beam.",
      { cause: error },
    );
  }
}

function removeEmpty(dir: string): void {
  try {
    Deno.removeSync(dir);
  } catch { /* it holds what beam did not make */ }
}

function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export const uninstall: Command = { name: "beam uninstall", help: HELP, flags: FLAGS, run };
