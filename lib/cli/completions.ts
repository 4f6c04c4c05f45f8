/** `beam completions`: scripts that complete beam's command line in a shell, and the answers they ask for. */
import { type Command, EXIT, type SubCommands, UsageError } from "./command.ts";
import { commandTable } from "./command_table.ts";
import { liveValues } from "./completion_values.ts";
import { candidates } from "./completion_words.ts";
import { print } from "./output.ts";
import { parse } from "./parse.ts";

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
  const found = await candidates(words, await commandTable(all), liveValues);
  if (found.length > 0) {
    print(found.map(({ word, text }) => text ? `${word}\t${text}` : word).join("\n"));
  }
  return EXIT.done;
}

// The scripts ask the program whose line it is: another beam on PATH, or a path, has its own answers.
const BASH = `_beam() {
  local IFS=$'\\n' line cur=\${COMP_WORDS[COMP_CWORD]} prev= words
  # Bash parts words at = and :, which stand in addresses and in --flag=value.
  if declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref -n =: -w words -c cur
  else
    words=("\${COMP_WORDS[@]:0:COMP_CWORD+1}")
  fi
  local lines
  lines=$("\${words[0]/#\\~/$HOME}" completions --words -- "\${words[@]:1}" 2>/dev/null) || return 0
  COMPREPLY=()
  for line in $lines; do
    case $line in
      :files) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -f -- "\${cur#--*=}")) ;;
      :folders) compopt -o filenames 2>/dev/null; COMPREPLY+=($(compgen -d -- "\${cur#--*=}")) ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$cur"; fi
  case $cur in --*=*) COMPREPLY=("\${COMPREPLY[@]#--*=}") ;; esac
  case \${COMPREPLY[0]-} in *=) compopt -o nospace 2>/dev/null ;; esac
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
    for line in ($words[1] completions --words -- $words[2..] 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path (string replace -r -- '^--[^=]*=' '' $words[-1])
            case :folders
                __fish_complete_directories (string replace -r -- '^--[^=]*=' '' $words[-1])
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
