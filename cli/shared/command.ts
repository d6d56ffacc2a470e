/**
 * What a command of `sluice` is to the program.
 */
import type { OptionFace, Word } from "./options.ts";

/** What a command's module gives. */
export interface CommandModule {
  /** Runs the command with the arguments that follow its name, among all commands; returns its exit code. */
  run(args: string[], commands: readonly Command[]): Promise<number>;
  /** Its options, for shell completions. */
  readonly OPTIONS?: readonly { readonly rows: readonly OptionFace[] }[];
  /** Options of another form, and those of its parts, for shell completions. */
  words?(): Promise<readonly Word[]>;
  /** Words that may stand first after its name, for shell completions. */
  readonly SUBCOMMANDS?: readonly string[];
}

/** A name that `sluice` answers to. */
export interface Command {
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  /** Arguments before the user's own. */
  readonly leading?: readonly string[];
  /** Whether `--version` is the command's own: it prints what the tool of its format prints. */
  readonly banner?: boolean;
  load(): Promise<CommandModule>;
}
