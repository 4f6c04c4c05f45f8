/**
 * beam in containers of stock images, by one bind mount: deploy/docker/run, and the scripts of vLLM's own sources word
 * for word. Two machines are network namespaces, each with an engine of its own (see engines.ts).
 */
import assert from "assert";
import { join } from "node:path";
import { lacking, Machines } from "../faults/harness/machines.ts";
import type { Program } from "../e2e/harness/program.ts";
import type { Place } from "../e2e/harness/place.ts";
import { theme } from "../e2e/harness/scenario.ts";
import { docker, type Engine, pretended } from "./engines.ts";
import { makeMount } from "./mount.ts";

const HERE = import.meta.dirname!;
const RUN = join(HERE, "..", "..", "deploy", "docker", "run");
const SPREAD = join(HERE, "programs", "spread.py");
/** Where containers have it: beside the models. */
const INSIDE = "/root/.cache/huggingface/spread.py";
const ENGINE = Deno.env.get("DEPLOY_ENGINE");
const EXAMPLES = Deno.env.get("VLLM_EXAMPLES");

const lacks = lacking();
if (lacks !== undefined) console.log(`not tried: containers over two machines: ${lacks}`);
else tests();

function tests(): void {
  let machines: Machines;
  let engines: Engine[] = [];
  const { place, test } = theme("containers", async (place) => {
    machines = new Machines(2);
    await makeMount(join(place.dir, "mount"), place.beam);
    Deno.mkdirSync(join(place.dir, "models"));
    Deno.copyFileSync(SPREAD, join(place.dir, "models", "spread.py"));
    engines = await start(place, machines);
  });
  Deno.test.afterAll(async () => {
    for (const engine of engines) await engine.stop();
    machines?.[Symbol.dispose]();
  });

  /** Runs a command on a machine, whose `docker` is its own. */
  const on = (at: number, command: string[], env: Record<string, string> = {}): Program =>
    place.run([...machines.via(at), ...command], {
      env: {
        BEAM_MOUNT: join(place.dir, "mount"),
        HF_HOME: join(place.dir, "models"),
        ...engines[at - 1]!.env,
        ...env,
      },
    });

  const endContainers = async () => {
    for (const [index, engine] of engines.entries()) {
      for (const name of await engine.containers()) {
        await on(index + 1, ["docker", "stop", "-t", "1", name]).end();
      }
    }
  };

  test("deploy/docker/run: a program on the first machine has actors on both", async () => {
    const token = { BEAM_TOKEN_FILE: join(place.dir, "token") };
    const head = on(1, [RUN, "head", "python3", "-u", INSIDE], token);
    await head.complains(/made the cluster's token/);
    const other = on(2, [RUN, "join", machines.address(1)], {
      ...token,
      BEAM_NODE_IP: machines.address(2),
    });
    const { code, stdout, stderr } = await head.end();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^nodes: 10\.79\.0\.1 10\.79\.0\.2 token: False$/m);
    await endContainers();
    await other.end();
    const none = await on(2, [RUN, "join", machines.address(1)], { BEAM_TOKEN_FILE: "/none" })
      .end();
    assert.equal(none.code, 1);
    assert.match(none.stderr, /there is no token in \/none/);
  });

  if (EXAMPLES === undefined || EXAMPLES === "") {
    console.log("not tried: vLLM's own scripts: its sources were not to be had");
    return;
  }
  const options = () => [
    ...["-v", `${join(place.dir, "mount")}:/opt/beam:ro`, "-e", "PYTHONPATH=/opt/beam/python"],
    ...["-e", "PATH=/opt/beam/bin:/usr/local/bin:/usr/bin:/bin", "-e", "BEAM_NUM_CPUS=2"],
  ];

  test("vLLM's run_cluster.sh makes a cluster of two machines", async () => {
    const script = join(EXAMPLES, "run_cluster.sh");
    const run = (at: number, role: string) =>
      on(at, [
        "bash",
        script,
        "vllm/vllm-openai",
        machines.address(1),
        role,
        join(place.dir, "models"),
        ...options(),
      ]);
    const worker = run(2, "--worker"); // which waits for its head
    const head = run(1, "--head");
    await head.prints(/Ray runtime started/);
    await worker.prints(/Ray runtime started/);
    const containers = await Promise.all(
      engines.map(async (engine) => (await engine.containers()).at(-1)!),
    );
    for (const [index, name] of containers.entries()) {
      const status = await on(index + 1, ["docker", "exec", name, "ray", "status"]).end();
      assert.equal(status.code, 0, status.stderr);
      assert.equal(status.stdout.match(/^ 1 node_/gm)?.length, 2, status.stdout);
      assert.match(status.stdout, /0\.0\/4\.0 CPU/);
    }
    const program = await on(1, ["docker", "exec", containers[0]!, "python3", INSIDE]).end();
    assert.match(program.stdout, /^nodes: 10\.79\.0\.1 10\.79\.0\.2/m);
    await endContainers();
    await worker.end();
    await head.end();
  });

  test("vLLM's multi-node-serving.sh: the leader waits for the workers, and then serves", async () => {
    // Where vLLM's image has it.
    const script = "/vllm-workspace/examples/multi-node-serving.sh";
    const own = [
      ...["--network", "host", "-v", `${EXAMPLES}:/vllm-workspace/examples:ro`],
      ...["-v", `${join(place.dir, "models")}:/root/.cache/huggingface`],
    ];
    const run = (at: number, line: string) =>
      on(at, [
        ...["docker", "run", "--entrypoint", "/bin/sh", ...options(), ...own, "vllm/vllm-openai"],
        ...["-c", line],
      ]);
    const worker = run(2, `bash ${script} worker --ray_address=${machines.address(1)}`);
    const leader = run(
      1,
      `bash ${script} leader --ray_cluster_size=2 && exec python3 -u ${INSIDE}`,
    );
    const { code, stdout, stderr } = await leader.end();
    assert.equal(code, 0, stderr + stdout);
    assert.match(
      stdout,
      /All ray workers are active and the ray cluster is initialized successfully/,
    );
    assert.match(stdout, /^nodes: 10\.79\.0\.1 10\.79\.0\.2/m);
    await endContainers();
    await worker.end();
  });
}

/** Docker's own where it is to be had and starts, else the pretended one. */
async function start(place: Place, machines: Machines): Promise<Engine[]> {
  const engines: Engine[] = [];
  try {
    if (!ENGINE) throw new Error("its packages were not to be had");
    for (const at of [1, 2]) engines.push(await docker({ place, machines, at, folder: ENGINE }));
    return engines;
  } catch (error) {
    console.log(`not tried: Docker itself: ${(error as Error).message.trim().split("\n").at(-1)}`);
    for (const engine of engines) await engine.stop();
    return [1, 2].map((at) => pretended(place, at));
  }
}
