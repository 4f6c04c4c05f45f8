import assert from "assert";
import { join } from "node:path";
import { Trouble } from "../runtime/errors.ts";
import { ensureInstanceDir, ensureRuntimeDir, type Env } from "../runtime/paths.ts";
import { type DaemonRecord, startTicks, writeRecord } from "../runtime/records.ts";
import { chooseDaemon } from "./daemon_choice.ts";

/** A machine with daemons that only listen. */
class Machine implements Disposable {
  readonly dir = Deno.realPathSync(Deno.makeTempDirSync({ dir: "/tmp", prefix: "c" }));
  readonly #listeners: Deno.Listener[] = [];

  env(values: Record<string, string> = {}): Env {
    const all: Record<string, string> = {
      XDG_RUNTIME_DIR: this.dir,
      HOME: join(this.dir, "home"),
      ...values,
    };
    return (name) => all[name];
  }

  start(name: string, changes: Partial<DaemonRecord>): string {
    const runtime = ensureRuntimeDir(join(this.dir, name)).dir;
    const { socket, record } = ensureInstanceDir(runtime, this.env());
    this.#listeners.push(Deno.listen({ transport: "unix", path: socket }));
    writeRecord(record, {
      pid: Deno.pid,
      start_ticks: startTicks(Deno.pid)!,
      node_id: name,
      node_ip: "10.0.0.1",
      aliases: [],
      cluster: "c1",
      head_address: "10.0.0.1:6379",
      head_aliases: [],
      is_head: false,
      runtime_dir: runtime,
      socket,
      shim_path: "",
      build: "",
      standing: true,
      ...changes,
    });
    return socket;
  }

  [Symbol.dispose](): void {
    for (const listener of this.#listeners) listener.close();
    Deno.removeSync(this.dir, { recursive: true });
  }
}

const codeOf = (choice: Promise<unknown>) =>
  choice.then(() => "chosen", (error) => error instanceof Trouble ? error.code : String(error));

Deno.test("one daemon: it is chosen, unless a driver has it for itself", async () => {
  using machine = new Machine();
  const env = machine.env();
  assert.equal(await codeOf(chooseDaemon({ env })), "none");
  machine.start("own", { standing: false });
  assert.equal(await codeOf(chooseDaemon({ env })), "none");
  const socket = machine.start("a", {});
  assert.equal((await chooseDaemon({ env })).socket, socket);
  assert.equal(await codeOf(chooseDaemon({ env, address: "10.9.9.9:1" })), "none");
});

Deno.test("several: the runtime directory's own, the named cluster's, else none is guessed", async () => {
  using machine = new Machine();
  const a = machine.start("a", {});
  const b = machine.start("b", { cluster: "c2", head_address: "10.0.0.2:6379" });
  const env = machine.env();
  assert.equal(await codeOf(chooseDaemon({ env })), "several");
  assert.equal(await codeOf(chooseDaemon({ env, anyNode: true })), "several");
  assert.equal((await chooseDaemon({ env, address: "10.0.0.2:6379" })).socket, b);
  const inA = machine.env({ BEAM_RUNTIME_DIR: join(machine.dir, "a") });
  assert.equal((await chooseDaemon({ env: inA })).socket, a);
  assert.equal((await chooseDaemon({ env: inA, address: "10.0.0.2:6379" })).socket, b);
  const named = machine.env({ BEAM_SOCK: "/s" });
  assert.deepEqual(await chooseDaemon({ env: named }), { socket: "/s" });
});

Deno.test("questions about a cluster go to any of its nodes", async () => {
  using machine = new Machine();
  machine.start("a", {});
  const head = machine.start("b", { is_head: true });
  const env = machine.env();
  assert.equal(await codeOf(chooseDaemon({ env })), "several");
  assert.equal((await chooseDaemon({ env, anyNode: true })).socket, head);
});
