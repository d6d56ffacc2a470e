/**
 * What is wrong with zstd data, in the words that users of the zstd tool know.
 */
import { SluiceError } from "@sluice/internal";
import { describeSystemError, EXIT, Failure } from "../shared/exit.ts";

/** Reasons of decoding errors by the codec's code. */
const REASONS: Readonly<Record<string, string>> = {
  CHECKSUM_MISMATCH: "Restored data doesn't match checksum",
  CORRUPT: "Data corruption detected",
  DICTIONARY_MISMATCH: "Dictionary mismatch",
  FRAME_UNSUPPORTED: "Unsupported frame parameter",
  OUT_OF_MEMORY: "Allocation error : not enough memory",
};

/** A frame of fewer bytes than its magic number. */
const MAGIC_SIZE = 4;

/** What is known about a decompression that failed. */
export interface DecompressionState {
  readonly name: string;
  /** Input bytes that the decoder has used. */
  readonly bytesUsed: number;
  /** Input bytes that were read. */
  readonly bytesIn: number;
}

/** The failure that the user reads. */
export function decompressionFailure(error: unknown, state: DecompressionState): Failure {
  const { name } = state;
  if (error instanceof Failure) return error;
  if (!(error instanceof SluiceError)) return new Failure(`zstd: ${name}: ${describeSystemError(error)}`);
  const tail = state.bytesIn - (error.code === "TRUNCATED" ? state.bytesUsed : error.offset ?? 0);
  switch (error.code) {
    case "BAD_MAGIC":
    case "TRAILING_DATA":
      return new Failure(`zstd: ${name}: ${tail < MAGIC_SIZE ? "unknown header" : "unsupported format"} `);
    case "TRUNCATED":
      return tail > 0 && tail < MAGIC_SIZE
        ? new Failure(`zstd: ${name}: unknown header `)
        : new Failure(`${name} : Read error (39) : premature end `);
    case "DICTIONARY_CORRUPT":
      return new Failure(`zstd: error 11 : ${error.message} `, EXIT.parameter);
    default:
      return new Failure(`${name} : Decoding error (36) : ${REASONS[error.code] ?? error.message} `);
  }
}

/** The failure for a window above the limit, with what would lift it. */
export function windowFailure(name: string, windowSize: number | bigint, limit: number): Failure {
  const windowLog = Math.ceil(Math.log2(Number(windowSize)));
  const megabytes = Math.ceil(Number(windowSize) / 2 ** 20);
  return new Failure(
    `${name} : Decoding error (36) : Frame requires too much memory for decoding \n` +
      `${name} : Window size larger than maximum : ${windowSize} > ${limit} \n` +
      (windowLog <= 31
        ? `${name} : Use --long=${windowLog} or --memory=${megabytes}MB `
        : `${name} : It can't be decompressed `),
  );
}
