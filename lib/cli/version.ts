/** `beam version`: which beam this is, and the licences of what it contains. */
import { licenseFiles } from "../runtime/assets.ts";
import { RAY_VERSION } from "../runtime/ray_version.ts";
import { buildDigest, VERSION } from "../runtime/version.ts";
import { PROTOCOL_VERSION } from "../wire/messages.ts";
import { type Command, EXIT } from "./command.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";

const HELP = `Prints the version.

Usage:
  beam version [--json | --licenses]

Options:
  --json        version, build, protocol and the version of Ray's interface, for programs
  --licenses    the licences of beam and of everything it contains`;

const FLAGS = { json: { kind: "switch" }, licenses: { kind: "switch" } } as const;

async function run(args: string[]): Promise<number> {
  const { values } = parse({ program: "beam version", flags: FLAGS }, args);
  if (values.licenses) {
    for (const { path, bytes } of await licenseFiles()) {
      print(
        `${"=".repeat(80)}\n${path.replace(/^.*\//, "").replace(/\.txt$/, "")}\n${"=".repeat(80)}`,
      );
      print(new TextDecoder().decode(bytes));
    }
  } else if (values.json) {
    printJson({
      version: VERSION,
      build: buildDigest(),
      protocol: PROTOCOL_VERSION,
      ray: RAY_VERSION,
      deno: Deno.version.deno,
      arch: Deno.build.arch,
    });
  } else print(`beam ${VERSION} (build ${buildDigest()}, as Ray ${RAY_VERSION})`);
  return EXIT.done;
}

export const version: Command = { name: "beam version", help: HELP, flags: FLAGS, run };
