/**
 * The command `sluice completions`: prints a script that completes commands and their options in a shell.
 *
 * @module
 */
import type { Command } from "./shared/command.ts";
import { EXIT, runToExitCode, UsageFailure } from "./shared/exit.ts";
import { wordsOfOptions } from "./shared/options.ts";
import type { Word } from "./shared/options.ts";

/** A command's words: what may follow its name. */
interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly words: readonly Word[];
}

type Script = (commands: readonly CommandWords[]) => string;

const SCRIPTS: Readonly<Record<string, Script>> = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** Words that may follow the command's name. */
export const SUBCOMMANDS: readonly string[] = Object.keys(SCRIPTS);

/** Options that every command takes. */
const COMMON_WORDS: readonly Word[] = [
  { text: "--backend=auto", help: "Native library where it may be used, else WASM" },
  { text: "--backend=native", help: "Native library" },
  { text: "--backend=wasm", help: "WASM" },
  { text: "--help", help: "Help" },
];

/** Runs the command; returns its exit code. */
export async function run(args: string[], commands: readonly Command[]): Promise<number> {
  return await runToExitCode("sluice completions", async () => {
    const [shell = "", ...rest] = args;
    const usage = `sluice completions ${SUBCOMMANDS.join("|")}`;
    if (shell === "--help" || shell === "-h") {
      console.log(`Usage: ${usage}`);
      return EXIT.ok;
    }
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
    if (script === undefined || rest.length > 0) throw new UsageFailure(`Expected "${usage}"`);
    console.log(script(await Promise.all(commands.map(wordsOf))));
    return EXIT.ok;
  });
}

async function wordsOf(command: Command): Promise<CommandWords> {
  const module = await command.load();
  const { OPTIONS = [], SUBCOMMANDS = [] } = module;
  const words = [
    ...SUBCOMMANDS.map((text) => ({ text, help: "" })),
    ...wordsOfOptions(OPTIONS),
    ...await module.words?.() ?? [],
    ...COMMON_WORDS,
  ];
  const first = new Map<string, Word>();
  for (const word of words) if (!first.has(word.text)) first.set(word.text, word);
  return { name: command.name, summary: command.summary, words: [...first.values()] };
}

function bashScript(commands: readonly CommandWords[]): string {
  const cases = commands.map(({ name, words }) =>
    `    ${name}) words="${words.map((word) => word.text).join(" ")}" ;;`
  );
  return `_sluice() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} --help --version" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current") $(compgen -f -- "$current"))
}
complete -o filenames -F _sluice sluice`;
}

function zshScript(commands: readonly CommandWords[]): string {
  const entry = (text: string, help: string): string =>
    `'${text.replaceAll(":", "\\:")}:${help.replaceAll("'", "'\\''")}'`;
  const cases = commands.map(({ name, words }) =>
    `    ${name}) described=(${words.map((word) => entry(word.text, word.help)).join(" ")}) ;;`
  );
  return `#compdef sluice
_sluice() {
  local -a commands described
  commands=(${commands.map(({ name, summary }) => entry(name, summary)).join(" ")})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  case "$words[2]" in
${cases.join("\n")}
  esac
  _describe option described
  _files
}
compdef _sluice sluice`;
}

function fishScript(commands: readonly CommandWords[]): string {
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines: string[] = [];
  for (const { name, summary, words } of commands) {
    lines.push(`complete -c sluice -n __fish_use_subcommand -f -a ${name} -d ${quote(summary)}`);
    for (const { text, help } of words) {
      lines.push(
        `complete -c sluice -n '__fish_seen_subcommand_from ${name}' -a ${quote(text)} -d ${quote(help)}`,
      );
    }
  }
  return lines.join("\n");
}
