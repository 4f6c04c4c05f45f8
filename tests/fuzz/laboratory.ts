/** The counted copy of the sources, and what is fuzzed in it. */
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Target } from "./fuzzer.ts";
import { instrument, type Instrumented } from "./instrument.ts";
import { frames } from "./targets/frames.ts";
import { head, http } from "./targets/http.ts";
import { between, stranger } from "./targets/opening.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = join(HERE, "..", "..");
const CORPUS = join(HERE, "corpus");

/** Sources whose branches guide. */
const COUNTED = [
  "lib/wire/frames.ts",
  "lib/wire/header_bounds.ts",
  "lib/wire/validate.ts",
  "lib/wire/handshake.ts",
  "lib/wire/keyring.ts",
  "lib/dashboard/",
  "tests/fuzz/planted.ts",
];

/** See the top of this file. */
export class Laboratory implements AsyncDisposable {
  readonly #folder: string;
  readonly sources: Instrumented;
  #targets: Target[] = [];

  constructor() {
    this.#folder = Deno.makeTempDirSync();
    this.sources = instrument({
      root: ROOT,
      rooms: ["lib", "tests/fuzz"],
      counted: COUNTED,
      folder: this.#folder,
    });
  }

  /** A module of the copy. */
  async load<T>(path: string): Promise<T> {
    return await import(pathToFileURL(join(this.#folder, path)).href) as T;
  }

  /** All targets. */
  async targets(): Promise<Target[]> {
    const opening = {
      frames: await this.load<typeof import("../../lib/wire/frames.ts")>("lib/wire/frames.ts"),
      handshake: await this.load<typeof import("../../lib/wire/handshake.ts")>(
        "lib/wire/handshake.ts",
      ),
      keyring: await this.load<typeof import("../../lib/wire/keyring.ts")>("lib/wire/keyring.ts"),
    };
    const validate = await this.load<typeof import("../../lib/wire/validate.ts")>(
      "lib/wire/validate.ts",
    );
    const web = {
      guard: await this.load<typeof import("../../lib/dashboard/guard.ts")>(
        "lib/dashboard/guard.ts",
      ),
      router: await this.load<typeof import("../../lib/dashboard/router.ts")>(
        "lib/dashboard/router.ts",
      ),
      failure: await this.load<typeof import("../../lib/dashboard/http_failure.ts")>(
        "lib/dashboard/http_failure.ts",
      ),
    };
    this.#targets = [
      frames(opening.frames, validate),
      await stranger(opening),
      between(opening),
      http(web),
      head(web),
    ];
    return this.#targets;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const target of this.#targets) await target.close?.();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** The kept inputs of a target: those found, and those that once broke something, by their names. */
export function corpusOf(target: string): { name: string; input: Uint8Array }[] {
  const folder = join(CORPUS, target);
  let names: string[];
  try {
    names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch {
    return [];
  }
  return names.map((name) => ({ name, input: Deno.readFileSync(join(folder, name)) }));
}
