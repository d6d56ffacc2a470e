/**
 * Request bodies that came encoded.
 */
import { checkLimit, DictionaryMismatchError, LimitExceededError, SluiceError } from "@sluice/internal";
import type { DczDictionary } from "./dcz_dictionary.ts";
import type { WithZstdOptions } from "./with_zstd_options.ts";

/** What a fault in a body is to HTTP. */
const STATUS = { TOO_LARGE: 413, UNSUPPORTED: 415, BAD: 400 } as const;

/** A pair of streams that decodes. */
export interface DecodingStream {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<BufferSource>;
}

/** Makes decoders for the encodings that are taken. */
export interface BodyDecoders {
  zstd(): DecodingStream;
  dcz(): DecodingStream;
}

/** The streams that decode. */
export interface DecodingStreams {
  readonly Zstd: new (options: { readonly maxOutputSize: number }) => DecodingStream;
  readonly Dcz: new (
    options: { readonly maxOutputSize: number; readonly dictionaries: ReturnType<typeof lookupIn> },
  ) => DecodingStream;
}

const MAX_REQUEST_SIZE_DEFAULT = 64 << 20;

/**
 * Makes decoders within the limit of the options, with the dictionaries that they name.
 *
 * @throws {TypeError} If the limit is no number.
 * @throws {RangeError} If it is out of range.
 */
export function bodyDecoders(
  { dictionaries = [], maxRequestSize = MAX_REQUEST_SIZE_DEFAULT }: WithZstdOptions,
  { Zstd, Dcz }: DecodingStreams,
): BodyDecoders {
  const maxOutputSize = checkLimit("maxRequestSize", maxRequestSize);
  const find = lookupIn(dictionaries);
  return {
    zstd: () => new Zstd({ maxOutputSize }),
    dcz: () => new Dcz({ dictionaries: find, maxOutputSize }),
  };
}

/** A request with its body decoded, and the fault of that body once there is one. */
export interface DecodedRequest {
  readonly request: Request;
  readonly fault: () => unknown;
}

/** The encodings of a header, the outermost last. */
export function encodingsOf(header: string): string[] {
  return header.split(",").map((name) => name.trim().toLowerCase()).filter((name) => name !== "");
}

/** Takes the outermost encoding off a request's body where it is a known one; others stay for the handler. */
export function decodeRequest(request: Request, decoders: BodyDecoders): DecodedRequest {
  const encodings = encodingsOf(request.headers.get("content-encoding") ?? "");
  const encoding = encodings.pop();
  if (request.body === null || encoding !== "zstd" && encoding !== "dcz") {
    return { request, fault: () => undefined };
  }
  let fault: unknown;
  const make = (): DecodingStream => encoding === "zstd" ? decoders.zstd() : decoders.dcz();
  const body = decodeLater(request.body, make, (error) => fault = error);
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  if (encodings.length === 0) headers.delete("content-encoding");
  else headers.set("content-encoding", encodings.join(", "));
  const { method, redirect } = request;
  const init: RequestInit & { duplex: "half" } = { method, redirect, headers, body, duplex: "half" };
  const decoded = new Request(request.url, init);
  // A copy of the request would ask for its signal, and Deno.serve has a word to say to those who do.
  Object.defineProperty(decoded, "signal", { get: () => request.signal });
  return { request: decoded, fault: () => fault };
}

/** Decodes a body from its first read on, so that one that nobody reads takes no context; a failure is told. */
function decodeLater(
  source: ReadableStream<Uint8Array<ArrayBuffer>>,
  make: () => DecodingStream,
  onFault: (error: unknown) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  return new ReadableStream({
    type: "bytes",
    async pull(controller): Promise<void> {
      try {
        reader ??= source.pipeThrough(make()).getReader();
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        controller.close();
        controller.byobRequest?.respond(0);
      } catch (error) {
        onFault(error);
        throw error;
      }
    },
    cancel: (reason) => reader === undefined ? source.cancel(reason) : reader.cancel(reason),
  });
}

/** The response to a request whose body could not be decoded; undefined where the body is not to blame. */
export function refuseBody(fault: unknown): Response | undefined {
  if (!(fault instanceof SluiceError)) return undefined;
  const headers = { "content-type": "text/plain; charset=utf-8", "accept-encoding": "zstd, dcz" };
  const status = fault instanceof LimitExceededError
    ? STATUS.TOO_LARGE
    : fault instanceof DictionaryMismatchError
    ? STATUS.UNSUPPORTED
    : STATUS.BAD;
  return new Response(`The request body could not be decoded: ${fault.code}\n`, { status, headers });
}

/** A look-up in a list of dictionaries, or a look-up that is one already. */
export function lookupIn(
  dictionaries: readonly DczDictionary[] | ((sha256: Uint8Array) => DczDictionary | undefined),
): (sha256: Uint8Array) => DczDictionary | undefined {
  if (typeof dictionaries === "function") return dictionaries;
  return (sha256) => dictionaries.find((dictionary) => dictionary.matches(sha256));
}
