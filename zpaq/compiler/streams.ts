/**
 * Compiled programs at work on streams, and archives made with them in one step.
 *
 * @module
 */
import { checkArgument, checkKeys, chunksOf, concatBytes, toBytes } from "@sluice/internal";
import type { BytesSource, ChunkSource } from "@sluice/internal";
import { compressZpaqConfig } from "../block/compress_config.ts";
import type { ZpaqConfigOptions } from "../block/compress_config.ts";
import { runZpaqPcomp } from "../block/run_program.ts";
import { ZpaqMachine } from "../zpaql/machine.ts";
import type { ZpaqlPyEncoder, ZpaqlPyProgram } from "./compile.ts";
import type { ZpaqlPyContexts } from "./run.ts";

/** How a program runs on a stream. */
export interface ZpaqlPyStreamOptions {
  /** Instructions that one byte may take. @default {2 ** 30} */
  readonly budget?: number | undefined;
}

const END_OF_SEGMENT = 2 ** 32 - 1;
const BUDGET_DEFAULT = 2 ** 30;

/** The machine of a section of a program. */
function machineOf(
  program: Pick<ZpaqlPyProgram, "header" | "hcomp" | "pcomp">,
  section: "hcomp" | "pcomp",
  { budget = BUDGET_DEFAULT }: ZpaqlPyStreamOptions,
): ZpaqMachine | undefined {
  const [hh, hm, ph, pm] = program.header.subarray(2, 6) as unknown as [number, number, number, number];
  if (section === "hcomp") return new ZpaqMachine(program.hcomp, { h: hh, m: hm, budget });
  return program.pcomp === undefined ? undefined : new ZpaqMachine(program.pcomp, { h: ph, m: pm, budget });
}

const STREAM_OPTIONS: ReadonlySet<string> = new Set(["budget"]);

/**
 * Runs the post-processor of a compiled program over a stream: its bytes, then the end of the segment. A program without
 * one passes everything through.
 *
 * Fails with {@linkcode SluiceError} "BAD_OPCODE" or {@linkcode LimitExceededError} "BUDGET_EXCEEDED" as the machine does.
 *
 * @example Run lengths
 * ```ts
 * import { compileZpaqlPy, ZpaqlPyPcompStream } from "@sluice/zpaq/compiler";
 * import { assertEquals } from "@std/assert";
 *
 * const { program } = compileZpaqlPy(`
 * hh = hm = ph = pm = 0
 * n = len({})
 * pcomp_invocation = ""
 * def hcomp(c):
 *   pass
 * def pcomp(c):
 *   if c != NONE:
 *     count = read_b()
 *     while count > 0:
 *       out(c)
 *       count -= 1
 * `);
 * const stream = new Blob([new Uint8Array([65, 3, 66, 1])]).stream().pipeThrough(new ZpaqlPyPcompStream(program!));
 * assertEquals(await new Response(stream).text(), "AAAB");
 * ```
 */
export class ZpaqlPyPcompStream extends TransformStream<BytesSource, Uint8Array<ArrayBuffer>> {
  /** Makes a machine with zeroed memories. */
  constructor(
    program: Pick<ZpaqlPyProgram, "header" | "hcomp" | "pcomp">,
    options: ZpaqlPyStreamOptions = {},
  ) {
    checkKeys(options, STREAM_OPTIONS);
    checkArgument(program?.header instanceof Uint8Array, "run a program", program, "a compiled program");
    const machine = machineOf(program, "pcomp", options);
    const give = (controller: TransformStreamDefaultController<Uint8Array<ArrayBuffer>>): void => {
      const { output } = machine!;
      if (output.length > 0) controller.enqueue(Uint8Array.from(output.splice(0)));
    };
    super({
      transform(given, controller) {
        const chunk = toBytes(given);
        if (machine === undefined) return controller.enqueue(chunk.slice());
        for (const byte of chunk) {
          machine.call(byte);
          if (machine.output.length >= 1 << 16) give(controller);
        }
        give(controller);
      },
      flush(controller) {
        machine?.call(END_OF_SEGMENT);
        if (machine !== undefined) give(controller);
      },
    });
  }
}

/**
 * Runs the context computation of a compiled program over a stream and gives the contexts after each byte.
 *
 * @example The contexts of two bytes
 * ```ts
 * import { compileZpaqlPy, ZpaqlPyContextStream } from "@sluice/zpaq/compiler";
 * import { assertEquals } from "@std/assert";
 *
 * const { program } = compileZpaqlPy(`
 * hh = hm = ph = pm = 0
 * n = len({0: "cm 9 4"})
 * pcomp_invocation = ""
 * def hcomp(c):
 *   hH[0] = hH[0] * 2 + c
 * def pcomp(c):
 *   pass
 * `);
 * const lines = new Blob([new Uint8Array([1, 2])]).stream().pipeThrough(new ZpaqlPyContextStream(program!));
 * const contexts: number[] = [];
 * for await (const line of lines) contexts.push(line.contexts[0]!);
 * assertEquals(contexts, [1, 4]);
 * ```
 */
export class ZpaqlPyContextStream extends TransformStream<BytesSource, ZpaqlPyContexts> {
  /** Makes a machine with zeroed memories. */
  constructor(
    program: Pick<ZpaqlPyProgram, "header" | "hcomp" | "pcomp">,
    options: ZpaqlPyStreamOptions = {},
  ) {
    checkKeys(options, STREAM_OPTIONS);
    checkArgument(program?.header instanceof Uint8Array, "run a program", program, "a compiled program");
    const machine = machineOf(program, "hcomp", options)!;
    const count = program.header[6]!;
    super({
      transform(chunk, controller) {
        for (const byte of toBytes(chunk)) {
          machine.call(byte);
          const contexts = Uint32Array.from(
            { length: count },
            (_, i) => machine.h[i & machine.h.length - 1]!,
          );
          controller.enqueue({ byte, contexts });
        }
      },
    });
  }
}

