/** The workflows of GitHub, as far as they can be looked at without running them there. */
import assert from "assert";
import { must, ROOT, run } from "./_release.ts";

const FOLDER = `${ROOT}.github/workflows`;
const FILES = ["ci.yml", "release.yml"].map((name) => `${FOLDER}/${name}`);

Deno.test("actionlint has nothing to say of the workflows", async () => {
  const env = { HOME: Deno.env.get("HOME") ?? "/" };
  const built = await run([`${ROOT}scripts/_release/go_tools`], { env });
  if (built.code !== 0) return console.log(`not tried: actionlint: ${built.stderr.trim()}`);
  await must([`${built.stdout.trim()}/actionlint`, "-no-color", ...FILES], { cwd: ROOT });
});

Deno.test("zizmor finds no weakness in the workflows", async () => {
  const packages = Deno.env.get("BEAM_RELEASE_PACKAGES")!;
  await must([
    `${packages}/bin/zizmor`,
    "--offline",
    "--no-progress",
    "--persona=pedantic",
    ...FILES,
  ], {
    cwd: ROOT,
  });
});

Deno.test("every action is pinned by commit, with its version beside", () => {
  for (const file of FILES) {
    for (const [line] of Deno.readTextFileSync(file).matchAll(/^.*\buses: .*$/gm)) {
      assert.match(line, /uses: (\.\/|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/, file);
    }
  }
});
