/**
 * Bodies of objects that are given to a store: brought to bytes, or to a stream of a known size.
 */
import { checkArgument, concatBytes, CorruptDataError, describe, readChunks } from "@sluice/internal";
import { referencesOf } from "./_object_syntax.ts";
import type { GitHashAlgorithm } from "./_object_id.ts";
import { encodeText } from "./_text.ts";
import type { GitBodyInput, GitEncodedInput, GitObjectInput } from "./object.ts";

/** Whether an input is encoded already. */
export function isEncoded(input: GitObjectInput | GitEncodedInput): input is GitEncodedInput {
  checkArgument(typeof input === "object" && input !== null, "write an object", input, "an object to write");
  return "encoded" in input;
}

/** All bytes of an object's body, which has the size that is announced, and a form that git can read. */
export async function bytesOfInput(input: GitObjectInput, algorithm: GitHashAlgorithm): Promise<Uint8Array> {
  const { type, body, size, strict } = input;
  const bytes = await bytesOfBody(body);
  if (size !== undefined && size !== bytes.length) throw wrongSize(size, bytes.length);
  if (strict !== false) referencesOf(type, bytes, algorithm);
  return bytes;
}

/** The error for a body of another size than was announced. */
export function wrongSize(wanted: number, actual: number): CorruptDataError {
  return new CorruptDataError(`Cannot store an object: its body has ${actual} bytes, expected ${wanted}`, {
    format: "git",
    code: "SIZE_MISMATCH",
  });
}

async function bytesOfBody(body: GitBodyInput): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  if (typeof body === "string") return encodeText(body, "store a body");
  if (body instanceof Blob) return new Uint8Array(await body.arrayBuffer());
  if (body instanceof ReadableStream) return await bytesOfStream(body);
  throw new TypeError(
    `Cannot store a body: it is ${describe(body)}, expected bytes, a string, a Blob or a stream`,
  );
}

/** All bytes of a stream. */
export async function bytesOfStream(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of readChunks(stream)) chunks.push(chunk as Uint8Array<ArrayBuffer>);
  return chunks.length === 0 ? new Uint8Array() : concatBytes(chunks);
}

/** A body in chunks, where its size is known ahead; undefined where the bytes have to be collected first. */
export function chunksOfBody(
  input: GitObjectInput,
): { readonly size: number; readonly chunks: AsyncIterable<Uint8Array> } | undefined {
  const { body } = input;
  // Trees and commits are read before they are stored.
  if (input.type !== "blob" && input.strict !== false) return undefined;
  if (body instanceof Blob) return { size: body.size, chunks: body.stream() };
  if (body instanceof ReadableStream && input.size !== undefined) return { size: input.size, chunks: body };
  return undefined;
}
