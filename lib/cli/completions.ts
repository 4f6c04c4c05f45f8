/** `beam completions`: scripts that complete beam's command line in a shell, and the answers they ask for. */
import { type Command, EXIT, type SubCommands, UsageError } from "./command.ts";
import { commandTable } from "./command_table.ts";
import { liveValues } from "./completion_values.ts";
import { candidates } from "./completion_words.ts";
import { print } from "./output.ts";
import { parse } from "./parse.ts";
import { oneLine } from "./terminal.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

const HELP = `Prints completions for a shell: commands, flags, and names of nodes, actors and jobs.

Usage:
  beam completions bash > ~/.local/share/bash-completion/completions/beam
  beam completions zsh > "\${fpath[1]}/_beam"                       a folder of fpath, before compinit
  beam completions fish > ~/.config/fish/completions/beam.fish

Or for this shell alone: source <(beam completions bash), in zsh after compinit.`;

const FLAGS = { words: { kind: "switch", hidden: true } } as const;

async function run(args: string[], all: SubCommands): Promise<number> {
  if (args[0] === "--words") return await answer(args.slice(2), all);
  const { positionals: [shell] } = parse(
    { program: "beam completions", flags: FLAGS, positionals: 1 },
    args,
  );
  switch (shell) {
    case "bash":
      print(BASH);
      return EXIT.done;
    case "zsh":
      print(ZSH);
      return EXIT.done;
    case "fish":
      print(FISH);
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

/**
 * What the scripts ask: `beam completions --words -- WORD… LAST`. Each line is a candidate, a tab and what
 * it is; `:files` and `:folders` ask the shell for its own.
 */
async function answer(words: readonly string[], all: SubCommands): Promise<number> {
  const given = await candidates(words, await commandTable(all), liveValues);
  // A name that somebody gave may have a line's end in it, which no shell can complete.
  const found = given.filter(({ word }) => oneLine(word) === word);
  if (found.length > 0) {
    print(found.map(({ word, text }) => text ? `${word}\t${oneLine(text)}` : word).join("\n"));
  }
  return EXIT.done;
}

// The scripts ask the program whose line it is: another beam on PATH, or a path, has its own answers.
const BASH = `_beam() {
  local IFS=$'\\n' at line cut=0
  local words=()
  # Bash may part words at =, as in --flag=value.
  for ((at = 0; at <= COMP_CWORD; at++)); do
    cut=0
    if ((at > 1)) && [[ \${COMP_WORDS[at]} == "=" || \${COMP_WORDS[at - 1]} == "=" ]]; then
      words[-1]+=\${COMP_WORDS[at]} cut=1
    else
      words+=("\${COMP_WORDS[at]}")
    fi
  done
  local cur=\${words[-1]} flag= files=
  [[ $cur == --*=* ]] && flag=\${cur%%=*}=
  COMPREPLY=()
  for line in $("\${words[0]/#\\~/$HOME}" completions --words -- "\${words[@]:1}" 2>/dev/null); do
    case $line in
      :files) files=-f ;;
      :folders) files=-d ;;
      *) printf -v line %q "\${line%%$'\\t'*}"; COMPREPLY+=("$line") ;;
    esac
  done
  if [[ $files ]]; then
    compopt -o filenames 2>/dev/null
    while read -r line; do COMPREPLY+=("$line"); done < <(compgen "$files" -P "$flag" -- "\${cur#"$flag"}")
  fi
  if ((cut)); then COMPREPLY=("\${COMPREPLY[@]#"$flag"}"); fi
}
complete -F _beam beam`;

const ZSH = `#compdef beam
_beam() {
  local line
  local -a plain described flags
  for line in "\${(@f)$("\${words[1]/#\\~/$HOME}" completions --words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) [[ $PREFIX == --*=* ]] && compset -P 1 '*='; _files ;;
      :folders) [[ $PREFIX == --*=* ]] && compset -P 1 '*='; _files -/ ;;
      *$'\\t'*) described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) plain+=("$line") ;;
    esac
  done
  (( $#described )) && _describe beam described
  (( $#plain )) && compadd -a plain
  return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _beam "$@"
else
  compdef _beam beam
fi`;

const FISH = `function __beam_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l flag (string match -r -- '^--[^=]*=' $words[-1])
    set -l value (string replace -r -- '^--[^=]*=' '' $words[-1])
    for line in ($words[1] completions --words -- $words[2..] 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path $value | string replace -r -- '^' "$flag"
            case :folders
                __fish_complete_directories $value | string replace -r -- '^' "$flag"
            case '*'
                echo $line
        end
    end
end
complete -c beam -f -a '(__beam_complete)'`;

export const completions: Command = {
  name: "beam completions",
  help: HELP,
  flags: FLAGS,
  takes: [SHELLS],
  run,
};
