/**
 * `sluice lz4 --list`: the lz4 tool's table of files.
 */
import { printable, SluiceError } from "@sluice/internal";
import { listLz4Frames } from "@sluice/lz4";
import type { Lz4FrameSummary } from "@sluice/lz4";
import { describeSystemError, EXIT, Failure } from "../shared/exit.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";

import { openSource } from "../shared/source.ts";

const HEAD = "    Frames           Type Block  Compressed  Uncompressed    Ratio   Filename";
const UNITS = ["", "K", "M", "G", "T", "P"];
const TYPES = { frame: "LZ4Frame", legacy: "LegacyFrame", skippable: "SkippableFrame" } as const;

/** A size with two decimals and a letter, as the tool writes it. */
function human(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return value.toFixed(2) + UNITS[unit]!;
}

/** What all frames have in common; "-" where they differ. */
function common(frames: readonly Lz4FrameSummary[], of: (frame: Lz4FrameSummary) => string): string {
  const [first, ...others] = frames.map(of);
  return others.every((each) => each === first) ? first! : "-";
}

function blockOf({ type, blockMax, linked }: Lz4FrameSummary): string {
  if (type !== "frame") return "-";
  return `B${(Math.log2(blockMax) - 8) / 2}${linked ? "D" : "I"}`;
}

function line(name: string, frames: readonly Lz4FrameSummary[]): string {
  const compressed = frames.reduce((sum, frame) => sum + frame.compressedSize, 0);
  const sizes = frames.map(({ type, contentSize }) => type === "frame" ? contentSize : undefined);
  const known = sizes.every((size) => size !== undefined);
  const content = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  return [
    `${frames.length}`.padStart(10),
    common(frames, ({ type }) => TYPES[type]).padStart(14),
    common(frames, blockOf).padStart(5),
    human(compressed).padStart(11),
    (known ? human(content) : "-").padStart(13),
    known && content > 0
      ? `${(100 * compressed / content).toFixed(2).padStart(8)}%  ${printable(name)} `
      : `${"-".padStart(8)}   ${printable(name)}`,
  ].join(" ");
}

/** Prints a line a file; a file that can't be listed to its end is a failure, with the others still printed. */
export async function listFiles(names: readonly string[], messages: Messages): Promise<number> {
  let code: number = EXIT.ok;
  console.log(HEAD);
  for (const name of names) {
    try {
      const source = await openSource(name);
      try {
        const frames = await Array.fromAsync(listLz4Frames(source));
        if (frames.length === 0) throw new Failure("File format not recognized");
        console.log(line(name, frames));
      } finally {
        source[Symbol.dispose]?.();
      }
    } catch (error) {
      const known = error instanceof SluiceError && error.code === "BAD_MAGIC"
        ? "File format not recognized"
        : error instanceof SluiceError || error instanceof Failure
        ? error.message
        : describeSystemError(error);
      messages.say(LEVEL.errors, `lz4: ${printable(name)}: ${known} `);
      code = EXIT.failure;
    }
  }
  return code;
}
