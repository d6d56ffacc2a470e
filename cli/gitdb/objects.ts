/**
 * `sluice gitdb hash-object`.
 */
import { toArrayBuffer } from "@std/streams";
import { checkGitObject, CorruptDataError, GitMemoryStore } from "@sluice/gitdb/repository";
import type { GitDatabase, GitHashAlgorithm, GitObjectType } from "@sluice/gitdb/repository";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { openDatabase } from "./names.ts";
import { stdinLines, unquoted, utf8OfByteText, withoutReturns } from "./output.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** Runs the subcommand. */
export async function hashObject(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  if (!["commit", "tree", "blob", "tag"].includes(settings.type)) {
    throw fatal(`invalid object type "${settings.type}"`);
  }
  const type = settings.type as GitObjectType;
  if (settings.stdinPaths && (settings.stdin || operands.length > 0)) {
    throw new UsageFailure("Option --stdin-paths takes all names from stdin");
  }
  await using opened = await openWriter(settings);
  const { writer } = opened;
  for await (const body of bodies(operands, settings)) {
    check(type, body, writer.hashAlgorithm);
    console.log(`${await writer.write({ type, body })}`);
  }
  return EXIT.ok;
}

/** Where objects go: the database, or nowhere but with its hash. */
async function openWriter(
  settings: GitdbSettings,
): Promise<{ readonly writer: GitDatabase | GitMemoryStore } & AsyncDisposable> {
  const database = settings.write
    ? await openDatabase(settings)
    : await openDatabase(settings).catch(() => undefined);
  const writer = settings.write ? database! : new GitMemoryStore({ hashAlgorithm: database?.hashAlgorithm });
  return { writer, [Symbol.asyncDispose]: async () => await database?.[Symbol.asyncDispose]() };
}

/** What is to be hashed, one after the other: what came before a fault has its id printed. */
async function* bodies(
  operands: readonly string[],
  { stdin, stdinPaths }: GitdbSettings,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (stdin) yield new Uint8Array(await toArrayBuffer(Deno.stdin.readable));
  for await (const path of stdinPaths ? pathsOfStdin() : operands) {
    try {
      yield await Deno.readFile(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) {
        throw fatal(`could not open '${path}' for reading: No such file or directory`);
      }
      throw error;
    }
  }
}

/** Names on stdin, one a line, in quotes where git would print them so. */
async function* pathsOfStdin(): AsyncGenerator<string> {
  for await (const lines of withoutReturns(stdinLines())) {
    for (const line of lines) {
      const name = unquoted(line);
      if (name === undefined) throw fatal("line is badly quoted");
      yield utf8OfByteText(name);
    }
  }
}

/** Refuses what git could not read again. */
function check(type: GitObjectType, bytes: Uint8Array, hashAlgorithm: GitHashAlgorithm): void {
  try {
    checkGitObject(type, bytes, { hashAlgorithm });
  } catch (error) {
    if (error instanceof CorruptDataError) throw fatal(error.message);
    throw error;
  }
}
