/**
 * `sluice lz4 resume`: decompresses a file or URL so that a killed run goes on where it was. The content grows in a file
 * beside the output and takes its name when it is complete. The saved state names its source and the content that was
 * written; both are compared before anything is written.
 */
import { SluiceError } from "@sluice/internal";
import { Lz4Checkpoint, Lz4CheckpointableDecompressor } from "@sluice/lz4";
import { AtomicFile } from "../shared/atomic_file.ts";
import { describeSystemError, EXIT, Failure, UsageFailure } from "../shared/exit.ts";
import { writeAll } from "../shared/io.ts";
import { LEVEL } from "../shared/messages.ts";
import type { Messages } from "../shared/messages.ts";
import { lastPartIndex } from "../shared/paths.ts";
import { RunningHash } from "../shared/running_hash.ts";
import { checkTarget, ProtectedFiles } from "../shared/target.ts";

/** How much output passes between two saved states unless told otherwise. */
const EVERY_DEFAULT = 16 << 20;
/** Bytes at the start of a source that are part of its identity. */
const HEAD_SIZE = 64 << 10;
const PIECE_SIZE = 1 << 20;
const STATE_VERSION = 1;

/** What a run is asked for. */
export interface ResumeRequest {
  /** A file or URL. */
  readonly source: string;
  readonly output: string | undefined;
  readonly state: string | undefined;
  readonly every: number | undefined;
  readonly dictionaryPath: string | undefined;
  readonly force: boolean;
  readonly messages: Messages;
}

/** What tells one source from another. */
interface SourceIdentity {
  readonly name: string;
  readonly size: number;
  /** ETag, or time of the last change. */
  readonly validator: string;
  /** SHA-256 of the first bytes. */
  readonly head: string;
}

/** A saved state. */
interface SavedState {
  readonly version: number;
  readonly source: SourceIdentity;
  readonly output: { readonly length: number; readonly sha256: string };
  /** The decoder's checkpoint in Base64. */
  readonly checkpoint: string;
}

/** Which checksums the frames of a run have. */
interface Verified {
  frames: number;
  withContent: number;
  withBlocks: number;
}

/** Runs the command; returns its exit code. */
export async function resume(request: ResumeRequest): Promise<number> {
  const { source, messages } = request;
  const isUrl = /^https?:/.test(source);
  const output = request.output ?? outputName(source);
  const statePath = request.state ?? `${output}.s4ck`;
  const partial = `${output}.s4part`;
  const state = await readState(statePath);
  // A state of no output says that the other file is ours, and nothing that a new run could go on from.
  const saved = state?.output.length === 0 ? undefined : state;
  const files = await ProtectedFiles.of([isUrl ? undefined : source, request.dictionaryPath]);
  const options = { command: "lz4", force: request.force, messages, files };
  await checkTarget(output, options);
  await checkTarget(partial, { ...options, force: request.force || state !== undefined });
  if (state === undefined) await checkTarget(statePath, options);
  const identity = await (isUrl ? identifyUrl(source) : identifyFile(source));
  const hash = new RunningHash();
  if (saved !== undefined) {
    compareSources(saved.source, identity, statePath);
    await compareOutput(saved.output, partial, statePath, hash);
  }
  return await decompress({ ...request, output, statePath, partial, saved, identity, hash });
}

/** The name of the output: the source's without its suffix. */
function outputName(source: string): string {
  const path = /^https?:/.test(source) ? new URL(source).pathname : source;
  const name = path.slice(lastPartIndex(path));
  if (name.endsWith(".lz4") && name.length > ".lz4".length) return name.slice(0, -".lz4".length);
  throw new UsageFailure(`The name "${name}" does not end in .lz4: name the output with -o`);
}

async function readState(path: string): Promise<SavedState | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Failure(`lz4: ${path}: ${describeSystemError(error)}`);
  }
  const state = parseState(text);
  if (state === undefined) throw new Failure(`lz4: ${path} is no state of resume: nothing was written`);
  return state;
}

