/**
 * Decompressing a file or URL into a file, so that a killed run goes on where it was.
 *
 * @module
 */
import {
  checkArgument,
  checkBoolean,
  checkInteger,
  checkKeys,
  checkSignal,
  describe,
  openByteSource,
  SluiceError,
  withoutUrlSecrets,
} from "@sluice/internal";
import type {
  ByteSource,
  ByteSourceLike,
  BytesSource,
  HttpSourceOptions,
  SluiceProgress,
} from "@sluice/internal";
import { Lz4Checkpoint } from "../codec/checkpoint.ts";
import { Lz4CheckpointableDecompressor } from "../codec/checkpointable_decompressor.ts";
import type { Lz4FrameHeader } from "../frame/frame_header.ts";
import { openLz4AesCtrSource } from "../index/aes_ctr_source.ts";
import type { Lz4AesCtr } from "../index/aes_ctr_source.ts";
import { openLz4AesGcmSource } from "../index/aes_gcm_source.ts";
import type { Lz4AesGcm } from "../index/aes_gcm_source.ts";
import { lockPaths } from "./_lock.ts";
import { readAhead } from "./_read_ahead.ts";
import { RunningHash } from "./_running_hash.ts";
import { compareOutput, compareSources, identify, newState, readState, writeState } from "./_state.ts";
import type { FrameCounts, SavedState, SourceIdentity } from "./_state.ts";

/** How a download runs. */
export interface Lz4DownloadOptions {
  /** The file that keeps the place between two runs. @default {the output's path and ".s4ck"} */
  readonly state?: string | undefined;
  /** How many bytes of content pass between two saved places, at least. @default {16777216} */
  readonly every?: number | undefined;
  /** How the source is encrypted, where that is AES in counter mode. @default {it is not} */
  readonly aesCtr?: Lz4AesCtr | undefined;
  /** The key of the source, where `encryptLz4AesGcmIterable` encrypted it. @default {it is not encrypted} */
  readonly aesGcm?: Lz4AesGcm | undefined;
  /** The dictionary that the source was made with. */
  readonly dictionary?: BytesSource | undefined;
  /** Replace an output that exists. @default {false} */
  readonly overwrite?: boolean | undefined;
  /** How a URL is read; ten tries in a row without a byte unless `retries` says otherwise. */
  readonly http?: Omit<HttpSourceOptions, "signal"> | undefined;
  /** Called after each piece of content: bytes read from the source, bytes written, bytes of the source in all. */
  readonly onProgress?: ((progress: SluiceProgress) => void) | undefined;
  /** Gives the download up; its place is kept. */
  readonly signal?: AbortSignal | undefined;
}

/** What a download came to. */
export interface Lz4DownloadResult {
  /** Bytes of content. */
  readonly size: number;
  /** Bytes of content that an earlier run had written; 0 where there was none. */
  readonly resumedFrom: number;
  /**
   * What was compared with the content: the content checksum or the block checksums of all frames, the checksums of "some"
   * frames, or "nothing", because the frames have none.
   */
  readonly verified: "content" | "blocks" | "some" | "nothing";
}

const KEYS: ReadonlySet<string> = new Set<keyof Lz4DownloadOptions>([
  "state",
  "every",
  "aesCtr",
  "aesGcm",
  "dictionary",
  "overwrite",
  "http",
  "onProgress",
  "signal",
]);
const EVERY_DEFAULT = 16 << 20;
const RETRIES_DEFAULT = 10;

