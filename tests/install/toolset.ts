/** Programs by which an installation may be done: a folder for PATH that has these and no others. */
import { join } from "node:path";

/** A shell with what it needs besides. */
export interface Toolset {
  name: string;
  /** The command that runs a script. */
  shell: readonly string[];
  /** The folder that is PATH. */
  path: string;
  /** It can open a tarball. */
  unpacks: boolean;
}

/** What the script uses of any system. */
const COMMON =
  "uname getconf ldd sed head sort cut grep mktemp mkdir rmdir rm mv cp chmod cat id dd tail";
/** Applets of busybox in the place of all those; getconf and ldd are not among them. */
const APPLETS =
  "uname sed head sort cut grep mktemp mkdir rmdir rm mv cp chmod cat id dd tail wget sha256sum tar gzip";

/** The toolsets that this machine can have; `lacks` names the others. */
export function toolsets(dir: string, shells: string | undefined): {
  sets: Toolset[];
  lacks: string[];
} {
  const sets: Toolset[] = [];
  const lacks: string[] = [];
  const add = (name: string, shell: string, ...others: string[]) => {
    const path = join(dir, name);
    const missing = [shell, ...others].filter((program) => whereIs(program) === undefined);
    if (missing.length > 0) return lacks.push(`${name} (no ${missing.join(", ")})`);
    Deno.mkdirSync(path, { recursive: true });
    for (const program of [...COMMON.split(" "), shell, ...others]) {
      const place = whereIs(program);
      if (place) Deno.symlinkSync(place, join(path, program));
    }
    // The stand-in for the executable is a script too.
    return sets.push({ name, shell: [whereIs(shell)!], path, unpacks: others.includes("tar") });
  };
  add("dash-curl-sha256sum-tar", "dash", "curl", "sha256sum", "tar", "gzip");
  add("bash-wget-openssl", "bash", "wget", "openssl");
  const busybox = whereIs("busybox") ??
    (shells ? fileAt(join(shells, "bin", "busybox")) : undefined);
  if (busybox) {
    const path = join(dir, "busybox");
    Deno.mkdirSync(path, { recursive: true });
    for (const applet of APPLETS.split(" ")) Deno.symlinkSync(busybox, join(path, applet));
    sets.push({ name: "busybox", shell: [busybox, "sh"], path, unpacks: true });
  } else lacks.push("busybox");
  return { sets, lacks };
}

function whereIs(program: string): string | undefined {
  return ["/usr/bin", "/bin", "/usr/local/bin"].map((dir) => fileAt(join(dir, program)))
    .find((path) => path !== undefined);
}

function fileAt(path: string): string | undefined {
  try {
    return Deno.statSync(path).isFile ? path : undefined;
  } catch {
    return undefined;
  }
}
