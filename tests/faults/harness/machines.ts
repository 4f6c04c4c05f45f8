/**
 * Machines of a network of their own: network namespaces on one switch, whose links can be cut and whose packets can
 * be dropped. Processes and files they share with this machine, so that tests see them.
 */
import { join } from "node:path";
import { python } from "../../e2e/harness/pythons.ts";

const FIREWALL = join(import.meta.dirname!, "..", "programs", "firewall.py");
const NETWORK = "10.79.0";

/** Why there can be no such machines here; undefined where there can. */
export function lacking(): string | undefined {
  if (Deno.uid() !== 0) return "network namespaces take root";
  for (const [program, of] of [["ip", "iproute2"], ["nsenter", "util-linux"]] as const) {
    try {
      new Deno.Command(program, { args: ["-V"], stdout: "null", stderr: "null" }).outputSync();
    } catch {
      return `there is no \`${program}\` (${of})`;
    }
  }
  const tried = nameOfOwn(); // files are tried side by side, in one process
  const made = ip("netns", "add", tried);
  if (made !== "") return `network namespaces cannot be made: ${made}`;
  ip("netns", "del", tried);
  return undefined;
}

function nameOfOwn(): string {
  return `beam-faults-${Deno.pid}-${crypto.randomUUID().slice(0, 4)}`;
}

/** See the top of this file. */
export class Machines implements Disposable {
  readonly #name = nameOfOwn();
  readonly #names: string[] = [];

  constructor(count: number) {
    this.#make("switch");
    const network = `${this.#name}-switch`;
    must("-n", network, "link", "add", "bridge0", "type", "bridge");
    must("-n", network, "link", "set", "bridge0", "up");
    for (let at = 1; at <= count; at++) {
      const machine = this.#make(`${at}`);
      must("-n", machine, "link", "set", "lo", "up");
      const peer = ["peer", "name", `port${at}`, "netns", network];
      must("-n", machine, "link", "add", "eth0", "type", "veth", ...peer);
      must("-n", machine, "addr", "add", `${this.address(at)}/24`, "dev", "eth0");
      must("-n", machine, "link", "set", "eth0", "up");
      must("-n", network, "link", "set", `port${at}`, "master", "bridge0", "up");
    }
  }

  /** The address of machine `at`, from 1. */
  address(at: number): string {
    return `${NETWORK}.${at}`;
  }

  /** What stands before a command that runs there. */
  via(at: number): string[] {
    return ["nsenter", `--net=/run/netns/${this.#name}-${at}`, "--"];
  }

  /** The same, for what also looks at its interfaces in /sys, and at {@link hosts}. */
  viaWhole(at: number): string[] {
    return ["ip", "netns", "exec", `${this.#name}-${at}`];
  }

  /** Runs `ip` on a machine. @throws where it fails */
  ip(at: number, ...args: string[]): void {
    must("-n", `${this.#name}-${at}`, ...args);
  }

  /** Gives a machine an /etc/hosts of its own, for what is started afterwards by {@link viaWhole}. */
  hosts(at: number, lines: string): void {
    const folder = `/etc/netns/${this.#name}-${at}`;
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(`${folder}/hosts`, lines);
  }

  /** A further network: an interface on each of these machines, on a switch of its own. */
  join(network: string, { device, machines }: { device: string; machines: number[] }): void {
    const inside = `${this.#name}-switch`;
    must("-n", inside, "link", "add", device, "type", "bridge");
    must("-n", inside, "link", "set", device, "up");
    for (const at of machines) {
      const port = `${device}-${at}`;
      const peer = ["peer", "name", port, "netns", inside];
      this.ip(at, "link", "add", device, "type", "veth", ...peer);
      this.ip(at, "addr", "add", `${network}.${at}/24`, "dev", device);
      this.ip(at, "link", "set", device, "up");
      must("-n", inside, "link", "set", port, "master", device, "up");
    }
  }

  /** Takes that network away again. */
  part(device: string, machines: number[]): void {
    for (const at of machines) this.ip(at, "link", "del", device);
    must("-n", `${this.#name}-switch`, "link", "del", device);
  }

  /** Pulls the cable of a machine out of that network. */
  unplug(device: string, at: number): void {
    must("-n", `${this.#name}-switch`, "link", "set", `${device}-${at}`, "down");
  }

  /** Pulls the cable of a machine, or puts it in again. */
  link(at: number, state: "up" | "down"): void {
    must("-n", `${this.#name}-switch`, "link", "set", `port${at}`, state);
  }

  /** What is dropped of what comes to a machine; see `programs/firewall.py`. */
  drop(at: number, ...what: string[]): void {
    const [command, ...args] = [...this.via(at), python(), FIREWALL, ...what];
    const { success, stderr } = new Deno.Command(command!, {
      args,
      stdout: "null",
      stderr: "piped",
    })
      .outputSync();
    if (!success) throw new Error(`Cannot drop packets: ${new TextDecoder().decode(stderr)}`);
  }

  [Symbol.dispose](): void {
    for (const name of this.#names) {
      ip("netns", "del", name);
      try {
        Deno.removeSync(`/etc/netns/${name}`, { recursive: true });
      } catch { /* it had no files */ }
    }
  }

  #make(what: string): string {
    const name = `${this.#name}-${what}`;
    must("netns", "add", name);
    this.#names.push(name);
    return name;
  }
}

/** Runs `ip`; its words where it fails, else nothing. */
function ip(...args: string[]): string {
  const { success, stderr } = new Deno.Command("ip", { args, stdout: "null", stderr: "piped" })
    .outputSync();
  return success ? "" : new TextDecoder().decode(stderr).trim() || "it failed without a word";
}

function must(...args: string[]): void {
  const words = ip(...args);
  if (words !== "") throw new Error(`ip ${args.join(" ")}: ${words}`);
}
