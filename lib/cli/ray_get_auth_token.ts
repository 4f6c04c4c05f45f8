/** `ray get-auth-token`: the token that Ray's own variables and file say. */
import { dirname } from "node:path";
import { Trouble } from "../runtime/errors.ts";
import { processEnv } from "../runtime/paths.ts";
import { givenToken, makeToken, rayTokenFile } from "../runtime/token.ts";
import { type Command, EXIT } from "./command.ts";
import { print, say } from "./output.ts";
import { parse } from "./parse.ts";

const HELP = `Prints the token that RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token says.

Usage:
  ray get-auth-token [--generate]

Options:
  --generate    make one in ~/.ray/auth_token where there is none

With RAY_AUTH_MODE=token, \`ray start\` uses it on every machine that has it. The token of a cluster that
\`beam up --head\` started is shown by \`beam token\`.`;

const FLAGS = { generate: { kind: "switch" } } as const;

function run(args: string[]): number {
  const { values } = parse({ program: "ray get-auth-token", flags: FLAGS }, args);
  const env = (name: string) => name === "RAY_AUTH_MODE" ? "token" : processEnv(name);
  const found = givenToken(undefined, env) ?? (values.generate ? make() : undefined);
  if (!found) {
    throw new Trouble(
      "Cannot show a token: neither RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH nor ~/.ray/auth_token has one",
      "`ray get-auth-token --generate` makes one; `beam token` shows that of a cluster of beam.",
    );
  }
  print(found.token);
  return EXIT.done;
}

function make() {
  const home = processEnv("HOME");
  if (!home) throw new Trouble("Cannot make a token: HOME is not set", "Set HOME.");
  const path = rayTokenFile(home);
  Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const made = makeToken(path);
  say(`ray: a token was made in ${path}`);
  return made;
}

export const rayGetAuthToken: Command = {
  name: "ray get-auth-token",
  help: HELP,
  flags: FLAGS,
  run,
};
