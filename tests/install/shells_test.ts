/** Completions in real shells on a terminal, and the manual page before real checkers. */
import assert from "assert";
import { join } from "node:path";

const ROOT = join(import.meta.dirname!, "..", "..");
const SHELLS = Deno.env.get("BEAM_SHELLS") || undefined;
const LIBRARIES = SHELLS && join(SHELLS, "usr", "lib", `${Deno.build.arch}-linux-gnu`);

const DIR = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "beam-shells-" }));
Deno.test.afterAll(() => Deno.removeSync(DIR, { recursive: true }));

/** What runs beam from this checkout, or the executable under test. */
const BEAM = Deno.env.get("BEAM_BIN") ??
  `${Deno.execPath()} run -A --quiet --config ${join(ROOT, "deno.json")} ${join(ROOT, "main.ts")}`;

/** A beam that completes as it does, and else only says what it was called with. */
Deno.mkdirSync(join(DIR, "bin"));
Deno.writeTextFileSync(
  join(DIR, "bin", "beam"),
  `#!/bin/sh
case $1 in completions | man) exec ${BEAM} "$@" ;; esac
echo "beam got: $*."
echo line-was-run
`,
  { mode: 0o755 },
);
Deno.writeTextFileSync(join(DIR, "secret-token"), "");
Deno.mkdirSync(join(DIR, "run"), { mode: 0o700 });

const ENV = {
  PATH: `${join(DIR, "bin")}:/usr/bin:/bin`,
  HOME: DIR,
  TERM: "xterm",
  LANG: "C.UTF-8",
  XDG_RUNTIME_DIR: join(DIR, "run"),
  DENO_DIR: Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "/", ".cache", "deno"),
};

