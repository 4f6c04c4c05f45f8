/** Container engines of made-up machines: Docker's own where it starts here, else a pretended one (see engine/docker). */
import { join } from "node:path";
import type { Place } from "../e2e/harness/place.ts";
import { isRunning } from "../e2e/harness/processes.ts";
import type { Program } from "../e2e/harness/program.ts";
import type { Machines } from "../faults/harness/machines.ts";

const HERE = import.meta.dirname!;
const IMAGE = "vllm/vllm-openai:latest";

/** What an engine is to a test. */
export interface Engine {
  /** Variables by which `docker` is that machine's. */
  env: Record<string, string>;
  /** Names of the containers that run there. */
  containers(): Promise<string[]>;
  stop(): Promise<void>;
}

/** The pretended engine. */
export function pretended(place: Place, at: number): Engine {
  const state = join(place.dir, `engine${at}`);
  Deno.mkdirSync(state);
  return {
    env: {
      PATH: `${join(HERE, "engine")}:${Deno.env.get("PATH")}`,
      ENGINE_STATE: state,
      ENGINE_MARK: place.mark,
    },
    containers: () => {
      const names = [...Deno.readDirSync(state)].map(({ name }) => name);
      return Promise.resolve(
        names.filter((name) => isRunning(Number(Deno.readTextFileSync(join(state, name))))),
      );
    },
    stop: () => Promise.resolve(),
  };
}

/**
 * Docker's own engine on machine `at`, with an image that is called as vLLM's.
 * @param folder with its programs and the image
 * @throws with its last words where it does not start
 */
export async function docker(
  { place, machines, at, folder }: { place: Place; machines: Machines; at: number; folder: string },
): Promise<Engine> {
  const dir = Deno.makeTempDirSync({ dir: "/tmp", prefix: "bdk-" }); // short enough for its sockets
  const socket = `unix://${dir}/sock`;
  const path = `${join(folder, "bin")}:/usr/sbin:/usr/bin:/sbin:/bin`;
  const flags = [
    "--data-root",
    `${dir}/data`,
    "--exec-root",
    `${dir}/run`,
    "--pidfile",
    `${dir}/pid`,
  ];
  const alone = ["--iptables=false", "--ip6tables=false", "--bridge=none"];
  const line = "mount --make-rprivate / && mount -t tmpfs tmpfs /sys/fs/cgroup && " +
    'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec dockerd "$@"';
  const spaces = ["unshare", "--mount", "--cgroup", "--"];
  const daemon: Program = place.run(
    [...machines.via(at), ...spaces, "sh", "-c", line, "sh", "-H", socket, ...flags, ...alone],
    { env: { PATH: path } },
  );
  const end = async () => {
    await daemon.stop();
    Deno.removeSync(dir, { recursive: true });
  };
  const client = (...args: string[]) =>
    place.run([join(folder, "bin", "docker"), ...args], { env: { DOCKER_HOST: socket } }).end();
  try {
    await daemon.complains(/API listen on/);
    const imported = await client("import", join(folder, "image.tar"), IMAGE);
    if (imported.code !== 0) throw new Error(imported.stderr);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    env: {
      PATH: `${join(HERE, "engine", "without_gpus")}:${Deno.env.get("PATH")}`,
      REAL_DOCKER: join(folder, "bin", "docker"),
      DOCKER_HOST: socket,
    },
    containers: async () =>
      (await client("ps", "--format", "{{.Names}}")).stdout.split("\n").filter(Boolean),
    stop: end,
  };
}
