/**
 * `sluice gitdb hash-object`.
 */
import { toArrayBuffer } from "@std/streams";
import { checkGitObject, CorruptDataError, GitMemoryStore } from "@sluice/gitdb";
import type { GitHashAlgorithm, GitObjectInput, GitObjectType } from "@sluice/gitdb";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { openDatabase } from "./names.ts";
import { stdinLines, utf8OfByteText } from "./output.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

/** Runs the subcommand. */
export async function hashObject(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  if (!["commit", "tree", "blob", "tag"].includes(settings.type)) {
    throw fatal(`invalid object type "${settings.type}"`);
  }
  const type = settings.type as GitObjectType;
  const inputs: GitObjectInput[] = [];
  if (settings.stdin) {
    inputs.push({ type, body: new Uint8Array(await toArrayBuffer(Deno.stdin.readable)) });
  }
  if (settings.stdinPaths && (settings.stdin || operands.length > 0)) {
    throw new UsageFailure("Option --stdin-paths takes all names from stdin");
  }
  const paths = settings.stdinPaths ? await pathsOfStdin() : operands;
  for (const operand of paths) {
    try {
      inputs.push({ type, body: await Deno.readFile(operand) });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) {
        throw fatal(`could not open '${operand}' for reading: No such file or directory`);
      }
      throw error;
    }
  }
  if (settings.write) {
    await using database = await openDatabase(settings);
    for (const { body } of inputs) check(type, body as Uint8Array, database.hashAlgorithm);
    for (const input of inputs) console.log(`${await database.write(input)}`);
    return EXIT.ok;
  }
  const database = await openDatabase(settings).catch(() => undefined);
  const memory = new GitMemoryStore({ hashAlgorithm: database?.hashAlgorithm });
  await database?.[Symbol.asyncDispose]();
  for (const { body } of inputs) check(type, body as Uint8Array, memory.hashAlgorithm);
  for (const input of inputs) console.log(`${await memory.write(input)}`);
  return EXIT.ok;
}

async function pathsOfStdin(): Promise<string[]> {
  const lines = (await Array.fromAsync(stdinLines())).flat();
  return lines.map(utf8OfByteText);
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
