/**
 * Runs the cases of every `.txt` beside this file. `GOLDEN_UPDATE=1` writes what came out in the place
 * of cases that failed, to be read before it is kept. `BEAM_BIN` runs a compiled binary instead.
 */
import assert from "assert";
import { join } from "node:path";
import { cannedDaemon } from "./canned_daemon.ts";
import { MANY_NODES } from "./canned_many.ts";
import { TWO_NODES } from "./canned_status.ts";
import { formatCase, type GoldenCase, matches, type Outcome, parseGolden } from "./golden_file.ts";

const HERE = import.meta.dirname!;
const ROOT = join(HERE, "..", "..");

/** The world of one file: folders of its own, a held port, a daemon that answers from a can. */
class World implements AsyncDisposable {
  readonly dir = Deno.realPathSync(Deno.makeTempDirSync({ dir: "/tmp", prefix: "g" }));
  readonly #held = Deno.listen({ hostname: "0.0.0.0", port: 0 });
  readonly #canned: AsyncDisposable[];

  constructor() {
    for (const name of ["home", "run", "bin"]) {
      Deno.mkdirSync(join(this.dir, name), { mode: 0o700 });
    }
    Deno.writeTextFileSync(join(this.dir, "bin", "beam"), wrapper(""), { mode: 0o755 });
    Deno.writeTextFileSync(join(this.dir, "bin", "ray"), wrapper(" ray"), { mode: 0o755 });
    this.#canned = [
      cannedDaemon(join(this.dir, "canned.sock"), TWO_NODES),
      cannedDaemon(join(this.dir, "many.sock"), MANY_NODES),
    ];
  }

  get port(): number {
    return (this.#held.addr as Deno.NetAddr).port;
  }

  async run(command: string): Promise<Outcome> {
    const { code, stdout, stderr } = await new Deno.Command("sh", {
      args: ["-c", command],
      cwd: this.dir,
      stdin: "null",
      clearEnv: true,
      env: {
        PATH: `${join(this.dir, "bin")}:/usr/bin:/bin`,
        HOME: join(this.dir, "home"),
        XDG_RUNTIME_DIR: join(this.dir, "run"),
        BEAM_RUNTIME_DIR: join(this.dir, "rt"),
        BEAM_WORKER_CMD: "sleep 60",
        BEAM_DASHBOARD_PORT: "0", // other heads may run here
        DENO_DIR: Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "/", ".cache", "deno"),
        TZ: "UTC",
        DIR: this.dir,
        PORT: String(this.port),
        CANNED: join(this.dir, "canned.sock"),
        MANY: join(this.dir, "many.sock"),
        // `scripts/test` finds by it what must not stay behind.
        BEAM_TEST_RUN: Deno.env.get("BEAM_TEST_RUN") ?? "",
      },
    }).output();
    return { code, stdout: this.#lines(stdout), stderr: this.#lines(stderr) };
  }

  #lines(bytes: Uint8Array): string[] {
    const text = new TextDecoder().decode(bytes).replaceAll(this.dir, "$DIR")
      .replaceAll(String(this.port), "$PORT");
    return text === "" ? [] : text.replace(/\n$/, "").split("\n").map((line) => line.trimEnd());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run("beam down --all --force");
    this.#held.close();
    for (const canned of this.#canned) await canned[Symbol.asyncDispose]();
    Deno.removeSync(this.dir, { recursive: true });
  }
}

/** A script that runs the beam under test. */
function wrapper(words: string): string {
  const binary = Deno.env.get("BEAM_BIN");
  const command = binary
    ? `'${binary}'`
    : `'${Deno.execPath()}' run -A --quiet --config '${join(ROOT, "deno.json")}' '${
      join(ROOT, "main.ts")
    }'`;
  return `#!/bin/sh\nexec ${command}${words} "$@"\n`;
}

function holds(expected: GoldenCase, actual: Outcome): boolean {
  return expected.code === actual.code && matches(expected.stdout, actual.stdout) &&
    matches(expected.stderr, actual.stderr);
}

for (const { name } of [...Deno.readDirSync(HERE)].sort((a, b) => a.name < b.name ? -1 : 1)) {
  if (!name.endsWith(".txt")) continue;
  Deno.test(`golden: ${name}`, async () => {
    const path = join(HERE, name);
    const lines = Deno.readTextFileSync(path).split("\n");
    const cases = parseGolden(lines.join("\n"));
    assert.ok(cases.length > 0, "the file must hold a case");
    const update = Deno.env.get("GOLDEN_UPDATE") === "1";
    const written: string[] = [];
    let done = 0;
    await using world = new World();
    for (const expected of cases) {
      const actual = await world.run(expected.command);
      const good = holds(expected, actual);
      if (!good && !update) {
        const want = lines.slice(expected.from, expected.to).join("\n");
        assert.equal(formatCase(expected.command, actual).join("\n"), want, expected.command);
        assert.fail(`${expected.command}: differs only in white space`);
      }
      written.push(...lines.slice(done, expected.from));
      written.push(
        ...(good ? lines.slice(expected.from, expected.to) : formatCase(expected.command, actual)),
      );
      done = expected.to;
    }
    if (update) Deno.writeTextFileSync(path, [...written, ...lines.slice(done)].join("\n"));
  });
}
