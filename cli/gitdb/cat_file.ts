/**
 * `sluice gitdb cat-file`: objects and facts about them, in git's own format.
 */
import { GitObjectId } from "@sluice/gitdb/repository";
import type {
  GitDatabase,
  GitObject,
  GitObjectInfo,
  GitObjectType,
  GitResult,
} from "@sluice/gitdb/repository";
import { EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import {
  byteString,
  CorruptDataError,
  NotFoundError,
  SluiceError,
  UnsupportedFeatureError,
} from "@sluice/internal";
import { FactFormatter } from "./facts.ts";
import { openObjects, requireObject, resolveBytes, resolveName } from "./names.ts";
import type { OpenObjects } from "./names.ts";
import { BufferedStdout, byteText, quoted, shownMode, stdinLines, withoutReturns } from "./output.ts";
import { fatal } from "./settings.ts";
import type { GitdbSettings } from "./settings.ts";

const DEFAULT_FORMAT = "%(objectname) %(objecttype) %(objectsize)";
/** Larger bodies are printed while they are read. */
const WHOLE_SIZE = 16 << 20;
/** Names that are worked on together. */
const GROUP = 4096;

/** Runs the subcommand. */
export async function catFile(operands: readonly string[], settings: GitdbSettings): Promise<number> {
  checkOptions(settings);
  await using opened = await openObjects(settings);
  if (settings.batch === "none") return await catOne(opened, operands, settings);
  if (operands.length > 0) throw new UsageFailure("Batch modes take no arguments");
  const out = new BufferedStdout();
  const printer = new Printer(opened, settings, out);
  try {
    if (settings.allObjects) await printer.printAll();
    else if (settings.batch === "command") await runCommands(printer, settings, out);
    else {
      for await (const lines of settings.zero ? stdinLines("\0") : withoutReturns(stdinLines())) {
        for (let at = 0; at < lines.length; at += GROUP) {
          await printer.printNames(lines.slice(at, at + GROUP));
        }
        if (!settings.buffer) await out.flush();
      }
    }
  } finally {
    // What was answered before a failure has been answered.
    await out.flush();
  }
  return printer.damaged ? EXIT.failure : EXIT.ok;
}

/** A command of `--batch-command`: what to print of which object. */
interface BatchCommand {
  readonly mode: PrintMode;
  readonly name: string;
}

/** A line as a command; undefined for `flush`. */
function commandOf(line: string, buffer: boolean): BatchCommand | undefined {
  if (line === "") throw fatal("empty command in input");
  if (/^[ \t\n\v\f\r]/.test(line)) throw fatal(`whitespace before command: '${line}'`);
  const [, word, rest] = /^(contents|info|flush)([^]*)$/.exec(line) ?? [];
  if (word === undefined) throw fatal(`unknown command: '${line}'`);
  if (word === "flush") {
    if (rest !== "") throw fatal("flush takes no arguments");
    if (!buffer) throw fatal("flush is only for --buffer mode");
    return undefined;
  }
  if (!rest!.startsWith(" ")) throw fatal(`${word} requires arguments`);
  return { mode: word === "info" ? "check" : "batch", name: rest!.slice(1) };
}

/** Runs the commands of stdin: each at once, or with `--buffer` all of them at a `flush` and at the end. */
async function runCommands(printer: Printer, settings: GitdbSettings, out: BufferedStdout): Promise<void> {
  const { buffer, zero } = settings;
  let waiting: BatchCommand[] = [];
  const runWaiting = async (): Promise<void> => {
    // Neighbours of one kind are read together.
    for (let from = 0; from < waiting.length;) {
      const { mode } = waiting[from]!;
      let to = from + 1;
      while (to < waiting.length && to - from < GROUP && waiting[to]!.mode === mode) to++;
      await printer.printNames(waiting.slice(from, to).map(({ name }) => name), mode);
      from = to;
    }
    waiting = [];
    await out.flush();
  };
  for await (const lines of zero ? stdinLines("\0") : withoutReturns(stdinLines())) {
    for (const line of lines) {
      let command;
      try {
        command = commandOf(line, buffer);
      } catch (error) {
        // What was asked for before is answered, unless it waits for a flush.
        if (!buffer) await runWaiting();
        throw error;
      }
      if (command !== undefined) waiting.push(command);
      else await runWaiting();
    }
    if (!buffer) await runWaiting();
  }
  await runWaiting();
}

function batchOption(batch: GitdbSettings["batch"]): string {
  return batch === "batch" ? "batch" : `batch-${batch}`;
}

/** Refuses options that have no effect beside the others. */
function checkOptions({ batch, show, allObjects, unordered, buffer, zero }: GitdbSettings): void {
  const idle = batch === "none"
    ? allObjects ? "--batch-all-objects" : buffer ? "--buffer" : zero ? "-z" : undefined
    : show === undefined
    ? undefined
    : "-t, -s, -e or -p";
  const why = batch === "none" ? "without --batch or --batch-check" : `with --${batchOption(batch)}`;
  if (idle !== undefined) throw new UsageFailure(`Option ${idle} has no effect ${why}`);
  if (batch === "command" && allObjects) {
    throw new UsageFailure("Options --batch-command and --batch-all-objects exclude each other");
  }
  if (zero && allObjects) throw new UsageFailure("Option -z has no effect with --batch-all-objects");
  if (unordered && !allObjects) {
    throw new UsageFailure("Option --unordered has no effect without --batch-all-objects");
  }
}

/** The lines of a tree as git prints them. */
function* treeLines(bytes: Uint8Array, hashSize: number): Generator<string> {
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const zero = bytes.indexOf(0, space);
    const written = byteString(bytes.subarray(at, space));
    if (!/^[0-7]+$/.test(written)) throw fatal("malformed mode in tree entry");
    const mode = shownMode(parseInt(written, 8));
    const id = bytes.subarray(zero + 1, zero + 1 + hashSize).toHex();
    const type = mode === "040000" ? "tree" : mode === "160000" ? "commit" : "blob";
    yield `${mode} ${type} ${id}\t${quoted(byteString(bytes.subarray(space + 1, zero)))}\n`;
    at = zero + 1 + hashSize;
  }
}

