/** The token that a node is started with, from wherever somebody said it. */
import { type Env, processEnv } from "../runtime/paths.ts";
import { type FoundToken, givenToken, tokenText } from "../runtime/token.ts";
import { UsageError } from "./command.ts";
import type { Parsed } from "./parse.ts";
import { sourceText } from "./settings.ts";

/**
 * The token of `file`, else of the variables, else of the configuration file.
 * @throws {Trouble} where a named file cannot be read, or holds no token; {@link UsageError} where the
 * configuration names two
 */
export function tokenGiven(
  { inFile }: Pick<Parsed<Record<never, never>>, "inFile">,
  file: string | undefined,
  env: Env = processEnv,
): FoundToken | undefined {
  const found = givenToken(file, env);
  if (found) return found;
  const [text, path] = [inFile.get("token"), inFile.get("token-file")];
  if (text && path) {
    throw new UsageError(
      `Cannot use both ${sourceText(text)} and ${sourceText(path)}: a cluster has one token`,
      "Leave one of them out.",
    );
  }
  if (text) return tokenText(text.text, sourceText(text));
  return path && givenToken(path.text);
}
