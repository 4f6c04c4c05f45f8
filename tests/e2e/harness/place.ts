/**
 * Where one theme's tests take place: a folder of its own that holds all runtime directories, the
 * machine directory and TMPDIR, and a mark in the environment of everything started, by which what was
 * left behind is found.
 */
import assert from "assert";
import { join } from "node:path";
import { Node, type NodeOptions } from "./node.ts";
import { commandOf, marked, signal } from "./processes.ts";
import { type Ending, Program } from "./program.ts";
import { python } from "./pythons.ts";
import { memoryFolders } from "./store_files.ts";
import { until } from "./until.ts";

const ROOT = join(import.meta.dirname!, "..", "..", "..");

/** What is not passed on from the environment of the tests. */
const OWN =
  /^(BEAM_(?!VENDOR$|TEST_RUN$)|RAY_|CUDA_|HIP_|ROCR_|NCCL_|GLOO_|VLLM_|PYTHON|VIRTUAL_ENV$)/;

/** Variables on top of a place's own; undefined takes one away. */
export type Changes = Record<string, string | undefined>;

/** See the top of this file. */
export class Place {
  readonly dir: string;
  readonly mark: string;
  readonly beam: string;
  readonly nodes: Node[] = [];
  readonly #programs: Program[] = [];

  constructor() {
    this.dir = Deno.makeTempDirSync({ prefix: "e2e-" });
    for (const name of ["run", "tmp", "home"]) {
      Deno.mkdirSync(join(this.dir, name), { mode: 0o700 });
    }
    this.mark = `BEAM_E2E=${crypto.randomUUID()}`;
    this.beam = Deno.env.get("BEAM_BIN") || join(ROOT, "scripts", "beam");
  }

  /** The environment of everything here. */
  env(changes: Changes = {}): Record<string, string> {
    const env = Object.entries(Deno.env.toObject()).filter(([name]) => !OWN.test(name));
    const [name, value] = this.mark.split("=");
    const all = {
      ...Object.fromEntries(env),
      // From a checkout, Deno's own files stay where they are.
      XDG_CACHE_HOME: Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") ?? "/", ".cache"),
      HOME: join(this.dir, "home"),
      TMPDIR: join(this.dir, "tmp"),
      XDG_RUNTIME_DIR: join(this.dir, "run"),
      BEAM_RUNTIME_DIR: join(this.dir, "none"),
      BEAM_DASHBOARD_PORT: "0", // several heads at a time
      BEAM_CONFIG: "/dev/null", // this machine's is not a test's
      PYTHONDONTWRITEBYTECODE: "1",
      NO_COLOR: "1",
      [name!]: value!,
      ...changes,
    };
    return Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }

  /** Starts a program; it is ended with the place at the latest. */
  run(command: string[], options: { env?: Changes; cwd?: string; input?: boolean } = {}): Program {
    const { env, cwd = join(this.dir, "home"), input = false } = options;
    const program = new Program({ command, env: this.env(env), cwd, input });
    this.#programs.push(program);
    return program;
  }

  /** Runs beam's command line to its end. */
  cli(args: string[], env: Changes = {}): Promise<Ending> {
    return this.run([this.beam, ...args], { env }).end();
  }

  /** A node that is not up yet. */
  node(options: NodeOptions = {}): Node {
    const node = new Node(
      this,
      options.dir ?? join(this.dir, `n${this.nodes.length + 1}`),
      options,
    );
    this.nodes.push(node);
    return node;
  }

  /** A node whose head is its own, up. */
  async head(options: NodeOptions = {}): Promise<Node> {
    return await this.node(options).up(["--head", "--port", "0"]);
  }

  /** A node joined to `head`'s cluster, up. */
  async join(head: Node, options: NodeOptions = {}): Promise<Node> {
    const node = this.node({ ip: `127.0.0.${this.nodes.length + 1}`, ...options });
    return await node.up(["--join", head.record.head_address], { BEAM_TOKEN: head.record.token });
  }

  /** The interpreter for drivers. */
  get python(): string {
    return python();
  }

  /** Ends everything, and asserts that nothing is left. */
  async close(): Promise<void> {
    const problems: string[] = [];
    try {
      for (const program of this.#programs) await program.stop();
      for (const node of [...this.nodes].reverse()) {
        await node.down().catch((error) => problems.push(error.message));
      }
      await until("everything has ended", () => marked(this.mark).length === 0, { patience: 5000 })
        .catch(() => {});
      const left = marked(this.mark);
      for (const pid of left) problems.push(`process ${pid} was left: ${commandOf(pid)}`);
      for (const pid of left) signal(pid, "SIGKILL");
      problems.push(...this.#leftFiles());
    } finally {
      Deno.removeSync(this.dir, { recursive: true });
    }
    assert.deepEqual(problems, []);
  }

  /** Sockets, records, markers and temporary files, except of nodes that were killed. */
  #leftFiles(): string[] {
    const folders = this.nodes.flatMap((node) => {
      const left = memoryFolders(node);
      for (const folder of left) Deno.removeSync(folder, { recursive: true });
      return node.wasKilled ? [] : left;
    });
    const killed = this.nodes.filter((node) => node.wasKilled).map((node) => node.instanceDir);
    const instances = filesIn(join(this.dir, "run")).filter((path) =>
      !path.endsWith("/lock") && !killed.some((dir) => dir && path.startsWith(dir + "/"))
    );
    const left = [...folders, ...instances, ...filesIn(join(this.dir, "tmp"))];
    return left.map((path) => `${path} was left`);
  }
}

function filesIn(dir: string): string[] {
  return [...Deno.readDirSync(dir)].flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory ? filesIn(path) : [path];
  });
}