/** A file for an archive. */
export interface ZpaqlPyFile {
  /** Its name in the archive. @default {""} */
  readonly filename?: string | undefined;
  /** Its content. */
  readonly body: ChunkSource;
}

/** How an archive is made. */
export interface CompressZpaqlPyOptions extends ZpaqConfigOptions {
  /**
   * Makes what turns a file's content into what the post-processor turns back; called for each file.
   * @default {the program's own encode, or the content is coded as it is}
   */
  readonly preprocess?:
    | (() => ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>)
    | undefined;
}

/** A file on its way into an archive. */
interface Segment {
  readonly filename: string;
  readonly comment: string;
  readonly body: Uint8Array<ArrayBuffer>;
  preprocessed: Uint8Array<ArrayBuffer>;
}

async function collect(source: ChunkSource): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of chunksOf(source)) chunks.push(toBytes(chunk).slice());
  return concatBytes(chunks);
}

/**
 * Prepares the files of a block as the source's own `def encode(reader, writer)` says.
 *
 * @throws {SluiceError} With code "BAD_OPCODE" if it fails for a file.
 *
 * @example Bytes that are written twice
 * ```ts
 * import { compileZpaqlPy, prepareZpaqlPy } from "@sluice/zpaq/compiler";
 * import { assertEquals } from "@std/assert";
 *
 * const { program } = compileZpaqlPy(`
 * hh = hm = ph = pm = 0
 * n = len({})
 * pcomp_invocation = ""
 * def encode(reader, writer):
 *   c = reader()
 *   while c != NONE:
 *     writer(c)
 *     writer(c)
 *     c = reader()
 * def hcomp(c):
 *   pass
 * def pcomp(c):
 *   if c != NONE:
 *     out(c)
 *     read_b()
 * `);
 * assertEquals(prepareZpaqlPy(program!.encoder!, [new Uint8Array([1, 2])]), [new Uint8Array([1, 1, 2, 2])]);
 * ```
 */
export function prepareZpaqlPy(
  encoder: ZpaqlPyEncoder,
  bodies: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer>[] {
  const isEncoder = encoder?.header instanceof Uint8Array && encoder.tables instanceof Uint8Array;
  checkArgument(isEncoder, "prepare files", encoder, "the encoder of a program");
  const { tables } = encoder;
  const given = bodies.map((body, i) => i === 0 ? concatBytes([tables, body]) : body);
  return runZpaqPcomp(encoder, given, { maxOutputSize: Infinity });
}

/**
 * Compresses files with a compiled program into one block: preprocessed, modelled, and checked by decoding. Files are held
 * as a whole, as the check needs them. A source with `def encode(reader, writer)` prepares them itself.
 *
 * @throws {CorruptDataError} With code "POST_MISMATCH" if the post-processor does not undo what the preprocessor did.
 *
 * @example A preprocessor that swaps the halves of each byte
 * ```ts
 * import { compileZpaqlPy, compressZpaqlPy } from "@sluice/zpaq/compiler";
 * import { decompressZpaq } from "@sluice/zpaq";
 * import { assertEquals } from "@std/assert";
 *
 * const { program } = compileZpaqlPy(`
 * hh = hm = ph = pm = 0
 * n = len({0: "cm 9 4"})
 * pcomp_invocation = "./swap"
 * def hcomp(c):
 *   hH[0] = 0
 * def pcomp(c):
 *   if c != NONE:
 *     out(c << 4 | c >> 4)
 * `);
 * const swap = () =>
 *   new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
 *     transform: (chunk, controller) => controller.enqueue(chunk.map((byte) => byte << 4 | byte >> 4)),
 *   });
 * const body = new TextEncoder().encode("halves");
 * const archive = await compressZpaqlPy(program!, [{ body }], { preprocess: swap });
 * assertEquals(decompressZpaq(archive), body);
 * ```
 */
export async function compressZpaqlPy(
  program: Pick<ZpaqlPyProgram, "header" | "pcomp"> & Partial<Pick<ZpaqlPyProgram, "encoder" | "tables">>,
  files: Iterable<ZpaqlPyFile> | AsyncIterable<ZpaqlPyFile>,
  options: CompressZpaqlPyOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  checkArgument(
    program?.header instanceof Uint8Array,
    "compress by a program",
    program,
    "a compiled program",
  );
  const { preprocess, ...rest } = options;
  const segments: Segment[] = [];
  for await (const { filename = "", body } of files) {
    const content = await collect(body);
    const coded = preprocess === undefined
      ? content
      : await collect(new Blob([content]).stream().pipeThrough(preprocess()));
    segments.push({ filename, comment: `${content.length}`, body: content, preprocessed: coded });
  }
  if (preprocess === undefined && program.encoder !== undefined) {
    const prepared = prepareZpaqlPy(program.encoder, segments.map(({ body }) => body));
    for (const [i, data] of prepared.entries()) segments[i]!.preprocessed = data;
  }
  const [first] = segments;
  const { tables } = program;
  if (first !== undefined && tables !== undefined) {
    first.preprocessed = concatBytes([tables, first.preprocessed]);
  }
  return compressZpaqConfig(program, segments, rest);
}
