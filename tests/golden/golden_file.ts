/**
 * Golden files: prose, and between it cases of this form.
 *
 *     $ BEAM_NUM_GPUS=-1 beam up --head
 *     | a line of standard output
 *     ! a line of standard error
 *     = 2
 *
 * The line after `$` goes to a shell. `= N` ends the case with its exit code. In expected lines `[*]`
 * stands for any text within the line; a line `| [**]` or `! [**]` for any lines, or none.
 */

/** One case. */
export interface GoldenCase {
  command: string;
  stdout: string[];
  stderr: string[];
  code: number;
  /** Lines of the file that it takes, from 0, the end not among them. */
  from: number;
  to: number;
}

/** What a command did. */
export interface Outcome {
  stdout: string[];
  stderr: string[];
  code: number;
}

/** The cases of a file. @throws where a case has no end or a line is none of a case's. */
export function parseGolden(text: string): GoldenCase[] {
  const cases: GoldenCase[] = [];
  let open: GoldenCase | undefined;
  for (const [at, line] of text.split("\n").entries()) {
    const [mark, rest] = [line.slice(0, 1), line.slice(2)];
    if (line.startsWith("$ ")) {
      if (open) throw new Error(`line ${at + 1}: the case before has no exit code`);
      open = { command: rest, stdout: [], stderr: [], code: 0, from: at, to: at };
    } else if (open && mark === "|") open.stdout.push(rest);
    else if (open && mark === "!") open.stderr.push(rest);
    else if (open && mark === "=") {
      cases.push({ ...open, code: Number(rest), to: at + 1 });
      open = undefined;
    } else if (open) throw new Error(`line ${at + 1}: a case's line starts with | ! or =`);
  }
  if (open) throw new Error("the last case has no exit code");
  return cases;
}

/** The lines of a case as it would stand in a file. */
export function formatCase(command: string, { stdout, stderr, code }: Outcome): string[] {
  const marked = (mark: string) => (line: string) => `${mark} ${line}`.trimEnd();
  return [`$ ${command}`, ...stdout.map(marked("|")), ...stderr.map(marked("!")), `= ${code}`];
}

/** True where `actual` is what the lines with wildcards expect. */
export function matches(expected: readonly string[], actual: readonly string[]): boolean {
  const pattern = expected.map((line) =>
    line === "[**]" ? "(?:[^\\n]*\\n)*?" : `${line.split("[*]").map(escape).join("[^\\n]*")}\\n`
  );
  return new RegExp(`^${pattern.join("")}$`).test(actual.map((line) => line + "\n").join(""));
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
