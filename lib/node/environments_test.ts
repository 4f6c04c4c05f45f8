import assert from "node:assert/strict";
import { join } from "node:path";
import { PackageStore } from "../runtime/packages.ts";
import type { RequestFailed } from "../wire/errors.ts";
import { type Asker, environmentLimits, Environments } from "./environments.ts";
import { LaunchPlan } from "./launch_plan.ts";
import { jobOf } from "./order.ts";
import type { Template } from "./template.ts";

const NEVER = new AbortController().signal;
const URI = "gcs://_ray_pkg_00.zip";

/** Stands for the process that builds: makes the folder, or fails where the order says so. */
const BUILDER = `#!/bin/sh
folder=$(printf %s "$BEAM_BUILD" | sed 's/.*"folder":"\\([^"]*\\)".*/\\1/')
mkdir "$folder"
echo x > "$folder/file"
echo "building $folder"
case $BEAM_BUILD in *broken*) exit 1 ;; esac
`;

/** What a test looks at. */
interface Seen {
  fetched: string[];
  /** How often something whose folder begins so was built. */
  built(prefix: string): number;
  /** What lies there. */
  kept(): string[];
  dir: string;
}

function asker(runtime_env: Record<string, unknown>): Asker {
  return { job: jobOf({ runtime_env }, "01000000"), actor: {} };
}

/** Environments of a node in a folder of its own; unused packages do not stay. */
async function onNode(
  test: (environments: Environments, seen: Seen) => Promise<void>,
): Promise<void> {
  const dir = Deno.makeTempDirSync();
  const builder = join(dir, "builder");
  Deno.writeTextFileSync(builder, BUILDER, { mode: 0o755 });
  const fetched: string[] = [];
  const environments = new Environments(
    {
      node_ip: () => "10.0.0.1",
      plan: new LaunchPlan({
        env: { PATH: Deno.env.get("PATH")! },
        network: {},
        shim: "/shim",
        worker_cmd: builder,
        vendor: null,
        runtime: dir,
        cwd: "/",
      }),
      templates: { hold: (_parts, release) => ({ template: {} as Template, release }) },
      log_dir: dir,
      packages: new PackageStore(join(dir, "packages")),
      driverOf: () => undefined,
      fetch: (name) => Promise.resolve(void fetched.push(name)),
      warn: () => {},
    },
    join(dir, "built"),
    { files: 0, pip: 2 ** 30, uv: 2 ** 30 },
  );
  const log = join(dir, "runtime_env_setup-01000000.log");
  try {
    await test(environments, {
      fetched,
      dir,
      built: (prefix) => Deno.readTextFileSync(log).split(`built/${prefix}`).length - 1,
      kept: () => [...Deno.readDirSync(join(dir, "built"))].map((each) => each.name),
    });
    await environments.close();
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("Ray's variables bound what stays", () => {
  const gib = 2 ** 30;
  assert.deepEqual(environmentLimits({}), { files: 10 * gib, pip: 10 * gib, uv: 10 * gib });
  const given = {
    RAY_RUNTIME_ENV_WORKING_DIR_CACHE_SIZE_GB: "0",
    RAY_RUNTIME_ENV_PIP_CACHE_SIZE_GB: "2",
    RAY_RUNTIME_ENV_UV_CACHE_SIZE_GB: "much",
  };
  assert.deepEqual(environmentLimits(given), { files: 0, pip: 2 * gib, uv: 10 * gib });
});

Deno.test("a package is fetched and unpacked once; modules come before the directory", () =>
  onNode(async (environments, { fetched, built, dir }) => {
    const wanted = asker({ working_dir: URI, py_modules: ["local:///tmp", URI] });
    const spec = environments.needs(wanted)!;
    const made = await Promise.all([1, 2].map(() => environments.prepare(spec, wanted, NEVER)));
    const folder = join(dir, "built", "_ray_pkg_00");
    for (const { places } of made) {
      assert.equal(places.cwd, folder);
      assert.deepEqual(places.paths, ["/tmp", folder, folder]);
    }
    assert.deepEqual(fetched, ["_ray_pkg_00.zip"]);
    assert.equal(built("_ray"), 1);
  }));

Deno.test("packages, and what files say that they name, decide which environment it is", () =>
  onNode(async (environments, { built, dir }) => {
    const file = join(dir, "more.txt");
    const prepare = async (packages: string[]) => {
      const wanted = asker({ pip: { packages } });
      return (await environments.prepare(environments.needs(wanted)!, wanted, NEVER)).places;
    };
    const first = await prepare(["a"]);
    assert.match(first.virtual_env!, /built\/pip-[0-9a-f]{40}\/virtualenv$/);
    assert.deepEqual(await prepare(["a"]), first);
    assert.notDeepEqual(await prepare(["b"]), first);
    Deno.writeTextFileSync(file, "c");
    const nested = await prepare([`-r ${file}`]);
    Deno.writeTextFileSync(file, "d");
    assert.notDeepEqual(await prepare([`-r ${file}`]), nested);
    assert.equal(built("pip-"), 4);
  }));

Deno.test("what fails tells its log, is tried anew, and holds nothing", () =>
  onNode(async (environments, { built, kept }) => {
    const wanted = asker({ working_dir: URI, uv: { packages: ["broken"] } });
    const spec = environments.needs(wanted)!;
    for (let round = 0; round < 2; round++) {
      await assert.rejects(environments.prepare(spec, wanted, NEVER), (error: RequestFailed) => {
        assert.equal(error.code, "environment");
        assert.match(error.message, /runtime_env\["uv"\] on 10\.0\.0\.1.*\nbuilding /s);
        return true;
      });
    }
    assert.equal(built("uv-"), 2);
    await environments.close();
    assert.deepEqual(kept(), []);
  }));

Deno.test("a folder that must be there, and a profiler that is not", () =>
  onNode(async (environments) => {
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ working_dir: "local:///no/such/folder" }, /must be there on every node/],
      [{ _nsight: "default", env_vars: { PATH: "/none" } }, /nsight is not installed/],
      [{ _nsight: "other" }, /Unsupported nsight config: other/],
    ];
    for (const [env, words] of cases) {
      const wanted = asker(env);
      await assert.rejects(environments.prepare(environments.needs(wanted)!, wanted, NEVER), words);
    }
  }));

Deno.test("a job's own environment is set up with it, and held until it ends", () =>
  onNode(async (environments, { built, kept }) => {
    const { job } = asker({ working_dir: URI });
    await environments.jobStarted(job);
    assert.equal(built("_ray"), 1);
    assert.equal(kept().length, 1);
    environments.jobEnded(job.job_id);
    await environments.close();
    assert.deepEqual(kept(), []);
    const { job: late } = asker({ working_dir: URI, config: { eager_install: false } });
    await environments.jobStarted(late);
    assert.equal(built("_ray"), 1);
  }));
