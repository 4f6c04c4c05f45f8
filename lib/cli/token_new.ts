/**
 * `beam token new`: a token and an authority's key ahead of the head, for who gives both out before anything
 * runs, by a Secret for example. The token names the authority, so that nodes know the head by it.
 */
import { join, resolve } from "node:path";
import { Trouble } from "../runtime/errors.ts";
import { reasonOf } from "../runtime/paths.ts";
import { newToken, withAuthority } from "../runtime/token.ts";
import { createWhole } from "../runtime/whole_file.ts";
import { newAuthority, openAuthority } from "../wire/authority.ts";

/** Where they are. */
export interface MadeAhead {
  /** For all nodes: the token and the authority's id. */
  token_file: string;
  /** For the head alone: the authority's private key. */
  authority_file: string;
}

/**
 * Makes both as files in `dir`, which is made where it is not there, readable by this user alone.
 * @throws {Trouble} where one of them is there already, or cannot be written
 */
export async function makeAhead(dir: string): Promise<MadeAhead> {
  const token_file = join(resolve(dir), "token");
  const authority_file = join(resolve(dir), "authority.key");
  const pem = await newAuthority();
  const token = withAuthority(newToken(), (await openAuthority(pem)).id);
  const texts = [[authority_file, pem], [token_file, token]] as const;
  try {
    Deno.mkdirSync(dir, { recursive: true, mode: 0o700 });
    // Half of an older pair and half of a new one would be of no use.
    const present = texts.find(([path]) => exists(path)) ??
      texts.find(([path, text]) => !createWhole(path, text + "\n", 0o600));
    if (present) {
      throw new Trouble(
        `Cannot make a token in ${dir}: ${present[0]} is there already`,
        "Name another folder, or move that file away: what was started with it needs it.",
      );
    }
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw new Trouble(
      `Cannot make a token in ${dir}: ${reasonOf(error)}`,
      "Name a folder that you may write to.",
      { cause: error },
    );
  }
  return { token_file, authority_file };
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** For a person. */
export function madeAheadText({ token_file, authority_file }: MadeAhead): string {
  return [
    `${token_file} is for all nodes, ${authority_file} for the head alone.`,
    "",
    "Where the head is to run:",
    `  beam up --head --token-file ${token_file} --tls-authority ${authority_file}`,
    "On every other machine:",
    `  beam up --join HOST --token-file ${token_file}`,
  ].join("\n");
}
