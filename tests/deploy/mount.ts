/** The folder that a release has for bind mounts, made from one executable. */
import { dirname, join } from "node:path";

/** Makes `dir` with `bin/beam`, `bin/ray` and the package in `python/`. */
export async function makeMount(dir: string, beam: string): Promise<void> {
  const bin = join(dir, "bin");
  Deno.mkdirSync(bin, { recursive: true });
  Deno.copyFileSync(beam, join(bin, "beam"));
  const launcher = '#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/beam" ray "$@"\n';
  Deno.writeTextFileSync(join(bin, "ray"), launcher, { mode: 0o755 });
  const runtime = join(dir, "runtime");
  const { stdout, success } = await new Deno.Command(beam, {
    args: ["shim-path"],
    env: { BEAM_RUNTIME_DIR: runtime },
  }).output();
  if (!success) throw new Error("beam shim-path failed");
  Deno.renameSync(new TextDecoder().decode(stdout).trim(), join(dir, "python"));
  Deno.removeSync(runtime, { recursive: true });
  for (const path of [dir, dirname(dir)]) Deno.chmodSync(path, 0o755);
}
