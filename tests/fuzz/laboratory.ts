/** The counted copy of the sources, and what is fuzzed in it. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Finding, Target } from "./fuzzer.ts";
import { instrument, type Instrumented } from "./instrument.ts";
import { PythonSide } from "./python_side.ts";
import { agreement } from "./targets/agreement.ts";
import { frames } from "./targets/frames.ts";
import { head, http } from "./targets/http.ts";
import { node } from "./targets/node.ts";
import { between, stranger } from "./targets/opening.ts";
import { sealed } from "./targets/sealed.ts";

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
  "lib/wire/sealed_stream.ts",
  "lib/dashboard/",
  "lib/head/node_spec.ts",
  "lib/head/node_bounds.ts",
  "lib/head/client_words.ts",
  "lib/head/task_log.ts",
  "lib/head/process_metrics.ts",
  "lib/head/prometheus.ts",
  "lib/cluster/joining.ts",
  "lib/cluster/strays.ts",
  "lib/cluster/endings.ts",
  "tests/fuzz/planted.ts",
];

/** See the top of this file. */
export class Laboratory implements Disposable {
  readonly #folder: string;
  readonly sources: Instrumented;
  #targets: Target[] = [];

  /** @param counted sources whose branches guide, and whose words are tried */
  constructor(counted: readonly string[] = COUNTED) {
    this.#folder = Deno.makeTempDirSync();
    this.sources = instrument({
      root: ROOT,
      rooms: ["lib", "tests/fuzz"],
      counted: [...counted],
      folder: this.#folder,
    });
    // The version is read from it.
    Deno.copyFileSync(join(ROOT, "deno.json"), join(this.#folder, "deno.json"));
  }

  /** A module of the copy. */
  async load<T>(path: string): Promise<T> {
    return await import(pathToFileURL(join(this.#folder, path)).href) as T;
  }

  /** All targets. @param python an interpreter */
  async targets(python = Deno.env.get("PYTHON") ?? "python3"): Promise<Target[]> {
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
      page: await this.load<typeof import("../../lib/dashboard/_fake_page.ts")>(
        "lib/dashboard/_fake_page.ts",
      ),
    };
    this.#targets = [
      frames(opening.frames, validate),
      agreement(opening.frames, new PythonSide(ROOT, python)),
      await stranger(opening),
      between(opening),
      await sealed(await this.load("lib/wire/sealed_stream.ts")),
      node({
        frames: opening.frames,
        validate,
        brain: await this.load("lib/cluster/brain.ts"),
        views: await this.load("lib/cluster/views.ts"),
        specs: await this.load("lib/head/node_spec.ts"),
        words: await this.load("lib/head/client_words.ts"),
        tasks: await this.load("lib/head/task_log.ts"),
        metrics: await this.load("lib/head/process_metrics.ts"),
        registry: await this.load("lib/head/worker_registry.ts"),
      }),
      http(web),
      head(web),
    ];
    return this.#targets;
  }

  [Symbol.dispose](): void {
    for (const target of this.#targets) target.close?.();
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

/** Files of this kind were found by the fuzzer; the others once broke something, and say what. */
const FOUND = /^[0-9a-f]{16}$/;

/** Most bytes of what was found that are kept of one target; large inputs are found again. */
const MOST_KEPT = 40 * 1024;

/** The kept inputs of a target. */
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

/** Puts what was found in place of what was found earlier. What has a name stays. */
export function keep(target: string, inputs: readonly Uint8Array[]): void {
  const folder = join(CORPUS, target);
  Deno.mkdirSync(folder, { recursive: true });
  const named = corpusOf(target).filter(({ name }) => !FOUND.test(name)).map(({ input }) =>
    digest(input)
  );
  let size = 0;
  const small = [...inputs].sort((a, b) => a.length - b.length)
    .filter(({ length }) => (size += length) <= MOST_KEPT);
  const files = new Map(small.map((input) => [digest(input), input]));
  for (const { name } of corpusOf(target)) {
    if (FOUND.test(name) && !files.has(name)) Deno.removeSync(join(folder, name));
  }
  for (const [name, input] of files) {
    if (!named.includes(name)) Deno.writeFileSync(join(folder, name), input);
  }
}

/** Writes a finding beside the corpus, to be named. @returns the file */
export function keepFinding({ target, input }: Finding): string {
  const folder = join(CORPUS, target);
  Deno.mkdirSync(folder, { recursive: true });
  const path = join(folder, `broke-${digest(input)}`);
  Deno.writeFileSync(path, input);
  return path;
}

function digest(input: Uint8Array): string {
  return createHash("sha256").update(input).digest("hex").slice(0, 16);
}
