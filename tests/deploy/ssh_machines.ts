/**
 * Machines that are reached by SSH: network namespaces, each with an OpenSSH server of its own and files of its own
 * (see engine/docker), and hardware that is made up: a tree in the place of /sys, /proc and /dev.
 */
import { dirname, join } from "node:path";
import type { Machines } from "../faults/harness/machines.ts";
import type { Place } from "../e2e/harness/place.ts";
import { type Program } from "../e2e/harness/program.ts";

/** Files of a made-up machine by their paths; a value that begins with `->` is a link. */
export type Tree = Record<string, string>;

/** See the top of this file. */
export class SshMachines {
  readonly config: string;

  private constructor(readonly place: Place, readonly machines: Machines, readonly client: number) {
    this.config = join(place.dir, "ssh_config");
  }

  /** Starts servers on machines 1 to n, which `client` reaches as `m1` to `mn`. */
  static async start(
    place: Place,
    { machines, client, sshd, trees }: {
      machines: Machines;
      client: number;
      sshd: string;
      trees: Tree[];
    },
  ): Promise<SshMachines> {
    const made = new SshMachines(place, machines, client);
    for (const name of ["key", "host"]) {
      const args = ["-q", "-t", "ed25519", "-N", "", "-f", join(place.dir, name)];
      if (!(await new Deno.Command("ssh-keygen", { args }).output()).success) {
        throw new Error("ssh-keygen failed");
      }
    }
    Deno.mkdirSync(join(place.dir, "engine"), { recursive: true });
    const blocks = trees.map((_, at) =>
      `Host m${at + 1}\n  HostName ${machines.address(at + 1)}\n`
    );
    Deno.writeTextFileSync(
      made.config,
      `${blocks.join("")}Host *
  User root
  IdentityFile ${join(place.dir, "key")}
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
`,
    );
    for (const [index, tree] of trees.entries()) await made.#serve(index + 1, sshd, tree);
    return made;
  }

  /** Runs a command on the client. */
  run(command: string[], env: Record<string, string> = {}): Program {
    return this.place.run([...this.machines.via(this.client), ...command], {
      env: { SSH_CONFIG: this.config, ...env },
    });
  }

  /** Runs a line on a machine, over SSH. */
  on(at: number, line: string) {
    return this.run(["ssh", "-F", this.config, `m${at}`, line]).end();
  }

  async #serve(at: number, sshd: string, tree: Tree): Promise<void> {
    const { place } = this;
    const fake = join(place.dir, `tree${at}`);
    writeTree(fake, tree);
    const conf = join(place.dir, `sshd_config${at}`);
    Deno.writeTextFileSync(
      conf,
      `HostKey /ssh/host
AuthorizedKeysFile /ssh/key.pub
StrictModes no
PermitRootLogin yes
UsePAM no
PidFile none
SetEnv MACHINE_ROOT=/made-up ${place.mark} BEAM_NUM_CPUS=2
`,
    );
    const ssh = join(place.dir, `ssh${at}`);
    Deno.mkdirSync(ssh);
    for (const name of ["host", "key.pub"]) {
      Deno.copyFileSync(join(place.dir, name), join(ssh, name));
    }
    Deno.chmodSync(join(ssh, "host"), 0o600);
    Deno.copyFileSync(conf, join(ssh, "config"));
    const engine = join(import.meta.dirname!, "engine", "docker");
    const line =
      "id sshd >/dev/null 2>&1 || echo 'sshd:x:64222:65534::/run:/bin/false' >>/etc/passwd; " +
      "mkdir -p /run/sshd && cp -P /sshd/libwrap* /usr/lib/ && exec /sshd/sshd -D -e -f /ssh/config";
    const server = place.run([
      ...this.machines.via(at),
      ...[engine, "run", "--name", `m${at}`, "--entrypoint", "/bin/sh"],
      ...["-v", `${ssh}:/ssh:ro`, "-v", `${sshd}:/sshd:ro`, "-v", `${fake}:/made-up`],
      ...["image", "-c", line],
    ], { env: { ENGINE_STATE: join(place.dir, "engine"), ENGINE_MARK: place.mark } });
    await server.complains(/Server listening on 0\.0\.0\.0/);
  }
}

function writeTree(root: string, tree: Tree): void {
  for (const [path, text] of Object.entries(tree)) {
    const file = join(root, path);
    Deno.mkdirSync(dirname(file), { recursive: true });
    if (text.startsWith("->")) Deno.symlinkSync(text.slice(2), file);
    else Deno.writeTextFileSync(file, text);
  }
}