async function output(
  command: readonly string[],
  { input = "", env = {} }: { input?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    clearEnv: true,
    env: { ...ENV, ...env },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { success, stdout, stderr } = await child.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.ok(success, `${command.join(" ")}: ${out}${err}`);
  return out! + err!;
}

const beam = (...words: string[]) => output([join(DIR, "bin", "beam"), ...words]);

/** What a shell on a terminal shows for each line. */
async function typed(
  shell: { command: readonly string[]; env?: Record<string, string>; start: readonly string[] },
  lines: readonly string[],
): Promise<string[]> {
  const { command, start, env = {} } = shell;
  const ready = start.map((line, at) => `${line}; echo ready-${at}`);
  const input = JSON.stringify({ command, start: ready, lines, env: { ...ENV, ...env } });
  const program = join(import.meta.dirname!, "shell_lines.py");
  return JSON.parse(await output([Deno.env.get("PYTHON") ?? "python3", program], { input }));
}

/** A line with its tabulator, and what beam is called with then. */
const LINES: readonly [line: string, called: string][] = [
  ["beam vers\t", "version"],
  ["beam ray hea\t", "ray health-check"],
  ["beam ray job del\t", "ray job delete"],
  ["beam token rev\t", "token revoke"],
  ["beam drain --dead\t", "drain --deadline"],
  ["beam ray list nodes --format js\t", "ray list nodes --format json"],
  ["beam ray list nodes --format=js\t --det\t", "ray list nodes --format=json --detail"],
  [`beam up --head --token-file ${DIR}/secr\t`, `up --head --token-file ${DIR}/secret-token`],
  [`beam up --token-file=${DIR}/secr\t`, `up --token-file=${DIR}/secret-token`],
  ["beam nothing --x\t", "nothing --x"],
];
/** Where several words fit they are listed; then one is typed to its end. */
const LISTED = "beam ray st\top";

async function check(shell: Parameters<typeof typed>[0], listed: readonly RegExp[]): Promise<void> {
  const shown = await typed(shell, [...LINES.map(([line]) => line), LISTED]);
  for (const [at, [line, called]] of LINES.entries()) {
    assert.ok(shown[at]!.includes(`beam got: ${called}.`), `${JSON.stringify(line)}: ${shown[at]}`);
  }
  for (const pattern of listed) assert.match(shown.at(-1)!, pattern);
}

Deno.test("bash completes beam's command line", async () => {
  Deno.writeTextFileSync(join(DIR, "beam.bash"), await beam("completions", "bash"));
  const start = [
    `bind 'set bell-style none'; bind 'set show-all-if-ambiguous on'; source ${DIR}/beam.bash`,
  ];
  await check({ command: ["bash", "--norc", "--noprofile", "-i"], start }, [/start +status +stop/]);
});

Deno.test("bash completes names as one word, whatever is in them", async () => {
  const bin = join(DIR, "named");
  Deno.mkdirSync(bin);
  Deno.writeTextFileSync(
    join(bin, "beam"),
    `#!/bin/sh
case $1 in completions) printf 'my;echo $(id)\\tan actor\\n'; exit ;; esac
echo "beam got: $#: $2."
echo line-was-run
`,
    { mode: 0o755 },
  );
  Deno.writeTextFileSync(join(DIR, "beam.bash"), await beam("completions", "bash"));
  const start = [`bind 'set bell-style none'; PATH=${bin}:$PATH; source ${DIR}/beam.bash`];
  const shell = { command: ["bash", "--norc", "--noprofile", "-i"], start };
  const [shown] = await typed(shell, ["beam logs m\t"]);
  assert.match(shown!, /beam got: 2: my;echo \$\(id\)\./);
});

const zsh = SHELLS && join(SHELLS, "bin", "zsh");
if (!zsh) console.log("not tried: completions in zsh: it could not be fetched");
Deno.test({
  name: "zsh completes beam's command line from a folder of fpath, with descriptions",
  ignore: !zsh,
  async fn() {
    const folder = join(DIR, "functions");
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(join(folder, "_beam"), await beam("completions", "zsh"));
    const modules = `${LIBRARIES}/zsh/*(/)`;
    const start = [
      `module_path=(${modules}); fpath=(${folder} ${SHELLS}/usr/share/zsh/functions/**/*(/)); ` +
      `autoload -Uz compinit; compinit -u -D; unsetopt beep automenu`,
    ];
    await check({ command: [zsh!, "-f", "-i"], start }, [
      /start +-- Starts a node/,
      /stop +-- Ends every node/,
    ]);
    // The same script, read by the shell after compinit.
    const sourced = [
      ...start,
      `fpath=(\${fpath:#${folder}}); compinit -u -D; source ${folder}/_beam`,
    ];
    const [shown] = await typed({ command: [zsh!, "-f", "-i"], start: sourced }, [
      "beam ray hea\t",
    ]);
    assert.match(shown!, /beam got: ray health-check\./);
  },
});

const fish = SHELLS && join(SHELLS, "usr", "bin", "fish");
if (!fish) console.log("not tried: completions in fish: it could not be fetched");
Deno.test({
  name: "fish completes beam's command line, with descriptions",
  ignore: !fish,
  async fn() {
    // Where it is there, fish does not fill it in the background, beyond its own end.
    Deno.mkdirSync(join(DIR, ".local", "share", "fish", "generated_completions"), {
      recursive: true,
    });
    const folder = join(DIR, ".config", "fish", "completions");
    Deno.mkdirSync(folder, { recursive: true });
    Deno.writeTextFileSync(join(folder, "beam.fish"), await beam("completions", "fish"));
    const env = { LD_LIBRARY_PATH: LIBRARIES! };
    const shell = { command: [fish!, "-i", "--private"], env, start: START };
    await check(shell, [/start +\(Starts a node/, /stop +\(Ends every node/]);
  },
});

/** What it guesses while one types is asked of beam too, and may outlive the shell. */
const START = ["function fish_greeting; end; set -g fish_autosuggestion_enabled 0"];

const mandoc = SHELLS && join(SHELLS, "usr", "bin", "mandoc");
if (!mandoc) console.log("not tried: the manual page under mandoc: it could not be fetched");
Deno.test({
  name: "the manual page is good for mandoc and for groff",
  async fn() {
    const page = join(DIR, "beam.1");
    Deno.writeTextFileSync(page, await beam("man"));
    if (mandoc) {
      // A page that two builds make alike has no date.
      const { stdout } = await new Deno.Command(mandoc, {
        args: ["-T", "lint", "-W", "warning", page],
      })
        .output();
      const lines = new TextDecoder().decode(stdout).split("\n");
      assert.deepEqual(lines.filter((line) => line !== "" && !line.includes("missing date")), []);
      assert.match(await output([mandoc, "-T", "ascii", page]), /BEAM\(1\)/);
    }
    const hasGroff = await output(["groff", "--version"]).then(() => true, () => false);
    if (!hasGroff) return console.log("not tried: the manual page under groff: it is not here");
    const told = await output(["sh", "-c", `groff -man -Tascii -ww -z ${page}`]);
    assert.equal(told, "", "groff warns of nothing");
  },
});