async function catOne(
  opened: OpenObjects,
  operands: readonly string[],
  settings: GitdbSettings,
): Promise<number> {
  const { show } = settings;
  const { database } = opened;
  const [first, second, ...more] = operands;
  const name = show === undefined ? second : first;
  const excess = show === undefined ? more.length > 0 : second !== undefined;
  if (name === undefined || excess) {
    throw new UsageFailure("cat-file takes a type and a name, or -t, -s, -e or -p and a name");
  }
  if (show === "exists") {
    const id = await resolveName(opened, name);
    if (typeof id === "string") throw fatal(`Not a valid object name ${name}`);
    return await database.has(id) ? 0 : 1;
  }
  const named = await requireObject(opened, name);
  const id = opened.replacement(show === undefined ? await peeled(opened, named, first!) : named);
  const object = await readOne(database, id, name, settings);
  const out = new BufferedStdout();
  if (show === "type") await out.print(`${object.type}\n`);
  else if (show === "size") await out.print(`${object.size}\n`);
  else if (show === "pretty" && object.type === "tree") {
    const hashSize = object.id.toString().length / 2;
    for (const line of treeLines(await object.bytes(), hashSize)) await out.print(line);
  } else {
    if (show === undefined && object.type !== first as GitObjectType) {
      throw fatal(`git cat-file ${name}: bad file`);
    }
    for await (const chunk of object.body) await out.write(chunk);
  }
  await out.flush();
  return 0;
}

/** What an object leads to of the type that is asked for; the object itself where it leads to none. */
async function peeled({ repository }: OpenObjects, id: GitObjectId, type: string): Promise<GitObjectId> {
  if (repository === undefined || type === "tag") return id;
  return await repository.find(`${id}^{${type}}`).catch((error) => {
    if (error instanceof NotFoundError || error instanceof UnsupportedFeatureError) return id;
    throw error;
  });
}

/** The object, or git's words for one that is not there. */
async function readOne(
  database: GitDatabase,
  id: GitObjectId,
  name: string,
  { show }: GitdbSettings,
): Promise<GitObject> {
  try {
    return await database.read(id, { spillFolder: spillFolder() });
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw fatal(
      show === "pretty"
        ? `Not a valid object name ${name}`
        : show === undefined
        ? `git cat-file ${name}: bad file`
        : "git cat-file: could not get object info",
    );
  }
}

/** Where bases go that are too large for memory. */
function spillFolder(): string {
  return Deno.env.get("TMPDIR") ?? "/tmp";
}

/** Facts alone, or with the object after them. */
type PrintMode = "batch" | "check";

/** Prints many objects. */
class Printer {
  readonly #opened: OpenObjects;
  readonly #database: GitDatabase;
  readonly #settings: GitdbSettings;
  readonly #out: BufferedStdout;
  readonly #facts: FactFormatter;
  #mode: PrintMode;
  #damaged = false;

  constructor(opened: OpenObjects, settings: GitdbSettings, out: BufferedStdout) {
    const { database } = opened;
    this.#opened = opened;
    this.#database = database;
    this.#settings = settings;
    this.#out = out;
    this.#facts = new FactFormatter(database, byteText(settings.format ?? DEFAULT_FORMAT));
    this.#mode = settings.batch === "check" ? "check" : "batch";
  }

  /** Whether an object could not be read. */
  get damaged(): boolean {
    return this.#damaged;
  }

