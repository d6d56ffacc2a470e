/**
 * `sluice zpaq c|d|r|asm|disasm|trace`: work on models and their programs.
 */
import { toArrayBuffer } from "@std/streams";
import {
  assembleZpaq,
  compressZpaqConfig,
  decompressZpaqIterable,
  disassembleZpaq,
  listZpaqInstructions,
  runZpaqHcomp,
  runZpaqPcomp,
  traceZpaqPredictions,
  ZpaqArchive,
  ZpaqMachine,
} from "@sluice/zpaq";
import { byteSourceFromBytes, concatBytes, printable } from "@sluice/internal";
import type { ZpaqProgram } from "@sluice/zpaq";
import { compileZpaqlPy, formatZpaqlPyDiagnostic, prepareZpaqlPy } from "@sluice/zpaq/compiler";
import type { ZpaqlPyProgram } from "@sluice/zpaq/compiler";
import { EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { checkTarget, ProtectedFiles, writeOutput } from "../shared/target.ts";
import type { TargetOptions } from "../shared/target.ts";
import { zpaqOutputLimit } from "@sluice/zpaq/backup";
import type { ZpaqSettings } from "./options.ts";

const HEX_COLUMNS = 16;
/** What is found in models whose programs are larger than programs may be. */
const TOO_LARGE = "ZPY0400";

/** A model, what prepares files for it where its source says that, and what comes before them. */
interface ModelProgram extends ZpaqProgram {
  readonly encoder: ZpaqlPyProgram["encoder"];
  readonly tables: Uint8Array<ArrayBuffer>;
}

/**
 * Assembles a config; a model in Python, known by its name, is compiled first. Where that may be, tables that make its
 * program too large come with the data.
 */
async function readConfig(
  path: string,
  args: readonly number[],
  streamTables = false,
): Promise<ModelProgram> {
  const source = await Deno.readTextFile(path);
  if (!path.endsWith(".py")) {
    return { ...assembleZpaq(source, args), encoder: undefined, tables: new Uint8Array() };
  }
  let { program, diagnostics } = compileZpaqlPy(source, { name: path });
  if (streamTables && program === undefined && diagnostics.some(({ code }) => code === TOO_LARGE)) {
    ({ program, diagnostics } = compileZpaqlPy(source, { name: path, streamTables }));
  }
  for (const each of diagnostics) console.error(formatZpaqlPyDiagnostic(each, source, path));
  if (program === undefined) throw new Failure(`zpaq: ${path} is no model`, 1);
  return { ...assembleZpaq(program.config), encoder: program.encoder, tables: program.tables };
}

/** What a command, run as zpaqd runs it, makes of a file: it is given the names of its input and its output. */
async function preprocess(command: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const output = await Deno.makeTempFile();
  try {
    const args = ["-c", `${command} "$1" "$2"`, "sh", path, output];
    const { code } = await new Deno.Command("sh", { args, stdin: "null", stdout: "null" }).output();
    if (code !== 0) throw new Failure(`zpaq: "${command}" failed for ${path} with code ${code}`, 1);
    return await Deno.readFile(output);
  } finally {
    await Deno.remove(output);
  }
}

/** `c CONFIG ARCHIVE FILE...`: one block with the files as its segments. */
export async function compressCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [config, archive, ...files] = settings.operands;
  if (files.length === 0) throw new UsageFailure("zpaq c needs a config, an archive and files");
  const program = await readConfig(config!, settings.args, true);
  const command = settings.preprocess === "" ? program.command : settings.preprocess;
  if (command === "") throw new UsageFailure("The config names no command for its post-processor");
  const contents = await Promise.all(files.map((path) => Deno.readFile(path)));
  const prepared = command === undefined && program.encoder !== undefined
    ? prepareZpaqlPy(program.encoder, contents)
    : contents;
  const segments = [];
  for (const [i, path] of files.entries()) {
    const content = contents[i]!;
    const data = command === undefined ? prepared[i]! : await preprocess(command, path);
    segments.push({
      body: content,
      preprocessed: i === 0 ? concatBytes([program.tables, data]) : data,
      filename: settings.noName ? "" : path,
      comment: `${content.length}`,
    });
  }
  const block = compressZpaqConfig(program, segments, {
    contentChecksum: !settings.noChecksum,
    tag: !settings.noTag,
    ...(settings.maxMemory === undefined ? {} : { maxMemory: settings.maxMemory }),
  });
  const before = settings.append ? await readArchive(archive!) : new Uint8Array();
  const whole = new Uint8Array(before.length + block.length);
  whole.set(before);
  whole.set(block, before.length);
  const options = await outputOptions([config, ...files], settings, messages);
  // What is appended to was read as an archive: its bytes are in the new one.
  await writeOutput(archive!, [whole], { ...options, force: options.force || settings.append });
  const size = segments.reduce((sum, { body }) => sum + body.length, 0);
  messages.say(LEVEL.results, `${size} -> ${block.length}`);
  return EXIT.ok;
}

