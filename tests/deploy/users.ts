/** Several users of one machine: numbers without names, and a place that all of them can reach. */
import { join } from "node:path";
import type { Changes, Place } from "../e2e/harness/place.ts";
import type { Ending, Program } from "../e2e/harness/program.ts";

/** A user of the test's. */
export class User {
  constructor(readonly of: Users, readonly uid: number, readonly groups: readonly number[]) {
    Deno.mkdirSync(this.home, { mode: 0o700 });
    Deno.chownSync(this.home, uid, uid);
  }

  get home(): string {
    return join(this.of.dir, `u${this.uid}`);
  }

  /** Starts a program as this user. */
  run(command: string[], env: Changes = {}): Program {
    const groups = this.groups.length > 0 ? ["--groups", this.groups.join()] : ["--clear-groups"];
    const ids = ["--reuid", `${this.uid}`, "--regid", `${this.uid}`, ...groups];
    return this.of.place.run(["setpriv", ...ids, "--", ...command], {
      cwd: this.home,
      env: {
        HOME: this.home,
        TMPDIR: this.home,
        XDG_RUNTIME_DIR: undefined,
        XDG_CACHE_HOME: undefined,
        BEAM_RUNTIME_DIR: undefined,
        BEAM_SHARED_DIR: this.of.shared,
        PATH: "/usr/bin:/bin",
        ...env,
      },
    });
  }

  /** Runs beam's command line to its end. */
  beam(args: string[], env: Changes = {}): Promise<Ending> {
    return this.run([this.of.beam, ...args], env).end();
  }

  /** Runs a Python program with this user's own copy of the package. */
  async python(program: string, env: Changes = {}): Promise<Ending> {
    const { stdout } = await this.beam(["shim-path"]);
    const file = join(this.of.dir, "programs", program);
    return this.run([PYTHON, "-u", file], { PYTHONPATH: stdout.trim(), ...env }).end();
  }
}

/** One that every user can run. */
export const PYTHON = "/usr/bin/python3";

/** See the top of this file. */
export class Users implements Disposable {
  /** Not below a directory of the test's own user, which nobody else may enter. */
  readonly dir = Deno.makeTempDirSync({ dir: "/tmp", prefix: "bd-" });
  /** What a service manager makes for the service: `/run/beam` elsewhere. */
  readonly shared: string;
  readonly beam: string;

  constructor(readonly place: Place) {
    Deno.chmodSync(this.dir, 0o755);
    this.shared = join(this.dir, "run");
    Deno.mkdirSync(this.shared);
    this.beam = join(this.dir, "beam");
    Deno.copyFileSync(place.beam, this.beam);
    Deno.chmodSync(this.beam, 0o755);
    const programs = join(this.dir, "programs");
    Deno.mkdirSync(programs);
    const from = join(import.meta.dirname!, "programs");
    for (const { name } of Deno.readDirSync(from)) {
      Deno.copyFileSync(join(from, name), join(programs, name));
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.dir, { recursive: true });
  }

  user(uid: number, ...groups: number[]): User {
    return new User(this, uid, groups);
  }
}
