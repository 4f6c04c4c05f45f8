/** `beam completions`: scripts that complete beam's commands and flags in a shell. */
import { HELP as BEAM_HELP, loadCommand, NAMES } from "./commands.ts";
import { type Command, EXIT, UsageError } from "./command.ts";
import { print } from "./output.ts";
import { parse } from "./parse.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

const HELP = `Prints completions for a shell.

Usage:
  source <(beam completions bash)                                     in ~/.bashrc
  source <(beam completions zsh)                                      in ~/.zshrc, after compinit
  beam completions fish > ~/.config/fish/completions/beam.fish`;

async function run(args: string[]): Promise<number> {
  const { positionals: [shell] } = parse(
    { program: "beam completions", flags: {}, positionals: 1 },
    args,
  );
  const flags = await allFlags();
  switch (shell) {
    case "bash":
      print(bashScript(flags));
      return EXIT.done;
    case "zsh":
      print(`autoload -U +X bashcompinit && bashcompinit\n${bashScript(flags)}`);
      return EXIT.done;
    case "fish":
      print(fishScript(flags));
      return EXIT.done;
    default:
      throw new UsageError(
        shell === undefined
          ? "Cannot print completions: say for which shell"
          : `Cannot print completions for ${shell}: it is none of ${SHELLS.join(", ")}`,
        "Use `beam completions bash`.",
      );
  }
}

/** Flags by command, as their help names them: what is not in the help is not offered. */
async function allFlags(): Promise<Map<string, string[]>> {
  const flags = new Map<string, string[]>();
  for (const name of NAMES) {
    const command = await loadCommand(name);
    flags.set(name, flagsIn(command?.help ?? ""));
  }
  return flags;
}

/** Long flags in a help, each once. */
export function flagsIn(help: string): string[] {
  const found = help.matchAll(/(?<![\w-])--[a-z][a-z-]*/g);
  return [...new Set([...[...found].map(([flag]) => flag), "--help"])];
}

function bashScript(flags: ReadonlyMap<string, readonly string[]>): string {
  const cases = [...flags].map(([name, words]) => `    ${name}) words="${words.join(" ")}" ;;`);
  return `_beam() {
  local words="${NAMES.join(" ")}"
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${NAMES.join(" ")}"; fi
  if [ "\${COMP_WORDS[1]}" = ray ] && [ "$COMP_CWORD" -eq 2 ]; then
    words="start stop status list health-check"
  fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _beam beam`;
}

function fishScript(flags: ReadonlyMap<string, readonly string[]>): string {
  const lines = [`complete -c beam -n __fish_use_subcommand -f -a "${NAMES.join(" ")}"`];
  for (const [name, words] of flags) {
    for (const word of words) {
      lines.push(`complete -c beam -n "__fish_seen_subcommand_from ${name}" -l ${word.slice(2)}`);
    }
  }
  return lines.join("\n");
}

/** Names that beam's own help shows, for the test that compares them with {@link NAMES}. */
export function namesInHelp(): string[] {
  const lines = BEAM_HELP.split("\n").filter((line) => line.startsWith("  beam "));
  return lines.flatMap((line) =>
    line.slice(7).split(/ {2,}/)[0]!.split(" | ").map((part) => part.split(" ")[0]!)
  ).filter((name) => /^[a-z]/.test(name));
}

export const completions: Command = { name: "beam completions", help: HELP, run };