/** The bytes of a file to which blocks are appended: they must be an archive to the end. */
async function readArchive(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await Deno.readFile(path);
  using archive = await ZpaqArchive.open(byteSourceFromBytes(bytes));
  if (archive.junk.length === 0 && archive.incomplete === undefined) return bytes;
  throw new Failure(`zpaq: ${path} is no archive to its end: nothing was appended`, EXIT.zpaqFailed);
}

/** How outputs are written: none of the files that were read is replaced. */
async function outputOptions(
  inputs: readonly (string | undefined)[],
  { force }: ZpaqSettings,
  messages: Messages,
): Promise<TargetOptions> {
  const files = await ProtectedFiles.of(inputs);
  return { command: "zpaq", force, forceFlag: "-force", exitCode: EXIT.zpaqFailed, messages, files };
}

/** `d ARCHIVE [OUTPUT]`: the content of all segments; with `-force` of those after damaged blocks as well. */
export async function decompressCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [archive, output] = settings.operands;
  let failed = 0;
  const tell = (text: string): void => messages.say(LEVEL.errors, printable(`zpaq: ${archive}: ${text}`));
  const onDamage = (error: Error): void => {
    failed = EXIT.zpaqFailed;
    tell(error.message);
  };
  const options = await outputOptions([archive], settings, messages);
  if (output !== undefined && output !== "-") await checkTarget(output, options);
  const input = await Deno.open(archive!);
  const { size, isFile } = await input.stat();
  if (isFile && size === 0) {
    input.close();
    throw new Failure(`zpaq: ${archive} is empty, which is no archive`, EXIT.zpaqFailed);
  }
  await writeOutput(
    output,
    decompressZpaqIterable(input.readable, {
      maxOutputSize: settings.maxSize ?? (isFile ? zpaqOutputLimit(size) : zpaqOutputLimit(0)),
      ...(settings.maxMemory === undefined ? {} : { maxMemory: settings.maxMemory }),
      onJunk(junk): void {
        failed = EXIT.zpaqFailed;
        if (isFile && junk.size === size) {
          throw new Failure(`zpaq: ${archive} has no block: this is no archive`, EXIT.zpaqFailed);
        }
        tell(`${junk.size} bytes at ${junk.offset} belong to no block`);
      },
      ...(settings.force ? { onDamage } : {}),
    }),
    options,
  );
  return failed;
}

/** A machine for a section of a config: "h" or "p". */
function machineOf(program: ZpaqProgram, section: string | undefined): ZpaqMachine {
  const [hh, hm, ph, pm] = program.header.subarray(2, 6) as unknown as [number, number, number, number];
  if (section === "h") return new ZpaqMachine(program.hcomp, { h: hh, m: hm, budget: 2 ** 30 });
  if (section !== "p") throw new UsageFailure('The section is "h" or "p"');
  if (program.pcomp === undefined) throw new UsageFailure("The config has no pcomp");
  return new ZpaqMachine(program.pcomp, { h: ph, m: pm, budget: 2 ** 30 });
}

