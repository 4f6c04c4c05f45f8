/** Which command starts a worker template on this node. */
import { join } from "node:path";

/** What a template is started with where only an interpreter is known. */
const MODULE = ["-m", "ray._worker"];

/** Where an interpreter may come from, in the order of the design. */
export interface InterpreterSources {
  /** BEAM_WORKER_CMD: the whole command, split as a shell does. */
  worker_cmd?: string | undefined;
  /** `sys.executable` of the driver, where it runs on this machine. */
  driver?: string | undefined;
  /** BEAM_PYTHON: the interpreter that ran `python3 -m ray start`. */
  python?: string | undefined;
  /** VIRTUAL_ENV of `beam up`. */
  virtual_env?: string | undefined;
}

/** The command of the template that serves these. */
export function templateCommand(sources: InterpreterSources): string[] {
  if (sources.worker_cmd) {
    const words = splitCommand(sources.worker_cmd);
    if (words.length > 0) return words;
  }
  if (sources.driver) return [sources.driver, ...MODULE];
  if (sources.python) return [sources.python, ...MODULE];
  if (sources.virtual_env) return [join(sources.virtual_env, "bin", "python"), ...MODULE];
  return ["python3", ...MODULE];
}

/** Splits a command as a shell does: quotes and backslashes, no expansions. */
export function splitCommand(text: string): string[] {
  const words: string[] = [];
  const pattern = /\s*((?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+)/gsy;
  let end = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    words.push(unquote(match[1]!));
    end = pattern.lastIndex;
  }
  // An open quote: take what follows as one word rather than lose it.
  const rest = text.slice(end).trim();
  if (rest !== "") words.push(rest);
  return words;
}

function unquote(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? "",
  );
}

/** The program's absolute path by `PATH`, or undefined where there is none to execute. */
export function findProgram(name: string, path: string | undefined): string | undefined {
  if (name.includes("/")) return isExecutable(name) ? name : undefined;
  for (const folder of (path ?? "/usr/local/bin:/usr/bin:/bin").split(":")) {
    const place = join(folder || ".", name);
    if (isExecutable(place)) return place;
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    const info = Deno.statSync(path);
    return info.isFile && ((info.mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}
