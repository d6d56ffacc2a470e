/**
 * The kernel of what an archiver needs beside the encoder: fragments, digests, programs and keys.
 *
 * @module
 */
import { resultError, STEP, STEP_LENGTH } from "@sluice/ffi";
import type { BackendChoice } from "@sluice/ffi";
import { ZPAQ_PROGRAM_SIZE_MAX } from "./_abi/zpaq_encode.gen.ts";
import { ZPAQ_ENCODE } from "./encode_module.ts";
import { digestSizeOf, ZPAQ_HASH } from "./hash.ts";
import type { ZpaqHashKind } from "./hash.ts";

const KEY_SIZE = 32;

/** What one call of `zpaqFragments` found. */
export interface ZpaqFragments {
  /** How many there are. */
  readonly count: number;
  /** Input bytes that they take. */
  readonly consumed: number;
  /** Whether the last of them is the end of the input. */
  readonly ended: boolean;
}

/**
 * Cuts `source` into fragments: {@linkcode ZPAQ_FRAGMENT_NUMBERS} go to `parts` and 20 bytes to `digests` for each. With
 * `last` what is after the last cut is one as well, even when it is empty.
 */
export async function zpaqFragments(
  source: Uint8Array,
  start: number,
  end: number,
  limits: { readonly sizeMin: number; readonly sizeMax: number; readonly fragment: number },
  last: boolean,
  parts: Uint32Array,
  digests: Uint8Array,
  backend: BackendChoice | undefined,
): Promise<ZpaqFragments> {
  const step = new Uint32Array(STEP_LENGTH);
  const result = await ZPAQ_ENCODE.open(backend).functions.sluice_zpaq_fragment_async(
    source,
    start,
    end,
    limits.sizeMin,
    limits.sizeMax,
    limits.fragment,
    last ? 1 : 0,
    parts,
    parts.length,
    digests,
    0,
    digests.length,
    step,
  );
  if (result < 0) throw resultError({ format: "zpaq", action: "cut fragments", result });
  return { count: step[STEP.DETAIL]!, consumed: step[STEP.CONSUMED]!, ended: step[STEP.HINT] === 1 };
}

/** Hashes of parts of `source` that follow each other; their digests follow each other as well. */
export async function zpaqHashParts(
  source: Uint8Array,
  sizes: Uint32Array,
  backend: BackendChoice | undefined,
  kind: ZpaqHashKind = ZPAQ_HASH.sha1,
): Promise<Uint8Array<ArrayBuffer>> {
  const step = new Uint32Array(STEP_LENGTH);
  const digests = new Uint8Array(digestSizeOf(kind) * sizes.length);
  const result = await ZPAQ_ENCODE.open(backend).functions.sluice_zpaq_hash_parts_async(
    kind,
    source,
    0,
    source.length,
    sizes,
    sizes.length,
    digests,
    0,
    digests.length,
    step,
  );
  if (result < 0) throw resultError({ format: "zpaq", action: "hash fragments", result });
  return digests;
}

/** The post-processor that zpaq stores for a transform: `parameter` is low bits of offsets or the least match length. */
export function zpaqStoredProgram(
  transform: number,
  parameter: number,
  backend: BackendChoice | undefined,
): Uint8Array<ArrayBuffer> {
  const step = new Uint32Array(STEP_LENGTH);
  const target = new Uint8Array(ZPAQ_PROGRAM_SIZE_MAX);
  const result = ZPAQ_ENCODE.open(backend).functions.sluice_zpaq_stored_program(
    transform,
    parameter,
    target,
    0,
    target.length,
    step,
  );
  if (result < 0) throw resultError({ format: "zpaq", action: "find the post-processor", result });
  return target.slice(0, step[STEP.PRODUCED]!);
}

/** The key of an encrypted archive from a password and the archive's salt. */
export async function zpaqDeriveKey(
  password: Uint8Array,
  salt: Uint8Array,
  backend: BackendChoice | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const step = new Uint32Array(STEP_LENGTH);
  const key = new Uint8Array(KEY_SIZE);
  const result = await ZPAQ_ENCODE.open(backend).functions.sluice_zpaq_derive_key_async(
    password,
    0,
    password.length,
    salt,
    0,
    salt.length,
    key,
    0,
    KEY_SIZE,
    step,
  );
  if (result < 0) throw resultError({ format: "zpaq", action: "derive the key", result });
  return key;
}

/** The hash of bytes, at once. */
export function zpaqHash(
  source: Uint8Array,
  backend: BackendChoice | undefined,
  kind: ZpaqHashKind = ZPAQ_HASH.sha1,
): Uint8Array<ArrayBuffer> {
  const step = new Uint32Array(STEP_LENGTH);
  const digest = new Uint8Array(digestSizeOf(kind));
  const result = ZPAQ_ENCODE.open(backend).functions.sluice_zpaq_hash_parts(
    kind,
    source,
    0,
    source.length,
    Uint32Array.of(source.length),
    1,
    digest,
    0,
    digest.length,
    step,
  );
  if (result < 0) throw resultError({ format: "zpaq", action: "hash bytes", result });
  return digest;
}