  /** One line of facts and, in mode `batch`, the object that follows it. */
  async #print(info: GitObjectInfo | GitObject, rest: string, id?: GitObjectId): Promise<void> {
    const line = `${await this.#facts.format(info, rest, id)}\n`;
    if (this.#mode === "check") return await this.#out.print(line);
    const object = info as GitObject;
    if (object.size <= WHOLE_SIZE) {
      const bytes = await object.bytes();
      await this.#out.print(line);
      await this.#out.write(bytes);
    } else {
      await this.#out.print(line);
      for await (const chunk of object.body) await this.#out.write(chunk);
    }
    await this.#out.print("\n");
  }

  /** An object that is damaged counts as missing, as in git, and its damage goes to stderr. */
  async #printResult(
    result: GitResult<GitObjectInfo>,
    name: string,
    rest: string,
    id?: GitObjectId,
  ): Promise<void> {
    try {
      if (!result.ok) throw result.error;
      await this.#print(result.value, rest, id);
    } catch (error) {
      if (!(error instanceof SluiceError) || result.ok && result.value.size > WHOLE_SIZE) throw error;
      if (!(error instanceof NotFoundError)) {
        this.#damaged = true;
        console.error(`error: ${error.message}`);
      }
      await this.#out.print(`${name} missing\n`);
    }
  }

  /** Prints the objects of names, with facts alone or with what is in them where the mode is told. */
  async printNames(lines: readonly string[], mode = this.#mode): Promise<void> {
    this.#mode = mode;
    // Commands have no more than a name.
    const splits = this.#facts.usesRest && this.#settings.batch !== "command";
    const names = lines.map((line) => splits ? line.split(/[ \t]/, 1)[0]! : line);
    const rests = lines.map((line, i) => splits ? line.slice(names[i]!.length).replace(/^[ \t]+/, "") : "");
    const resolved = await Promise.all(names.map((name) => this.#resolve(name)));
    const positions = resolved.flatMap((id, i) => typeof id === "string" ? [] : [i]);
    const ids = positions.map((i) => resolved[i] as GitObjectId);
    let next = 0;
    const upTo = async (position: number): Promise<void> => {
      for (; next < position; next++) {
        await this.#out.print(
          `${names[next]} ${typeof resolved[next] === "string" ? resolved[next] : "missing"}\n`,
        );
      }
    };
    for await (const results of this.#results(ids.map((id) => this.#opened.replacement(id)))) {
      for (const result of results) {
        const position = positions[result.index]!;
        await upTo(position);
        await this.#printResult(result, names[position]!, rests[position]!, ids[result.index]);
        next = position + 1;
      }
    }
    await upTo(lines.length);
  }

  /** Full names are looked up with the others; prefixes have to be resolved first. */
  async #resolve(name: string): Promise<GitObjectId | "missing" | "ambiguous"> {
    const length = this.#database.hashAlgorithm === "sha1" ? 40 : 64;
    const isFull = name.length === length && /^[0-9a-fA-F]+$/.test(name);
    try {
      const id = isFull ? GitObjectId.from(name) : await resolveBytes(this.#opened, name);
      // Objects that replace each other in a circle can't be read.
      if (typeof id !== "string") this.#opened.replacement(id);
      return id;
    } catch (error) {
      if (!(error instanceof Failure || error instanceof SluiceError)) throw error;
      // One name does not end the others. What is not known here may be there, which the exit code says.
      console.error(error instanceof Failure ? error.message : `warning: ${error.message}`);
      if (!(error instanceof CorruptDataError)) this.#damaged = true;
      return "missing";
    }
  }

  async *#results(ids: readonly GitObjectId[]): AsyncGenerator<readonly GitResult<GitObjectInfo>[]> {
    if (this.#mode === "check") {
      yield* this.#database.infoBatches(ids);
      return;
    }
    const options = { ordered: true, threads: this.#settings.threads, spillFolder: spillFolder() };
    for await (const batch of this.#database.readBatches(ids, options)) {
      using _ = batch;
      yield batch.results;
    }
  }

  async printAll(): Promise<void> {
    const { unordered, threads } = this.#settings;
    const ids = this.#database.ids({ order: unordered ? "storage" : "id" });
    if (this.#mode === "check") {
      let group: GitObjectId[] = [];
      const print = async (): Promise<void> => {
        for await (const results of this.#results(group)) await this.#printResults(results);
        group = [];
      };
      for await (const id of ids) if (group.push(id) >= 65536) await print();
      await print();
      return;
    }
    for await (const results of this.#database.readBatches(ids, { ordered: !unordered, threads })) {
      using _ = results;
      await this.#printResults(results.results);
    }
  }

  async #printResults(results: readonly GitResult<GitObjectInfo>[]): Promise<void> {
    for (const result of results) {
      await this.#printResult(result, `${result.ok ? result.value.id : result.id}`, "");
    }
  }
}
