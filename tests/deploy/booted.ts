/** A systemd that runs in namespaces of its own: see `_boot_systemd`. */
import { join } from "node:path";
import { until } from "../e2e/harness/until.ts";

const DECODER = new TextDecoder();

/** See the top of this file. */
export class Booted implements AsyncDisposable {
  private constructor(
    readonly dir: string,
    readonly child: Deno.ChildProcess,
    readonly pid: number,
  ) {}

  /** Boots it; a text says why it cannot be here. */
  static async boot(beam: string): Promise<Booted | string> {
    if (Deno.uid() !== 0) return "root";
    if (!exists("/usr/lib/systemd/systemd")) return "systemd";
    const dir = await Deno.makeTempDir({ prefix: "beam-systemd-" });
    const child = new Deno.Command(join(import.meta.dirname!, "_boot_systemd"), {
      args: [dir, beam],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let said = "";
    const heard = (async () => {
      for await (const bytes of child.stderr) said += DECODER.decode(bytes);
    })();
    let over = false;
    child.status.then(() => over = true);
    const up = async () => {
      if (over) return true;
      const pid = childOf(child.pid);
      if (pid === undefined) return false;
      const booted = new Booted(dir, child, pid);
      const { out } = await booted.run("systemctl", "is-system-running");
      return /running|degraded/.test(out) && booted;
    };
    const booted = await until("systemd has started", up, { patience: 20_000 }).catch(() => true);
    if (booted !== true) return booted as Booted;
    if (!over) child.kill("SIGKILL");
    await heard;
    await Deno.remove(dir, { recursive: true });
    return `a kernel that lets systemd start in namespaces (it said: ${said.trim().slice(-200)})`;
  }

  /** Runs a command inside, to its end. */
  async run(...command: string[]): Promise<{ code: number; out: string; err: string }> {
    const root = `/proc/${this.pid}/root`;
    const { code, stdout, stderr } = await new Deno.Command("nsenter", {
      args: [
        "-t",
        `${this.pid}`,
        "-m",
        "-p",
        "-u",
        "-i",
        "-n",
        "-C",
        `--root=${root}`,
        `--wd=${root}`,
        ...command,
      ],
      clearEnv: true,
      env: { PATH: "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", LANG: "C.UTF-8" },
    }).output();
    return { code, out: DECODER.decode(stdout), err: DECODER.decode(stderr) };
  }

  /** The same, which must succeed. */
  async tell(...command: string[]): Promise<string> {
    const { code, out, err } = await this.run(...command);
    if (code !== 0) throw new Error(`${command.join(" ")} failed:\n${err}${out}`);
    return out;
  }

  /** Runs it as a user. */
  as(user: string, command: string): Promise<{ code: number; out: string; err: string }> {
    return this.run("su", "-", user, "-c", command);
  }

  /** Writes a file inside. */
  async write(path: string, text: string): Promise<void> {
    const file = join(`/proc/${this.pid}/root`, path);
    await Deno.mkdir(join(file, ".."), { recursive: true });
    await Deno.writeTextFile(file, text);
  }

  /** Properties of a unit. */
  async show(unit: string): Promise<Map<string, string>> {
    const text = await this.tell("systemctl", "show", unit);
    return new Map(
      text.split("\n").map((line) => {
        const [name, ...value] = line.split("=");
        return [name!, value.join("=")] as const;
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL"); // and with it all that is in its process namespace
    await this.child.status;
    await Deno.remove(this.dir, { recursive: true });
  }
}

/** The first process in the namespaces. */
function childOf(pid: number): number | undefined {
  try {
    const first = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ")[0];
    return first ? Number(first) : undefined;
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
