/** Small disks: file systems in memory, mounted for some processes alone, in a mount namespace of their own. */
import type { Place } from "../../e2e/harness/place.ts";

/** Why there can be none here; undefined where there can. */
export function lacksMounts(): string | undefined {
  if (Deno.uid() !== 0) return "mounting takes root";
  const script = "mount -t tmpfs -o size=1m tmpfs /mnt";
  try {
    const { success, stderr } = new Deno.Command("unshare", {
      args: ["--mount", "sh", "-c", script],
      stdout: "null",
      stderr: "piped",
    }).outputSync();
    return success ? undefined : `nothing can be mounted: ${new TextDecoder().decode(stderr)}`;
  } catch {
    return "there is no `unshare` (util-linux)";
  }
}

/** Mounts for whatever runs behind {@link Mounts.via}. */
export class Mounts {
  private constructor(readonly via: string[], readonly pid: number) {}

  /** @param sizes MiB by folder; folders that are not there are made. */
  static async make(place: Place, sizes: Record<string, number>): Promise<Mounts> {
    const lines = Object.entries(sizes).map(([dir, mib]) =>
      `mkdir -p '${dir}' && mount -t tmpfs ` +
      `-o size=${mib}m,mode=${dir === "/dev/shm" ? 1777 : 700} tmpfs '${dir}'`
    );
    // The namespace lives as long as this process, which ends with the place at the latest.
    const script = [...lines, `echo '{"mounted": true}'`, "exec cat"].join(" && ");
    const command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script];
    const holder = place.run(command, { input: true });
    await holder.said("that the folders are mounted");
    const enter = ["nsenter", "-t", `${holder.pid}`, "--mount", `--wd=${place.dir}/home`, "--"];
    return new Mounts(enter, holder.pid);
  }

  /** A path as it is in there, for this process. */
  path(path: string): string {
    return `/proc/${this.pid}/root${path}`;
  }

  /** Fills the disk on which a folder lies; returns what gives the room back. */
  fill(dir: string): () => void {
    const path = this.path(`${dir}/filler`);
    using file = Deno.openSync(path, { create: true, write: true });
    for (let part = new Uint8Array(65536); part.length > 0;) {
      try {
        file.writeSync(part);
      } catch {
        part = part.subarray(0, part.length >> 1); // to the last byte
      }
    }
    return () => Deno.removeSync(path);
  }
}
