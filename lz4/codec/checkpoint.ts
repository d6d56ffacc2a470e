/**
 * A place in a stream from which decoding goes on, in memory or as bytes.
 *
 * @module
 */
import type { BytesSource } from "@sluice/internal";
import { SluiceError, toBytes } from "@sluice/internal";
import { decodeState, encodeState, packWindow } from "./_checkpoint_format.ts";
import { PHASE } from "./_decoder_state.ts";
import type { DecoderState } from "./_decoder_state.ts";

/** What history a checkpoint's blocks need: none, that of a linked frame, none because it stands between frames. */
export type Lz4CheckpointKind = "independent" | "linked" | "frame" | "legacy";

const KEYED_MAGIC = [0x53, 0x34, 0x43, 0x48, 1];
const TAG_SIZE = 32;

/** How a checkpoint deals with input that was taken but not decoded yet. */
export interface Lz4CheckpointOptions {
  /**
   * "rewind": the input goes on at the last block boundary, so at most one block is read again. "embed": the bytes of the
   * incomplete block are in the checkpoint, for sources that can't go back. @default {"rewind"}
   */
  readonly carry?: "rewind" | "embed" | undefined;
}

function isSealed(bytes: Uint8Array): boolean {
  return KEYED_MAGIC.every((byte, i) => bytes[i] === byte);
}

function wrongKey(state: string): SluiceError {
  return new SluiceError(`Cannot load an lz4 state: ${state}`, { format: "lz4", code: "STATE_AUTH" });
}

/**
 * A saved state of decompression. Its bytes (S4CK, see FORMATS.md) mean the same on every backend and machine.
 *
 * @example Saved in the middle
 * ```ts
 * import { compressLz4, Lz4Checkpoint, Lz4Decoder } from "@sluice/lz4";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = compressLz4(new Uint8Array(200_000).fill(7), { blockSize: 65536 });
 * using first = new Lz4Decoder();
 * const head = first.push(frame.subarray(0, 400));
 * const saved = first.checkpoint().bytes();
 *
 * const checkpoint = Lz4Checkpoint.fromBytes(saved);
 * using second = Lz4Decoder.fromCheckpoint(checkpoint);
 * const tail = second.push(frame.subarray(checkpoint.resumeFrom));
 * second.finish();
 * assertEquals(head.length + tail.length, 200_000);
 * ```
 */
export class Lz4Checkpoint {
  readonly #state: DecoderState;
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  /**
   * Wraps a state; the decoders make these.
   * @internal
   */
  constructor(state: DecoderState) {
    this.#state = state;
  }

  /**
   * Loads a checkpoint from bytes of any origin.
   *
   * @throws {CorruptDataError} With code "STATE_INVALID" if they are not a valid state, naming the field.
   * @throws {UnsupportedFeatureError} With code "STATE_VERSION" if they come from a later version.
   * @throws {SluiceError} With code "STATE_AUTH" if they are sealed, for which `fromSealed` takes the key.
   */
  static fromBytes(bytes: BytesSource): Lz4Checkpoint {
    const plain = toBytes(bytes);
    if (isSealed(plain)) throw wrongKey("it is sealed with a key");
    return new Lz4Checkpoint(decodeState(plain));
  }

  /**
   * Loads a checkpoint that was sealed with a key.
   *
   * @throws {SluiceError} With code "STATE_AUTH" if it was not sealed, or with another key.
   */
  static async fromSealed(bytes: BytesSource, key: CryptoKey): Promise<Lz4Checkpoint> {
    const sealed = new Uint8Array(toBytes(bytes));
    const head = KEYED_MAGIC.length;
    const body = sealed.slice(head + TAG_SIZE);
    const isWhole = isSealed(sealed) && sealed.length > head + TAG_SIZE;
    if (!isWhole || !await crypto.subtle.verify("HMAC", key, sealed.slice(head, head + TAG_SIZE), body)) {
      throw wrongKey("it was not sealed with this key");
    }
    return Lz4Checkpoint.fromBytes(body);
  }

  /** Absolute input offset of the boundary. */
  get compressedOffset(): number {
    return this.#state.compressedOffset;
  }

  /** Absolute output offset: bytes that were given out before. */
  get decompressedOffset(): number {
    return this.#state.decompressedOffset;
  }

  /** Where the input must go on, in bytes from the start of the stream. */
  get resumeFrom(): number {
    return this.#state.compressedOffset + this.#state.carry.length;
  }

  /** What the checkpoint stands in. */
  get kind(): Lz4CheckpointKind {
    if (this.#state.info === undefined) return "frame";
    if (this.#state.phase === PHASE.LEGACY_BLOCK) return "legacy";
    return this.#state.info.linked ? "linked" : "independent";
  }

  /** Whether the stream was complete: nothing follows. */
  get done(): boolean {
    return this.#state.phase === PHASE.DONE;
  }

  /** The state of the content's XXH32, as `Lz4Xxh32.fromState` takes it; undefined where none is kept. */
  get contentHash(): Uint32Array | undefined {
    return this.#state.hash?.slice();
  }

  /**
   * The plain state, for decoders.
   * @internal
   */
  get state(): DecoderState {
    return this.#state;
  }

  /** The state as bytes: at most 115 for independent blocks, at most 65,657 for linked ones, plus what is carried. */
  bytes(): Uint8Array<ArrayBuffer> {
    this.#bytes ??= encodeState(this.#state, packWindow(this.#state.window));
    return this.#bytes.slice();
  }

  /** The state as bytes with an HMAC-SHA-256 tag of this key in front, so that nobody else can make one. */
  async seal(key: CryptoKey): Promise<Uint8Array<ArrayBuffer>> {
    const body = this.bytes();
    const tag = new Uint8Array(await crypto.subtle.sign("HMAC", key, body));
    const sealed = new Uint8Array(KEYED_MAGIC.length + tag.length + body.length);
    sealed.set(KEYED_MAGIC);
    sealed.set(tag, KEYED_MAGIC.length);
    sealed.set(body, KEYED_MAGIC.length + tag.length);
    return sealed;
  }
}
