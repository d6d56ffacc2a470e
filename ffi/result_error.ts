/**
 * From the result of an exported function to the error that users see: one mapping for all codecs and backends.
 *
 * @module
 */
import {
  BackendUnavailableError,
  ChecksumMismatchError,
  CorruptDataError,
  DictionaryMismatchError,
  LimitExceededError,
  NotFoundError,
  SluiceError,
  TruncatedDataError,
  UnsupportedFeatureError,
} from "@sluice/internal";
import type { SluiceErrorCode } from "@sluice/internal";
import { RESULT } from "./_abi.gen.ts";

/** What is known about a call that failed. */
export interface FailedCall {
  /** The format that was being worked on. */
  readonly format: string;
  /** What could not be done, for "Cannot … at byte …". */
  readonly action: string;
  /** The result, below zero. */
  readonly result: number;
  /** Where in the input, in bytes, where that is known. */
  readonly offset?: number | undefined;
  /** The codec library's own number. */
  readonly errno?: number | undefined;
  /** The memory limit of the context, in bytes. */
  readonly maxMemory?: number | undefined;
  /** The dictionary id that the input names. */
  readonly expectedId?: number | undefined;
  /** What else may be the reason where the data seems to be corrupt, for "…, or …". */
  readonly doubt?: string | undefined;
}

const STATES: Readonly<Record<number, string>> = {
  [RESULT.OUT_OF_MEMORY]: "there is no more memory, of which WASM has 4 GiB at most",
  [RESULT.MEMORY_LIMIT]: "more memory is needed than the limit allows",
  [RESULT.OUTPUT_TOO_SMALL]: "the target has too little room",
  [RESULT.BAD_MAGIC]: "this is not the start of a frame",
  [RESULT.VERSION_UNSUPPORTED]: "the format version is not supported",
  [RESULT.FRAME_UNSUPPORTED]: "the frame header asks for something that is not supported",
  [RESULT.WINDOW_TOO_LARGE]: "the window is larger than 1 GiB, the most in WASM",
  [RESULT.CORRUPT]: "the data is corrupt",
  [RESULT.CHECKSUM_MISMATCH]: "the content does not match its checksum",
  [RESULT.TRUNCATED]: "the data ends too early",
  [RESULT.BLOCK_TOO_LARGE]: "the block is larger than its frame allows",
  [RESULT.BLOCK_CHECKSUM]: "the block does not match its checksum",
  [RESULT.BLOCK_CORRUPT]: "the block is corrupt",
  [RESULT.DELTA_CORRUPT]: "the delta is corrupt or does not fit its base",
  [RESULT.CHAIN_TOO_LONG]: "the chain of deltas is too long or leads back to itself",
  [RESULT.SHA1_COLLISION]: "its content was made to collide with other content under SHA-1",
  [RESULT.VALUE_TOO_LARGE]: "the value is too large",
  [RESULT.SYSTEM_CALL_FAILED]: "the system refused to read or write a file",
  [RESULT.NOT_FOUND]: "it is not there",
  [RESULT.BASE_MISSING]: "the base of a delta is not there",
  [RESULT.READ_FAILED]: "the file can not be read",
  [RESULT.DICTIONARY_CORRUPT]: "the dictionary is corrupt",
  [RESULT.DICTIONARY_MISMATCH]: "the frame needs another dictionary",
  [RESULT.DICTIONARY_CREATION_FAILED]: "the dictionary can not be made",
  [RESULT.PARAMETER_UNSUPPORTED]: "a parameter is not supported by this backend",
  [RESULT.PARAMETER_COMBINATION_UNSUPPORTED]: "these parameters do not go together",
  [RESULT.PARAMETER_OUT_OF_RANGE]: "a parameter is out of range",
  [RESULT.INPUT_SIZE_MISMATCH]: "the input has another size than was announced",
};

const CODES: ReadonlyMap<number, SluiceErrorCode> = new Map(
  (Object.entries(RESULT) as [SluiceErrorCode, number][]).map(([code, result]) => [result, code]),
);

/** The largest window that a zstd decoder of 32 bits takes. */
const WASM_WINDOW_MAX = 2 ** 30;

/** The error for a failed call. */
export function resultError(call: FailedCall): Error {
  const place = call.offset === undefined ? "" : ` at byte ${call.offset}`;
  const state = STATES[call.result] ?? `the codec answered ${CODES.get(call.result) ?? call.result}`;
  const isDoubtful = call.result === RESULT.CORRUPT || call.result === RESULT.CHECKSUM_MISMATCH;
  const doubt = isDoubtful && call.doubt !== undefined ? `, or ${call.doubt}` : "";
  const message = `Cannot ${call.action}${place}: ${state}${doubt}`;
  const facts = {
    format: call.format,
    code: CODES.get(call.result) ?? "GENERIC",
    offset: call.offset,
    errno: call.errno || undefined,
  };
  switch (call.result) {
    case RESULT.INVALID_ARGUMENT:
    case RESULT.OUTPUT_TOO_SMALL:
    case RESULT.PARAMETER_OUT_OF_RANGE:
      return new RangeError(message);
    case RESULT.WINDOW_TOO_LARGE: // the codec's own limit, which is that of WASM: the options have been checked before
      return new LimitExceededError(message, { ...facts, limit: WASM_WINDOW_MAX, unit: "bytes" });
    case RESULT.VALUE_TOO_LARGE:
    case RESULT.MEMORY_LIMIT:
      return new LimitExceededError(message, { ...facts, limit: call.maxMemory ?? 0, unit: "bytes" });
    case RESULT.OUT_OF_MEMORY:
      return new BackendUnavailableError(message, facts);
    case RESULT.BAD_MAGIC:
    case RESULT.CORRUPT:
    case RESULT.BLOCK_TOO_LARGE:
    case RESULT.BLOCK_CORRUPT:
    case RESULT.DELTA_CORRUPT:
    case RESULT.CHAIN_TOO_LONG:
    case RESULT.SHA1_COLLISION:
    case RESULT.BASE_MISSING:
    case RESULT.DICTIONARY_CORRUPT:
    case RESULT.INPUT_SIZE_MISMATCH:
      return new CorruptDataError(message, facts);
    case RESULT.CHECKSUM_MISMATCH:
    case RESULT.BLOCK_CHECKSUM:
      return new ChecksumMismatchError(message, facts);
    case RESULT.TRUNCATED:
      return new TruncatedDataError(message, facts);
    case RESULT.NOT_FOUND:
      return new NotFoundError(message, facts);
    case RESULT.DICTIONARY_MISMATCH:
      return new DictionaryMismatchError(message, { ...facts, expectedId: call.expectedId });
    case RESULT.VERSION_UNSUPPORTED:
    case RESULT.FRAME_UNSUPPORTED:
    case RESULT.PARAMETER_UNSUPPORTED:
    case RESULT.PARAMETER_COMBINATION_UNSUPPORTED:
      return new UnsupportedFeatureError(message, facts);
    default:
      return new SluiceError(message, facts);
  }
}
