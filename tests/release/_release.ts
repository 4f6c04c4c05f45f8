/** What `scripts/test release` made for these tests, and a place to try it in. */
import { VERSION } from "../../lib/runtime/version.ts";
import type { Arch } from "../../scripts/_denort.ts";

/** This machine's architecture. */
export const ARCH = Deno.build.arch as Arch;

/** The checkout. */
export const ROOT = new URL("../..", import.meta.url).pathname;

/** A file of the release of this machine's architecture; undefined where it could not be made here. */
export function released(name: string): string | undefined {
  const base = Deno.env.get("BEAM_RELEASE");
  if (!base) {
    throw new Error("BEAM_RELEASE must name what scripts/release made: use scripts/test release.");
  }
  const path = `${base}/v${VERSION}/${name}`;
  try {
    Deno.statSync(path);
    return path;
  } catch {
    return undefined;
  }
}

/** What a command did. */
export interface Ending {
  code: number;
  stdout: string;
  stderr: string;
}

/** Run a command; `env` is all that it gets besides PATH. */
export async function run(
  command: readonly string[],
  { env = {}, cwd = "/" }: { env?: Record<string, string>; cwd?: string } = {},
): Promise<Ending> {
  const kept = ["PATH", "TMPDIR", "XDG_CACHE_HOME", "BEAM_TEST_RUN"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  const { code, stdout, stderr } = await new Deno.Command(command[0]!, {
    args: command.slice(1),
    clearEnv: true,
    env: { ...Object.fromEntries(kept), ...env },
    cwd,
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out!, stderr: err! };
}

/** As {@link run}. @returns what it printed. @throws {Error} where it fails, with all that it said. */
export async function must(
  command: readonly string[],
  options: Parameters<typeof run>[1] = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, options);
  if (code === 0) return stdout;
  throw new Error(`${command.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
}

/** A folder for one test, and the environment of a user whose home it is. */
export async function place(): Promise<Disposable & { dir: string; env: Record<string, string> }> {
  // Paths of sockets are short.
  const dir = await Deno.makeTempDir({ prefix: "rel-" });
  await Deno.mkdir(`${dir}/run`, { mode: 0o700 });
  return {
    dir,
    env: { HOME: dir, XDG_RUNTIME_DIR: `${dir}/run`, PYTHONDONTWRITEBYTECODE: "1" },
    [Symbol.dispose]: () => Deno.removeSync(dir, { recursive: true }),
  };
}

/** The Python that the tests use. */
export const PYTHON = Deno.env.get("PYTHON") || "python3";