/** The state that a text is; undefined where it is none. */
function parseState(text: string): SavedState | undefined {
  try {
    const state = JSON.parse(text) as SavedState;
    const numbers = [state.source.size, state.output.length];
    const { name, validator, head } = state.source;
    const texts = [name, validator, head, state.output.sha256, state.checkpoint];
    const valid = state.version === STATE_VERSION && numbers.every(Number.isSafeInteger) &&
      texts.every((each) => typeof each === "string");
    return valid ? state : undefined;
  } catch {
    return undefined;
  }
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function identifyFile(path: string): Promise<SourceIdentity> {
  try {
    using file = await Deno.open(path);
    const { size, mtime } = await file.stat();
    const head = new Uint8Array(Math.min(HEAD_SIZE, size));
    let filled = 0;
    while (filled < head.length) {
      const count = await file.read(head.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return {
      name: await Deno.realPath(path),
      size,
      validator: mtime?.toISOString() ?? "",
      head: await sha256(head.subarray(0, filled)),
    };
  } catch (error) {
    throw new Failure(`lz4: ${path}: ${describeSystemError(error)}`);
  }
}

async function identifyUrl(url: string): Promise<SourceIdentity> {
  const headers = { range: `bytes=0-${HEAD_SIZE - 1}`, "accept-encoding": "identity" };
  const response = await fetch(url, { headers });
  const name = withoutQuery(url);
  const size = Number(/\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1] ?? NaN);
  if (response.status !== 206 || !Number.isSafeInteger(size)) {
    await response.body?.cancel();
    throw new Failure(`lz4: ${name}: the server answered ${response.status} to a range, expected 206`);
  }
  const validator = response.headers.get("etag") ?? response.headers.get("last-modified") ?? "";
  return {
    name,
    size,
    validator,
    head: await sha256(await firstBytes(response.body!, Math.min(HEAD_SIZE, size))),
  };
}

/** The first bytes of a stream, which may have more: then it is cancelled. */
async function firstBytes(
  stream: ReadableStream<Uint8Array>,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  for await (const chunk of stream) {
    const part = chunk.subarray(0, length - filled);
    bytes.set(part, filled);
    filled += part.length;
    if (filled === length) break;
  }
  return bytes.subarray(0, filled);
}

/** A URL for messages and states: what follows "?" may be a signature. */
function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

function compareSources(saved: SourceIdentity, found: SourceIdentity, statePath: string): void {
  for (const key of ["name", "size", "validator", "head"] as const) {
    if (saved[key] === found[key]) continue;
    const what = key === "head" ? "first bytes" : key === "validator" ? "version" : key;
    throw new Failure(
      `lz4: ${statePath} belongs to another source: its ${what} was ${saved[key]} and is ${found[key]}; ` +
        `nothing was written (remove the state to start again)`,
    );
  }
}

/** Compares what was written with the state, which leaves the hash at its end. */
async function compareOutput(
  saved: SavedState["output"],
  partial: string,
  statePath: string,
  hash: RunningHash,
): Promise<void> {
  const fail = (why: string): never => {
    throw new Failure(
      `lz4: ${partial} ${why}: nothing was written (remove ${statePath} to start again)`,
    );
  };
  const file = await Deno.open(partial).catch((error) =>
    fail(`can't be read (${describeSystemError(error)})`)
  );
  using _closed = file;
  const piece = new Uint8Array(PIECE_SIZE);
  for (let left = saved.length; left > 0;) {
    const count = await file.read(piece.subarray(0, Math.min(left, piece.length)));
    if (count === null) return fail(`has ${saved.length - left} bytes, but ${saved.length} were written`);
    await hash.update(piece.subarray(0, count));
    left -= count;
  }
  if (await hash.digest() !== saved.sha256) fail("has changed since it was written");
}

/** A run that was checked. */
interface Run extends ResumeRequest {
  readonly output: string;
  readonly statePath: string;
  readonly partial: string;
  readonly saved: SavedState | undefined;
  readonly identity: SourceIdentity;
  readonly hash: RunningHash;
}

async function decompress(run: Run): Promise<number> {
  const { source, output, partial, statePath, saved, identity, hash, messages } = run;
  const every = run.every ?? EVERY_DEFAULT;
  const from = saved?.output.length ?? 0;
  const open = /^https?:/.test(source)
    ? (offset: number, signal: AbortSignal) => openUrl(source, identity, offset, signal)
    : (offset: number) => openAt(source, offset);
  const dictionary = run.dictionaryPath === undefined ? undefined : await Deno.readFile(run.dictionaryPath);
  await using decompressor = saved === undefined
    ? new Lz4CheckpointableDecompressor(open, { dictionary })
    : Lz4CheckpointableDecompressor.resume(
      Lz4Checkpoint.fromBytes(Uint8Array.fromBase64(saved.checkpoint)),
      open,
      { dictionary },
    );
  const verified: Verified = { frames: 0, withContent: 0, withBlocks: 0 };
  let last = from;
  const save = async (length: number, checkpoint: Uint8Array): Promise<void> => {
    const state: SavedState = {
      version: STATE_VERSION,
      source: identity,
      output: { length, sha256: await hash.digest() },
      checkpoint: checkpoint.toBase64(),
    };
    await replace(statePath, new TextEncoder().encode(JSON.stringify(state)));
    last = length;
  };
  if (saved === undefined) await save(0, new Uint8Array());
  try {
    using file = await Deno.open(partial, { write: true, create: true });
    await file.truncate(from);
    await file.seek(from, Deno.SeekMode.Start);
    let frame: unknown;
    for await (const chunk of decompressor) {
      if (frame !== decompressor.frame) countFrame(frame = decompressor.frame, verified);
      await writeAll(file, chunk);
      await hash.update(chunk);
      const { out } = decompressor.position;
      if (out - last < every) continue;
      await file.sync();
      await save(out, await decompressor.marshal());
    }
    if (frame !== decompressor.frame) countFrame(decompressor.frame, verified);
    await file.sync();
  } catch (error) {
    // Before the first checkpoint there is nothing to go on from.
    if (last === 0) { for (const path of [partial, statePath]) await Deno.remove(path).catch(() => {}); }
    throw error;
  }
  await Deno.rename(partial, output);
  await Deno.remove(statePath).catch(() => {});
  const resumed = saved === undefined ? "" : `, resumed at ${from}`;
  messages.say(
    LEVEL.results,
    `${output}: ${decompressor.position.out} bytes${resumed}, ${decompressor.reconnects} reconnects, ${
      says(verified)
    }`,
  );
  return EXIT.ok;
}

/** Replaces the state as a whole: a killed run leaves the old one or the new one. */
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const file = AtomicFile.create(path, { sync: true });
  try {
    await file.write(bytes);
    await file.commit();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

function countFrame(frame: unknown, verified: Verified): void {
  const { contentChecksum, blockChecksums } = frame as { contentChecksum: boolean; blockChecksums: boolean };
  verified.frames++;
  if (contentChecksum) verified.withContent++;
  if (blockChecksums) verified.withBlocks++;
}

/** What was compared with the content: only what all frames that this run saw have. */
function says({ frames, withContent, withBlocks }: Verified): string {
  if (frames > 0 && withContent === frames) return "content checksum verified";
  if (frames > 0 && withBlocks === frames) return "block checksums verified";
  if (withContent + withBlocks > 0) return "only some frames have checksums, which were verified";
  return "nothing verified: the file has no checksums";
}

async function openAt(path: string, offset: number): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const file = await Deno.open(path);
  await file.seek(offset, Deno.SeekMode.Start);
  return file.readable;
}

/** Opens a URL at an offset: the version of the object that the run started with. */
async function openUrl(
  url: string,
  { name, size, validator }: SourceIdentity,
  offset: number,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array<ArrayBuffer>>> {
  if (offset >= size) return ReadableStream.from<Uint8Array<ArrayBuffer>>([]);
  const headers = new Headers({ range: `bytes=${offset}-`, "accept-encoding": "identity" });
  const response = await fetch(url, { headers, signal });
  const now = response.headers.get("etag") ?? response.headers.get("last-modified") ?? "";
  const range = response.headers.get("content-range");
  if (response.status === 206 && now === validator && range === `bytes ${offset}-${size - 1}/${size}`) {
    return response.body!;
  }
  await response.body?.cancel();
  if (response.status >= 500 || response.status === 429) {
    // May pass: the decompressor opens the source again.
    throw new Error(`Cannot read byte ${offset} of ${name}: the server answered ${response.status}`);
  }
  throw new SluiceError(
    `Cannot read byte ${offset} of ${name}: the server answered ${response.status}` +
      (response.status === 206 ? " with another version or range" : ", expected 206"),
    { format: "http", code: response.status === 206 ? "SOURCE_CHANGED" : "NO_RANGES", offset },
  );
}