/** `r CONFIG h|p [INPUT [OUTPUT]]`: runs a section over bytes; HCOMP prints the contexts that it computes. */
export async function runCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [config, section, input, output] = settings.operands;
  const program = await readConfig(config!, settings.args);
  if (section !== "h" && section !== "p") throw new UsageFailure('The section is "h" or "p"');
  if (section === "p" && program.pcomp === undefined) throw new UsageFailure("The config has no pcomp");
  const options = await outputOptions([config, input], settings, messages);
  const data = input === undefined
    ? new Uint8Array(await toArrayBuffer(Deno.stdin.readable))
    : await Deno.readFile(input);
  if (section === "p") {
    await writeOutput(output, runZpaqPcomp(program, [data]), options);
    return EXIT.ok;
  }
  const count = Math.min(program.header[6]!, 2 ** program.header[2]!);
  const lines: string[] = [];
  let at = 0;
  for (const contexts of runZpaqHcomp(program, data)) {
    const line = [data[at++]!, ...contexts.subarray(0, count)];
    lines.push(line.map((value) => value.toString(16)).join(" "));
  }
  await writeOutput(output, [new TextEncoder().encode(lines.join("\n") + "\n")], options);
  return EXIT.ok;
}

/** `asm CONFIG [OUTPUT]`: the header, and the post-processor after it, in hexadecimal or to a file. */
export async function assembleCommand(settings: ZpaqSettings, messages: Messages): Promise<number> {
  const [config, output] = settings.operands;
  const { header, pcomp } = await readConfig(config!, settings.args);
  if (output !== undefined) {
    const bytes = new Uint8Array(header.length + (pcomp?.length ?? 0));
    bytes.set(header);
    if (pcomp !== undefined) bytes.set(pcomp, header.length);
    await writeOutput(output, [bytes], await outputOptions([config], settings, messages));
    return EXIT.ok;
  }
  console.log(header.toHex());
  if (pcomp !== undefined) console.log(pcomp.toHex());
  return EXIT.ok;
}

/** `disasm FILE`: what `asm` wrote, as a config. */
export async function disassembleCommand(settings: ZpaqSettings): Promise<number> {
  const bytes = await Deno.readFile(settings.operands[0]!);
  const size = (bytes[0] ?? 0) + 256 * (bytes[1] ?? 0) + 2;
  const pcomp = bytes.length > size ? bytes.subarray(size) : undefined;
  console.log(disassembleZpaq(bytes.subarray(0, size), pcomp).trimEnd());
  return EXIT.ok;
}

/** A number of the command line: decimal, or `x` and hexadecimal. */
function parseNumber(text: string): number {
  const value = text.startsWith("x") ? parseInt(text.slice(1), 16) : Number(text);
  if (!Number.isInteger(value)) throw new UsageFailure(`"${text}" is no number`);
  return value;
}

/**
 * `trace CONFIG h|p N...`: every step with the machine's state after it. `trace CONFIG m N...`: what each component
 * guesses, bit by bit, and the probability that comes of it.
 */
export async function traceCommand(settings: ZpaqSettings): Promise<number> {
  const [config, section, ...inputs] = settings.operands;
  const program = await readConfig(config!, settings.args);
  if (section === "m") {
    for (
      const { bit, logits, probability } of traceZpaqPredictions(
        program,
        Uint8Array.from(inputs, parseNumber),
      )
    ) {
      console.log(`${bit} [${logits.join(",")}] ${probability}`);
    }
    return EXIT.ok;
  }
  const machine = machineOf(program, section);
  const words = new Map(listZpaqInstructions(machine.program).map(({ pc, text }) => [pc, text]));
  const lines: string[] = [];
  for (const input of inputs) {
    const value = parseNumber(input);
    machine.start(value);
    lines.push(`input ${value}`);
    for (let running = true; running;) {
      const { pc } = machine;
      running = machine.step();
      const { a, b, c, d, f, h, m } = machine;
      const state = [a, b, m[b & m.length - 1], c, m[c & m.length - 1], d, h[d & h.length - 1]].join(" ");
      lines.push(`${pc.toString().padStart(5)} ${(words.get(pc) ?? "?").padEnd(12)} ${f ? 1 : 0} ${state}`);
    }
  }
  lines.push(
    ...memoryLines("R", machine.r, 4),
    ...memoryLines("H", machine.h, 4),
    ...memoryLines("M", machine.m, HEX_COLUMNS),
  );
  console.log(lines.join("\n"));
  return EXIT.ok;
}

/** Rows of a memory that hold something. */
function memoryLines(name: string, values: Uint32Array | Uint8Array, columns: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < values.length; at += columns) {
    const row = values.subarray(at, at + columns);
    if (row.some((value) => value !== 0)) lines.push(`${name}[${at}] ${[...row].join(" ")}`);
  }
  return lines;
}
