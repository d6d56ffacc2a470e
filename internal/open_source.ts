/**
 * Opening whatever can be read at random.
 *
 * @module
 */
import { byteSourceFromBlob, byteSourceFromBytes } from "./byte_source.ts";
import type { ByteSource } from "./byte_source.ts";
import { describe } from "./bytes.ts";
import type { BytesSource } from "./bytes.ts";
import { byteSourceFromPath } from "./file_source.ts";
import { sourceChanged } from "./_http_object.ts";
import { byteSourceFromUrl, checkHttpOptions } from "./http_source.ts";
import type { HttpSourceOptions } from "./http_source.ts";

/** What can be opened: bytes, a Blob, a URL, the path of a file, or a source that is open. A string with http(s): is a URL. */
export type ByteSourceLike = BytesSource | Blob | URL | string | ByteSource;

/**
 * A source over whatever is given. Options matter for URLs alone, except `ifMatch`, which is compared with the validator
 * of any source.
 *
 * @throws {TypeError} If it is none of them.
 * @throws {NotFoundError} If there is no such file.
 * @throws {TransferError} If the server does not answer ranges, or with code "SOURCE_CHANGED" if `ifMatch` names another
 *   version.
 *
 * @example Bytes
 * ```ts
 * import { openByteSource } from "@sluice/internal";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const source = await openByteSource(new Uint8Array([1, 2, 3]));
 * assertEquals(await source.read(1, 2), new Uint8Array([2, 3]));
 * await assertRejects(() => openByteSource({} as never), TypeError, "expected bytes, a Blob, a URL, a path");
 * ```
 */
export async function openByteSource(
  source: ByteSourceLike,
  options: HttpSourceOptions = {},
): Promise<ByteSource> {
  checkHttpOptions(options);
  const isHttp = source instanceof URL
    ? source.protocol !== "file:"
    : typeof source === "string" && /^https?:\/\//i.test(source);
  if (isHttp) return await byteSourceFromUrl(source as string | URL, options);
  const opened = await openHere(source);
  const { ifMatch } = options;
  if (ifMatch !== undefined && opened.validator !== ifMatch) {
    const label = typeof source === "string" || source instanceof URL ? `${source}` : "the source";
    throw sourceChanged(label, ifMatch, opened.validator ?? "without a validator");
  }
  return opened;
}

/** Opens what needs no server. */
async function openHere(source: ByteSourceLike): Promise<ByteSource> {
  if (typeof source === "string" || source instanceof URL) return await byteSourceFromPath(source);
  if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return byteSourceFromBytes(source);
  if (source instanceof Blob) return byteSourceFromBlob(source);
  return checkByteSource(source);
}

/**
 * Checks that a value is a source.
 *
 * @throws {TypeError} If it is something else.
 *
 * @example A value without a size
 * ```ts
 * import { byteSourceFromBytes, checkByteSource } from "@sluice/internal";
 * import { assertThrows } from "@std/assert";
 *
 * checkByteSource(byteSourceFromBytes(new Uint8Array(1)));
 * assertThrows(() => checkByteSource({ read() {} }), TypeError, "expected");
 * ```
 */
export function checkByteSource(value: unknown): ByteSource {
  const { size, read } = (value ?? {}) as Partial<ByteSource>;
  if (typeof size === "number" && typeof read === "function") return value as ByteSource;
  throw new TypeError(
    `Cannot open the source: it is ${describe(value)}, expected bytes, a Blob, a URL, a path or a ByteSource`,
  );
}