/**
 * Decompresses a URL, file or other source into a file. The content grows in a file beside the output, `path` and
 * ".s4part", and takes its name when it is complete and its checksums are verified. Connections that break or stall are
 * made again. A run that is killed leaves its place in the state file, and the next call goes on from it: it refuses a
 * state of another source (by name, size, ETag or date, and first bytes) and content that has changed since.
 *
 * While it runs, empty files beside the output and a state of another name, their paths and ".s4lock", keep other
 * downloads away from them; the lock of a process that was killed does not.
 *
 * The state of a linked frame holds up to 64 KiB of content, also where the source is encrypted.
 *
 * @throws {CorruptDataError} If the source is damaged, or "STATE_INVALID" if the state file holds something else.
 * @throws {TransferError} "SOURCE_CHANGED" if the source is another one than that of the state, and as
 *   `byteSourceFromUrl`.
 * @throws {SluiceError} "TARGET_CHANGED" if the content on disk is not what was written.
 * @throws {SluiceError} "LOCKED" if another download writes the output or the state.
 * @throws {SluiceError} "EXISTS" if the output exists and `overwrite` is false.
 *
 * @example Into a file
 * ```ts
 * import { downloadLz4 } from "@sluice/lz4/download";
 * import { compressLz4 } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * const file = compressLz4(new TextEncoder().encode("content"), { contentChecksum: true }); // or "https://…"
 * const { size, verified } = await downloadLz4(file, `${folder}/output`);
 * assertEquals([size, verified], [7, "content"]);
 * assertEquals(await Deno.readTextFile(`${folder}/output`), "content");
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function downloadLz4(
  source: ByteSourceLike,
  path: string,
  options: Lz4DownloadOptions = {},
): Promise<Lz4DownloadResult> {
  checkKeys(options, KEYS);
  checkArgument(typeof path === "string" && path !== "", "write the content", path, "the path of a file");
  const signal = checkSignal(options.signal);
  const { aesCtr, aesGcm, http = {} } = options;
  const overwrite = checkBoolean("overwrite", options.overwrite ?? false);
  for (
    const [name, value, fits, expected] of [
      ["state", options.state, typeof options.state === "string", "a path"],
      ["aesCtr", aesCtr, typeof aesCtr === "object" && aesCtr !== null, "a key or a password"],
      ["aesGcm", aesGcm, typeof aesGcm === "object" && aesGcm !== null, "a key"],
      ["http", http, typeof http === "object" && http !== null, "options"],
      ["onProgress", options.onProgress, typeof options.onProgress === "function", "a function"],
    ] as const
  ) {
    if (value !== undefined && !fits) {
      throw new TypeError(`Cannot use option "${name}": it is ${describe(value)}, expected ${expected}`);
    }
  }
  if (aesCtr !== undefined && aesGcm !== undefined) {
    throw new RangeError('Cannot decrypt the source: options "aesCtr" and "aesGcm" exclude each other');
  }
  const every = checkInteger("every", options.every ?? EVERY_DEFAULT, 1, Number.MAX_SAFE_INTEGER);
  const ownState = `${path}.s4ck`;
  const statePath = options.state ?? ownState;
  const raw = await openByteSource(source, { retries: RETRIES_DEFAULT, ...http, signal });
  const plain = aesCtr !== undefined
    ? await openLz4AesCtrSource(raw, aesCtr)
    : aesGcm !== undefined
    ? await openLz4AesGcmSource(raw, aesGcm)
    : raw;
  const partial = `${path}.s4part`;
  using _lock = await lockPaths(statePath === ownState ? [path] : [path, statePath]);
  const state = await readState(statePath);
  // Without a state the partial file is somebody else's.
  for (const file of state === undefined ? [path, partial] : [path]) {
    if (overwrite || !await exists(file)) continue;
    throw new SluiceError(`Cannot write ${file}: it exists already, and "overwrite" is not set`, {
      format: "file",
      code: "EXISTS",
    });
  }
  // A run that has written nothing binds nothing.
  const saved = state?.output.length === 0 ? undefined : state;
  const identity = await identify(await nameOf(source), raw, plain);
  let hash = new RunningHash();
  if (saved !== undefined) {
    compareSources(saved.source, identity, partial, statePath);
    hash = await compareOutput(saved.output, partial, statePath, signal);
  }
  const run = new Download({ plain, identity, saved, hash, partial, statePath, every, options });
  const size = await run.decompress();
  await Deno.rename(partial, path);
  await Deno.remove(statePath).catch(() => {}); // it may never have been written
  return { size, resumedFrom: saved?.output.length ?? 0, verified: run.verified };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}

/** What a source is called in a state; other sources than files and URLs have no name. */
async function nameOf(source: ByteSourceLike): Promise<string> {
  if (typeof source !== "string" && !(source instanceof URL)) return "";
  const text = String(source);
  if (/^https?:/i.test(text)) return withoutUrlSecrets(text);
  return await Deno.realPath(source);
}

