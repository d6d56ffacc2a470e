/**
 * What a download keeps between two runs: where its decoder stands, which source it reads, and what it has written.
 */
import { openFault } from "@sluice/internal/file-source";
import { CorruptDataError, SluiceError, TransferError } from "@sluice/internal";
import type { ByteSource } from "@sluice/internal";
import { RunningHash } from "./_running_hash.ts";

const VERSION = 2;
/** Bytes at the start of a source that are part of its identity. */
const HEAD_SIZE = 64 << 10;
const PIECE_SIZE = 1 << 20;

/** What tells one source from another. */
export interface SourceIdentity {
  /** A path or URL, without what may be a signature. */
  readonly name: string;
  readonly size: number;
  /** ETag, or time of the last change; "" where there is none. */
  readonly validator: string;
  /** SHA-256 of the first bytes, decrypted: another key is another source. */
  readonly head: string;
}

/** Frames, and those among them that have a content checksum or block checksums. */
export interface FrameCounts {
  readonly all: number;
  readonly withContent: number;
  readonly withBlocks: number;
}

/** A saved state. */
export interface SavedState {
  readonly version: number;
  readonly source: SourceIdentity;
  readonly output: { readonly length: number; readonly hash: string };
  /** Which checksums the frames so far have, the one at hand included. */
  readonly frames: FrameCounts;
  /** The decoder's checkpoint in Base64. */
  readonly checkpoint: string;
}

/** A state for these facts. */
export function newState(facts: Omit<SavedState, "version">): SavedState {
  return { version: VERSION, ...facts };
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))).toHex();
}

/** The identity of a source: `raw` is what was opened, `source` what its bytes are after decryption. */
export async function identify(name: string, raw: ByteSource, source: ByteSource): Promise<SourceIdentity> {
  const head = await source.read(0, Math.min(HEAD_SIZE, source.size));
  return { name, size: raw.size, validator: raw.validator ?? "", head: await sha256(head) };
}

/**
 * Reads a state; undefined where there is none.
 *
 * @throws {CorruptDataError} With code "STATE_INVALID" if the file holds something else.
 */
export async function readState(path: string): Promise<SavedState | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw openFault(path, error);
  }
  const state = parseState(text);
  if (state !== undefined) return state;
  throw new CorruptDataError(
    `Cannot resume: ${path} is no state of a download, expected one, or no file to start anew; nothing was written`,
    {
      format: "lz4",
      code: "STATE_INVALID",
    },
  );
}

function parseState(text: string): SavedState | undefined {
  try {
    const state = JSON.parse(text) as SavedState;
    const { all, withContent, withBlocks } = state.frames;
    const numbers = [state.source.size, state.output.length, all, withContent, withBlocks];
    const { name, validator, head } = state.source;
    const texts = [name, validator, head, state.output.hash, state.checkpoint];
    const valid = state.version === VERSION &&
      numbers.every((number) => Number.isSafeInteger(number) && number >= 0) &&
      texts.every((each) => typeof each === "string");
    return valid ? state : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces a state as a whole: a process that is killed leaves the old one or the new one. */
export async function writeState(path: string, state: SavedState): Promise<void> {
  const temporary = `${path}.new`;
  {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
    const bytes = new TextEncoder().encode(JSON.stringify(state));
    for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    await file.sync();
  }
  await Deno.rename(temporary, path);
}

/** What gives up the place: a partial file without its state would be taken for somebody else's. */
function howToRestart(partial: string, statePath: string): string {
  return `(remove ${statePath} and ${partial} to start again)`;
}

/**
 * Compares the source that a state names with the one that is there.
 *
 * @throws {TransferError} With code "SOURCE_CHANGED" if they differ.
 */
export function compareSources(
  saved: SourceIdentity,
  found: SourceIdentity,
  partial: string,
  statePath: string,
): void {
  for (const key of ["name", "size", "validator", "head"] as const) {
    if (saved[key] === found[key]) continue;
    const what = key === "head" ? "first bytes" : key === "validator" ? "version" : key;
    throw new TransferError(
      `Cannot resume: ${statePath} belongs to another source: its ${what} was ${saved[key]} and is ${
        found[key]
      }; nothing was written ${howToRestart(partial, statePath)}`,
      { format: "lz4", code: "SOURCE_CHANGED" },
    );
  }
}

/**
 * Compares what was written with a state; returns the hash at its end.
 *
 * @throws {SluiceError} With code "TARGET_CHANGED" if they differ.
 */
export async function compareOutput(
  saved: SavedState["output"],
  path: string,
  statePath: string,
  signal: AbortSignal | undefined,
): Promise<RunningHash> {
  const fail = (why: string): never => {
    throw new SluiceError(
      `Cannot resume: ${path} ${why}; nothing was written ${howToRestart(path, statePath)}`,
      { format: "lz4", code: "TARGET_CHANGED" },
    );
  };
  const hash = new RunningHash();
  const file = await Deno.open(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return fail("is not there");
    throw error;
  });
  using _closed = file;
  const piece = new Uint8Array(PIECE_SIZE);
  for (let left = saved.length; left > 0;) {
    signal?.throwIfAborted();
    const count = await file.read(piece.subarray(0, Math.min(left, piece.length)));
    if (count === null) return fail(`has ${saved.length - left} bytes, but ${saved.length} were written`);
    await hash.update(piece.subarray(0, count));
    left -= count;
  }
  if (await hash.digest() !== saved.hash) fail("has changed since it was written");
  return hash;
}
