/**
 * `sluice lz4 splits`: parts that other tools decode by themselves, one row for each piece of each.
 */
import { planLz4Splits } from "@sluice/lz4";
import type { Lz4Split, Lz4SplitPiece } from "@sluice/lz4";
import { EXIT, UsageFailure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import { checkTarget, openTarget } from "../shared/target.ts";
import type { Target } from "../shared/target.ts";
import type { Job } from "./archive_options.ts";
import { outputOptions } from "./outputs.ts";
import { dictionaryOf, withIndex } from "./source.ts";

const COUNT_DEFAULT = 16;

/** What a row says of the bytes before and after those of the file: themselves, or where they are in the glue. */
interface Glue {
  readonly prefix: string | readonly [number, number];
  readonly suffix: string | readonly [number, number];
}

/**
 * Prints the rows, or with `--plan` the splits, and names damage; with `--glue` what makes pieces files goes into a file of
 * its own.
 */
export async function splitsCommand(job: Job): Promise<number> {
  const { settings, messages, operands } = job;
  const { count, bytes, atLine, atDelimiter, plan, tsv, json, glue } = settings;
  if (tsv && json) throw new UsageFailure("Options --tsv and --json exclude each other");
  if (plan && tsv) throw new UsageFailure("Options --plan and --tsv exclude each other");
  if (plan && glue !== undefined) throw new UsageFailure("Options --plan and --glue exclude each other");
  if (atLine && atDelimiter !== undefined) {
    throw new UsageFailure("Options --at-line and --at-delimiter exclude each other");
  }
  if (count !== undefined && bytes !== undefined) {
    throw new UsageFailure("Options --count and --split exclude each other");
  }
  if (glue === "") throw new UsageFailure("Option --glue has no value, expected a file");
  if (settings.force && glue === undefined) throw new UsageFailure("Option -f has no effect without --glue");
  const targetOptions = await outputOptions(job);
  if (glue !== undefined) await checkTarget(glue, targetOptions);
  let code: number = EXIT.ok;
  await withIndex(job, async (source, index) => {
    const size = count === undefined && bytes === undefined
      ? { count: COUNT_DEFAULT }
      : { count, splitSize: bytes };
    const options = { ...size, atLine, atDelimiter, ...await dictionaryOf(settings) };
    const target = glue === undefined ? undefined : await openTarget(glue, targetOptions);
    try {
      const place = target === undefined ? inline : new GlueFile(target).place;
      for await (const split of planLz4Splits(source, index, options)) {
        if (plan) console.log(JSON.stringify(split));
        else await printRows(split, place, tsv);
        if (split.fault === undefined) continue;
        messages.say(
          LEVEL.errors,
          `lz4: ${operands[0]}: split ${split.id} is damaged: ${split.fault.message}`,
        );
        code = EXIT.failure;
      }
      await target?.commit();
    } catch (error) {
      await target?.discard();
      throw error;
    }
  });
  return code;
}

/** Prints one row for each piece. */
async function printRows(
  split: Lz4Split,
  place: (piece: Lz4SplitPiece) => Promise<Glue>,
  tsv: boolean,
): Promise<void> {
  for (const [part, piece] of split.pieces.entries()) {
    const row = rowOf(split, part, piece, await place(piece));
    console.log(tsv ? Object.values(row).flat().join("\t") : JSON.stringify(row));
  }
}

/** A row, its columns in the order of `--tsv`. */
function rowOf({ id }: Lz4Split, part: number, piece: Lz4SplitPiece, { prefix, suffix }: Glue) {
  const { compressedRange, decompressedRange, kind, drop } = piece;
  return { id, part, in: compressedRange, out: decompressedRange, kind, prefix, suffix, drop };
}

function inline({ prefix, suffix }: Lz4SplitPiece): Promise<Glue> {
  return Promise.resolve({ prefix, suffix });
}

/** The file of all glue. */
class GlueFile {
  readonly #target: Target;
  #size = 0;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Writes the glue of a piece; returns where it is. */
  readonly place = async ({ prefix, suffix }: Lz4SplitPiece): Promise<Glue> => ({
    prefix: await this.#append(Uint8Array.fromBase64(prefix)),
    suffix: await this.#append(Uint8Array.fromBase64(suffix)),
  });

  async #append(bytes: Uint8Array): Promise<readonly [number, number]> {
    const start = this.#size;
    if (bytes.length > 0) await this.#target.write(bytes);
    return [start, this.#size += bytes.length];
  }
}