/** A download that was checked. */
interface Plan {
  readonly plain: ByteSource;
  readonly identity: SourceIdentity;
  readonly saved: SavedState | undefined;
  readonly hash: RunningHash;
  readonly partial: string;
  readonly statePath: string;
  readonly every: number;
  readonly options: Lz4DownloadOptions;
}

/** One run, from the saved place to the end. */
class Download {
  readonly #plan: Plan;
  #frames: FrameCounts;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#frames = plan.saved?.frames ?? { all: 0, withContent: 0, withBlocks: 0 };
  }

  /** What was compared with the content: only what all frames have. */
  get verified(): Lz4DownloadResult["verified"] {
    const { all, withContent, withBlocks } = this.#frames;
    if (all > 0 && withContent === all) return "content";
    if (all > 0 && withBlocks === all) return "blocks";
    return withContent + withBlocks > 0 ? "some" : "nothing";
  }

  /** Decompresses to the end and saves places on the way; returns the size of the content. */
  async decompress(): Promise<number> {
    const { plain, saved, hash, partial, options } = this.#plan;
    const open = (offset: number, signal: AbortSignal) => readAhead(plain, offset, signal);
    // The source has its own retries.
    const { dictionary, signal } = options;
    const onFrame = (frame: Lz4FrameHeader): void => this.#count(frame);
    const how = { dictionary, signal, onFrame, retries: 0 };
    await using decompressor = saved === undefined
      ? new Lz4CheckpointableDecompressor(open, how)
      : Lz4CheckpointableDecompressor.resume(
        Lz4Checkpoint.fromBytes(Uint8Array.fromBase64(saved.checkpoint)),
        open,
        how,
      );
    const from = saved?.output.length ?? 0;
    // From now on the partial file is known as this download's, whenever the process ends.
    if (saved === undefined) await this.#save(decompressor);
    using file = await Deno.open(partial, { write: true, create: true });
    await file.truncate(from);
    await file.seek(from, Deno.SeekMode.Start);
    let last = from;
    for await (const chunk of decompressor) {
      for (let done = 0; done < chunk.length;) done += await file.write(chunk.subarray(done));
      await hash.update(chunk);
      const { compressedOffset: bytesIn, decompressedOffset: out } = decompressor.position;
      options.onProgress?.({ bytesIn, bytesOut: out, total: plain.size });
      if (out - last < this.#plan.every) continue;
      last = out;
      await file.sync();
      await this.#save(decompressor);
    }
    await file.sync();
    return decompressor.position.decompressedOffset;
  }

  async #save(decompressor: Lz4CheckpointableDecompressor): Promise<void> {
    const { statePath, identity, hash } = this.#plan;
    await writeState(
      statePath,
      newState({
        source: identity,
        output: { length: decompressor.position.decompressedOffset, hash: await hash.digest() },
        frames: this.#frames,
        checkpoint: (await decompressor.marshal()).toBase64(),
      }),
    );
  }

  #count(frame: Lz4FrameHeader): void {
    const { all, withContent, withBlocks } = this.#frames;
    this.#frames = {
      all: all + 1,
      withContent: withContent + Number(frame.contentChecksum),
      withBlocks: withBlocks + Number(frame.blockChecksums),
    };
  }
}
