/**
 * The kernel of block hashing in memory, on either backend.
 *
 * @module
 */
import { resultError, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice, Handle } from "@sluice/ffi";
import type { PdiffcopyHashFunctions } from "./_abi/pdiffcopy_hash.gen.ts";
import { PDIFFCOPY_HASH } from "./hash_module.ts";

export type { BackendChoice };

/** What is hashed with: the number of a hash in `pdiffcopy_hash.zig`, and a seed in halves. */
export interface HashNumbers {
  /** The number of the hash. */
  readonly id: number;
  /** Bytes of a digest. */
  readonly digestSize: number;
  /** The low half of the seed; XXH hashes alone have one. */
  readonly seedLow: number;
  /** The high half of the seed. */
  readonly seedHigh: number;
}

/** Bytes that one WASM call takes, so that its memory stays small. */
const WASM_BATCH = 4 << 20;

/** Writes the digests of all blocks of `bytes` to `target`, one after the other. */
export async function hashBlocksInto(
  bytes: Uint8Array,
  blockSize: number,
  hash: HashNumbers,
  threads: number,
  target: Uint8Array,
  backend: BackendChoice | undefined,
): Promise<void> {
  const { functions, kind } = PDIFFCOPY_HASH.open(backend);
  const step = new Uint32Array(STEP_LENGTH);
  const { id, seedLow, seedHigh } = hash;
  const batch = kind === "native"
    ? bytes.length
    : Math.max(1, Math.floor(WASM_BATCH / blockSize)) * blockSize;
  let at = 0;
  let produced = 0;
  while (at < bytes.length) {
    const end = Math.min(bytes.length, at + batch);
    const result = await functions.sluice_pdiffcopy_hash_blocks_async(
      bytes,
      at,
      end,
      blockSize,
      id,
      seedLow,
      seedHigh,
      threads,
      target,
      produced,
      target.length,
      step,
    );
    if (result < 0) throw resultError({ format: "pdiffcopy", action: "hash blocks", result });
    produced += step[STEP.PRODUCED]!;
    at = end;
  }
}

/** The digest of bytes at once. */
export function hashOnce(
  bytes: Uint8Array,
  hash: HashNumbers,
  backend: BackendChoice | undefined,
): Uint8Array<ArrayBuffer> {
  const hasher = new BlockHasherKernel(hash, backend);
  try {
    hasher.update(bytes);
    return hasher.finish();
  } finally {
    hasher[Symbol.dispose]();
  }
}

/** A hash over bytes that come in pieces. */
export class BlockHasherKernel implements Disposable {
  readonly #functions: PdiffcopyHashFunctions;
  readonly #handle: Handle<PdiffcopyHashFunctions>;
  readonly #digestSize: number;
  readonly #window: number;

  /** A hash of nothing so far. */
  constructor(hash: HashNumbers, backend: BackendChoice | undefined) {
    const { id, seedLow, seedHigh } = hash;
    this.#handle = PDIFFCOPY_HASH.create(backend, {
      format: "pdiffcopy",
      action: "make a hash",
      make: (functions) => functions.sluice_pdiffcopy_hash_new(id, seedLow, seedHigh),
      free: "sluice_pdiffcopy_hash_free",
    });
    this.#functions = this.#handle.library.functions;
    this.#digestSize = hash.digestSize;
    this.#window = this.#handle.library.sourceWindow;
  }

  /** Takes the next bytes in. */
  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += this.#window) {
      const end = Math.min(bytes.length, at + this.#window);
      this.#functions.sluice_pdiffcopy_hash_update(this.#handle.pointer, bytes, at, end);
    }
  }

  /** The digest; nothing may follow it. */
  finish(): Uint8Array<ArrayBuffer> {
    const digest = new Uint8Array(this.#digestSize);
    const step = new Uint32Array(STEP_LENGTH);
    const result = this.#functions.sluice_pdiffcopy_hash_final(
      this.#handle.pointer,
      digest,
      0,
      digest.length,
      step,
    );
    if (result < 0) throw resultError({ format: "pdiffcopy", action: "finish a hash", result });
    return digest;
  }

  /** Runs a native call that takes bytes in, or begins anew. */
  share<T>(call: (pointer: Deno.PointerValue) => Promise<T>): Promise<T> {
    return this.#handle.share((pointer) => call(pointer as Deno.PointerValue));
  }

  /** Frees the hash. */
  [Symbol.dispose](): void {
    this.#handle.close();
  }
}
