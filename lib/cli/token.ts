/** `beam token`: shows the cluster's token. */
import { ensureRuntimeDir, runtimeDir } from "../runtime/paths.ts";
import { Trouble } from "../runtime/errors.ts";
import { givenToken, keptToken } from "../runtime/token.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { print, printJson } from "./output.ts";
import { parse } from "./parse.ts";

const HELP = `Shows the token by which nodes join the cluster of this runtime directory.

Usage:
  beam token [show]

Options:
  --json     {"token": "…", "source": "…"}

To have it changed or taken back is not there yet: end the cluster, remove the file, start it.`;

function run(args: string[]): number {
  const { values, positionals: [verb = "show"] } = parse(
    { program: "beam token", flags: { json: { kind: "switch" } } as const, positionals: 1 },
    args,
  );
  if (verb !== "show") {
    throw new UsageError(
      `Cannot do \`beam token ${verb}\`: it is not there yet`,
      "Use `beam token`.",
    );
  }
  const paths = ensureRuntimeDir(runtimeDir());
  const found = givenToken() ?? keptToken(paths.token);
  if (!found) {
    throw new Trouble(
      `Cannot show a token: there is none in ${paths.dir}, nor in BEAM_TOKEN`,
      "`beam up --head` makes one; on other machines it is in the line that joins them.",
    );
  }
  if (values.json) printJson({ token: found.token, source: found.source });
  else print(found.token);
  return EXIT.done;
}

export const token: Command = { name: "beam token", help: HELP, run };
