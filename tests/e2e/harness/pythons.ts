/** The Pythons of this machine. */
import { join } from "node:path";

/** The one that drivers run with: PYTHON, else python3. */
export function python(): string {
  return Deno.env.get("PYTHON") || "python3";
}

/** Its minor version, such as `3.11`, or undefined where it does not run. */
export function minorOf(program: string): string | undefined {
  try {
    const code = "import sys; print('%d.%d' % sys.version_info[:2])";
    const { success, stdout } = new Deno.Command(program, {
      args: ["-c", code],
      stdout: "piped",
      stderr: "null",
    }).outputSync();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined;
  }
}

/** Every Python from 3.9 to 3.13 that runs here, by its minor version. */
export function allPythons(): Map<string, string> {
  const found = new Map<string, string>();
  for (const minor of ["3.9", "3.10", "3.11", "3.12", "3.13"]) {
    const places = [`python${minor}`, ...pyenv(minor)];
    const place = places.find((one) => minorOf(one) === minor);
    if (place !== undefined) found.set(minor, place);
  }
  return found;
}

/** A Python of another minor version than {@link python}'s, where there is one. */
export function otherPython(): string | undefined {
  const own = minorOf(python());
  return [...allPythons()].find(([minor]) => minor !== own)?.[1];
}

/** Where pyenv keeps that version; its own `python3.x` runs only what was activated. */
function pyenv(minor: string): string[] {
  const root = Deno.env.get("PYENV_ROOT") || join(Deno.env.get("HOME") ?? "/", ".pyenv");
  try {
    return [...Deno.readDirSync(join(root, "versions"))].map(({ name }) => name)
      .filter((name) => name.startsWith(`${minor}.`))
      .map((name) => join(root, "versions", name, "bin", `python${minor}`));
  } catch {
    return [];
  }
}
